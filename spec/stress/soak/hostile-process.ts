/** Holds the process of the hostile peers: starts them, ends them, and says what they did; the soak has one. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { HostileSettings } from './hostile-peers';

const runTypescript = join(__dirname, '../../store/fixtures/run-typescript.js');

/** What they may take to begin, or to let go of everything. */
const patienceMs = 30_000;

export class HostileProcess {
  private readonly child: ChildProcess;

  constructor(settings: HostileSettings) {
    this.child = fork(runTypescript, [join(__dirname, 'hostile-peers.ts'), JSON.stringify(settings)], {
      execArgv: [],
      env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1' },
    });
  }

  /** All kinds at once, from now on. */
  async begin(): Promise<void> {
    await this.tell('begin');
  }

  /** Resolves when they have let go of everything, with how often each kind has done what it does. */
  end(): Promise<Record<string, number>> {
    return this.tell('end');
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private async tell(command: 'begin' | 'end'): Promise<Record<string, number>> {
    const signal = AbortSignal.timeout(patienceMs);
    const answered = Promise.race([
      once(this.child, 'message', { signal }),
      once(this.child, 'exit', { signal }).then(() =>
        Promise.reject(new Error('The hostile peers are gone')),
      ),
    ]);
    this.child.send(command);
    const [counts] = await answered;
    return counts;
  }
}
