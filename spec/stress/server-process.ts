/** Holds one child process with a server: starts it, asks it, and ends it, gently or not; scenarios get theirs from the stage. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AccessChange, ServerSettings } from './server';
import type { Command, Effort, Stats } from './server-report';

/** Unlike tsx it adds nothing to what is run, so that what is measured is what is built; and it is up sooner. */
const runTypescript = join(__dirname, '../store/fixtures/run-typescript.js');
/** What a child may take to be ready or to answer. */
const patienceMs = 120_000;

/** What ours says beside memory and handles. */
export interface HubStats extends Stats {
  /** Timers that the hub has set and that have not come. */
  timers: number;
  inHub: { clients: number; tickets: number };
  /** Requests that reached the app, and how many of their responses have closed. */
  requests: { begun: number; closed: number };
}

/** Objects of some classes that are in memory. */
export type Alive = Record<'actors' | 'clients' | 'connections' | 'sockets', number>;

export class ServerProcess {
  /** What it has written to stderr: logged errors, and whatever ended it. */
  errors = '';
  private readonly answers = new Map<number, (answer: unknown) => void>();
  private commands = 0;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    child.on('message', ({ id, answer }: { id: number; answer: unknown }) => {
      this.answers.get(id)?.(answer);
      this.answers.delete(id);
    });
  }

  /** A hub on a database file. @throws Error with what it wrote, if it does not come up */
  static start(settings: ServerSettings): Promise<ServerProcess> {
    const { oldSpaceMiB } = settings;
    return ServerProcess.fork(
      'server.ts',
      settings,
      oldSpaceMiB ? [`--max-old-space-size=${oldSpaceMiB}`] : [],
    );
  }

  /** Nothing but `ws`. */
  static startBare(): Promise<ServerProcess> {
    return ServerProcess.fork('bare-server.ts', {});
  }

  private static async fork(file: string, settings: object, execArgv: string[] = []): Promise<ServerProcess> {
    const child = fork(runTypescript, [join(__dirname, file), JSON.stringify(settings)], {
      execArgv,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // What the test runner sets for itself is not the server's.
      env: { PATH: process.env.PATH, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' },
    });
    const early: string[] = [];
    const note = (text: Buffer) => early.push(text.toString());
    child.stderr?.on('data', note);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${file} did not come up: ${early.join('')}`);
    });
    const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }];
    child.stderr?.off('data', note);
    return new ServerProcess(child, port);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it has, after a garbage collection. */
  stats(): Promise<HubStats> {
    return this.command('stats') as Promise<HubStats>;
  }

  /** What it has when it has no more than so many timers, or after 20 seconds; for ten a client that left may reconnect. */
  rested(timers: number): Promise<HubStats> {
    return this.statsOnce((now) => now.timers <= timers);
  }

  /** What it has when this is true of it, or after 20 seconds. */
  async statsOnce(isTrue: (now: HubStats) => boolean): Promise<HubStats> {
    for (let tries = 1; ; tries += 1) {
      const now = await this.stats();
      if (isTrue(now) || tries === 80) return now;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Asked after `stats`, so that garbage is not counted. */
  alive(): Promise<Alive> {
    return this.command('alive') as Promise<Alive>;
  }

  /** Resolves when no turn runs or waits and all that was decided is stored and delivered. */
  async idle(): Promise<void> {
    await this.command('idle');
  }

  /** Resolves when the app decides so, and every client concerned has been disconnected. */
  async setAccess(change: AccessChange): Promise<void> {
    await this.command('setAccess', change);
  }

  async peakDuring(work: () => Promise<void>): Promise<Effort> {
    await this.command('peakBegin');
    await work();
    return (await this.command('peakEnd')) as Effort;
  }

  /** One command, and what it answers. @throws Error if it goes instead, or is silent for two minutes */
  command(name: string, argument?: unknown): Promise<unknown> {
    this.commands += 1;
    const command: Command = { id: this.commands, name, argument };
    return new Promise((resolve, reject) => {
      const finish = (end: () => void) => {
        clearTimeout(timer);
        this.child.off('exit', onExit);
        end();
      };
      const onExit = () => finish(() => reject(new Error(`The server went at ${name}: ${this.errors}`)));
      const timer = setTimeout(
        () => finish(() => reject(new Error(`The server did not answer ${name}`))),
        patienceMs,
      );
      this.child.once('exit', onExit);
      this.answers.set(command.id, (answer) => finish(() => resolve(answer)));
      this.child.send(command);
    });
  }

  /** `kill -9`; resolves when it is gone. Repeatable. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Ends it gently, over so many milliseconds at most; resolves when it is gone. */
  async drain(overMs: number): Promise<void> {
    const gone = once(this.child, 'exit');
    await this.command('drain', overMs);
    this.child.disconnect();
    await gone;
  }
}
