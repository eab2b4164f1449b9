/** Holds one child process of the bench: a server or the load; starts it, gives it commands, ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Adds nothing to what is run, so that what is measured is what is built. */
const runTypescript = join(__dirname, '../spec/store/fixtures/run-typescript.js');
/** What a command may take. */
const patienceMs = 300_000;

export class BenchProcess {
  private readonly answers = new Map<number, (line: { answer?: unknown; error?: string }) => void>();
  private commands = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
  ) {}

  /** A program of ours in Node; resolves with what it said when it was ready. */
  static node<T>(file: string, ...args: readonly string[]): Promise<[BenchProcess, T]> {
    return BenchProcess.start(process.execPath, [runTypescript, join(__dirname, file), ...args]);
  }

  static async start<T>(
    program: string,
    args: readonly string[],
    cwd = __dirname,
  ): Promise<[BenchProcess, T]> {
    const env = { PATH: process.env.PATH, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' };
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env, cwd });
    const started = new BenchProcess(child, args.join(' '));
    const ready = await new Promise<T>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${started.name} ended with ${code}`)));
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const said = JSON.parse(line);
        if ('ready' in said) resolve(said.ready);
        else started.answers.get(said.id)?.(said);
      });
    });
    return [started, ready];
  }

  /** @throws Error if it fails, goes, or takes five minutes */
  command<T>(name: string, argument?: unknown): Promise<T> {
    this.commands += 1;
    const id = this.commands;
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${this.name}, ${name}: ${why}`));
      const onExit = () => fail('the process is gone');
      const timer = setTimeout(() => fail('no answer'), patienceMs);
      this.child.once('exit', onExit);
      this.answers.set(id, ({ answer, error }) => {
        clearTimeout(timer);
        this.child.off('exit', onExit);
        this.answers.delete(id);
        if (error === undefined) resolve(answer as T);
        else fail(error);
      });
      this.child.stdin?.write(`${JSON.stringify({ id, name, argument })}\n`);
    });
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin?.end();
    await gone;
  }
}
