/** What the log says of each likely mistake of an app: once, with the values and with what to write instead; the part that notices a mistake calls it. */
import type { Logger } from './logger';

/** Different mistakes that one hub says at most: some are named by what a peer has sent. */
const most = 50;

export class Hints {
  private readonly given = new Set<string>();

  constructor(private readonly logger: Pick<Logger, 'warn'>) {}

  /** @param mistake what it is, for which it is said once; @param sentence for the person who runs the app */
  give(mistake: string, sentence: string): void {
    if (this.given.has(mistake) || this.given.size >= most) return;
    this.given.add(mistake);
    this.logger.warn(sentence);
  }
}
