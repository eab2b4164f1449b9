/** What the log says of each likely mistake of an app: once, with the values and with what to write instead; the part that notices a mistake calls it. */
import { type HubError, isA } from '../../errors';
import type { Logger } from './logger';

/** Different mistakes that one hub says at most: some are named by what a peer has sent. */
const most = 50;

/** The likely mistake behind a refusal, as its `cause`: it is logged with the refusal. */
export class Hint {
  /** @param mistake its name, under which it is logged once; @param sentence for the person who runs the app */
  constructor(
    readonly mistake: string,
    readonly sentence: string,
  ) {}
}

const byLogger = new WeakMap<object, Hints>();

export class Hints {
  private readonly given = new Set<string>();

  private constructor(private readonly logger: Pick<Logger, 'warn'>) {}

  /** Those of a hub, which has one logger. */
  static of(logger: Pick<Logger, 'warn'>): Hints {
    const hints = byLogger.get(logger) ?? new Hints(logger);
    byLogger.set(logger, hints);
    return hints;
  }

  give(mistake: string, sentence: string): void {
    if (this.isFirst(mistake)) this.logger.warn(sentence);
  }

  /** The sentence of the hint that this refusal has, the first time. */
  take({ cause }: HubError): string | undefined {
    return isA(cause, Hint) && this.isFirst(cause.mistake) ? cause.sentence : undefined;
  }

  private isFirst(mistake: string): boolean {
    if (this.given.has(mistake) || this.given.size >= most) return false;
    this.given.add(mistake);
    return true;
  }
}
