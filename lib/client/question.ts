/** One question at a time, over plain HTTP: what the handshake would say, which a browser does not reveal; the link asks after one that failed. */
import type { Clock } from './clock';
import type { Fetch } from './page';
import { askWhy, type Verdict } from './refusal';

/** How long an answer may take; then there is none. */
export const answerMs = 15_000;

export class Question {
  private under: AbortController | undefined;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly told: (verdict: Verdict) => void,
  ) {}

  /** Asks, unless a question is under way; `told` is called with the answer, if there was one. */
  ask(fetch: Fetch, address: string): void {
    if (this.under) return;
    const under = new AbortController();
    this.under = under;
    this.cancel = this.clock.later(answerMs, () => this.stop());
    void askWhy(fetch, address, under.signal).then((verdict) => {
      if (this.under !== under) return;
      this.stop();
      if (verdict) this.told(verdict);
    });
  }

  /** Whatever is answered later is not heard. */
  stop(): void {
    this.cancel?.();
    this.under?.abort();
    this.under = undefined;
  }
}
