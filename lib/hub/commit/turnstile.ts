/** Limits how many pieces of work of one person run at the same time: more of the same person wait in a queue, other people are not held up. */
import { HubError } from '../../errors';
import type { Clock } from './clock';

interface Queue {
  running: number;
  waiting: (() => void)[];
}

export interface TurnstileOptions {
  /** Pieces of work of one person that run at the same time. */
  maxRunning: number;
  /** Pieces of work of one person that wait in line; one more is refused. */
  maxWaiting: number;
  /** What the refusal says. */
  refusal: string;
  /**
   * How long a place stays empty after each piece of work, times what that took, at most 50 ms; default: not at all. The
   * result does not wait for it.
   */
  rest?: { times: number; clock: Clock };
}

/** What took longer has waited for something else, such as a callback of the app. */
const longestPauseMs = 50;

export class Turnstile {
  private readonly lines = new Map<string, Queue>();

  constructor(private readonly options: TurnstileOptions) {}

  /** Runs `work` when it is its turn. @throws HubError `busy` if too much of this person waits already; what `work` throws */
  async run<T>(person: string, work: () => Promise<T>): Promise<T> {
    const { maxRunning, rest } = this.options;
    const line = this.lines.get(person) ?? { running: 0, waiting: [] };
    this.lines.set(person, line);
    if (line.running < maxRunning) line.running += 1;
    else await this.turnIn(line);
    const begun = rest?.clock.now() ?? 0;
    try {
      return await work();
    } finally {
      const pauseMs = rest ? (rest.clock.now() - begun) * rest.times : 0;
      if (rest && pauseMs > 0)
        rest.clock.later(Math.min(pauseMs, longestPauseMs), () => this.pass(person, line));
      else this.pass(person, line);
    }
  }

  private turnIn({ waiting }: Queue): Promise<void> {
    if (waiting.length >= this.options.maxWaiting)
      throw new HubError('busy', { message: this.options.refusal });
    return new Promise((resolve) => waiting.push(resolve));
  }

  /** The place goes to the next in line, who counts as running in its stead. */
  private pass(person: string, line: Queue): void {
    const next = line.waiting.shift();
    if (next) next();
    else line.running -= 1;
    if (line.running === 0) this.lines.delete(person);
  }
}
