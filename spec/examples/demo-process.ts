/** The demo as a process of its own, as `npm start` runs it, so that it can be killed; the specs and the screenshots use it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');

export class DemoProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** Everything written to standard output, whole lines. */
    readonly lines: readonly string[],
    /** Where it answers, on the loopback address. */
    readonly url: string,
    readonly dataDir: string,
    private readonly assets: string | undefined,
    private readonly serviceToken: string | undefined,
  ) {}

  /**
   * @param port default: any free one
   * @param assets a build of the console; without it the one that ships, where it is built
   * @param serviceToken what the service `tester` comes with; default: there is no service
   */
  static async start({
    dataDir = makeDataDir(),
    port = 0,
    assets,
    serviceToken,
  }: {
    dataDir?: string;
    port?: number;
    assets?: string | undefined;
    serviceToken?: string | undefined;
  } = {}): Promise<DemoProcess> {
    const own = {
      PORT: `${port}`,
      DATA_DIR: dataDir,
      DEMO_SERVICE_TOKEN: serviceToken ?? '',
      ...(assets && { CONSOLE_ASSETS: assets }),
    };
    const env = { ...process.env, ...own };
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/soc-triage/server.ts'], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    let unfinished = '';
    let complaints = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    return new Promise((resolve, reject) => {
      child.once('exit', (code, signal) =>
        reject(new Error(`The demo ended with ${code ?? signal}: ${complaints}`)),
      );
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        const whole = (unfinished + text).split('\n');
        unfinished = whole.pop() ?? '';
        lines.push(...whole);
        const found = /http:\/\/\S+:(\d+)/.exec(lines[0] ?? '')?.[1];
        if (!found) return;
        const url = `http://127.0.0.1:${found}`;
        resolve(new DemoProcess(child, lines, url, dataDir, assets, serviceToken));
      });
    });
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Sends a signal and resolves with how the process ended; at once if it has. */
  async end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    }
    return { code: child.exitCode, signal: child.signalCode };
  }

  /** Another process on the same data and port. */
  again(): Promise<DemoProcess> {
    const { dataDir, port, assets, serviceToken } = this;
    return DemoProcess.start({ dataDir, port, assets, serviceToken });
  }

  /** Ends it whatever it is doing, and forgets its data. */
  async discard(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

function makeDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'soc-triage-'));
}
