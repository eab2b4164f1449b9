/** Lets a few pieces of work of each person run at the same time; the others of that person wait in line, and nobody else does. */
import { HubError } from '../../errors';

interface Queue {
  running: number;
  waiting: (() => void)[];
}

export class Turnstile {
  private readonly lines = new Map<string, Queue>();

  /**
   * @param maxRunning of one person at the same time
   * @param maxWaiting of one person in line; one more is refused
   */
  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
  ) {}

  /** Runs `work` when it is its turn. @throws HubError `busy` if too much of this person waits already; what `work` throws */
  async run<T>(person: string, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(person) ?? { running: 0, waiting: [] };
    this.lines.set(person, line);
    if (line.running < this.maxRunning) line.running += 1;
    else await this.turnIn(line);
    try {
      return await work();
    } finally {
      this.pass(person, line);
    }
  }

  private turnIn({ waiting }: Queue): Promise<void> {
    if (waiting.length >= this.maxWaiting)
      throw new HubError('busy', {
        message: 'Too much of yours is being decided; wait until some of it is answered',
      });
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
