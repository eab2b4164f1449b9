/** Notices a connection that is dead without a close; the link runs one while it has a socket that was welcomed. */
import type { Clock } from './clock';

/** How long a peer may take to say something when there is doubt about the network. */
export const verifyMs = 3_000;

/** Taken where the server says no heartbeat that makes sense: a broken one must not make the client spin. */
const usualMs = 30_000;
const shortestMs = 10;

export class Heartbeat {
  private lastHeard = 0;
  private everyMs = 0;
  private asks = true;
  private cancelBeat: (() => void) | undefined;
  private cancelVerify: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ping: () => void,
    private readonly dead: () => void,
  ) {}

  /**
   * @param everyMs as the server said; silent for twice as long is dead
   * @param asks whether every beat sends a ping; false where the server's own are heard, and only doubt is to ask
   */
  start(everyMs: number, asks: boolean): void {
    this.stop();
    this.asks = asks;
    this.everyMs = everyMs >= shortestMs ? everyMs : usualMs;
    this.heard();
    this.arm();
  }

  stop(): void {
    this.cancelBeat?.();
    this.cancelVerify?.();
    this.cancelBeat = undefined;
    this.cancelVerify = undefined;
  }

  /** Something came. */
  heard(): void {
    this.lastHeard = this.clock.now();
    this.cancelVerify?.();
    this.cancelVerify = undefined;
  }

  /** There is doubt: asks, and does not wait as long as usual for the answer. Does nothing when stopped. */
  verify(): void {
    if (!this.cancelBeat || this.cancelVerify) return;
    this.cancelVerify = this.clock.later(verifyMs, this.dead);
    this.ping();
  }

  private arm(): void {
    this.cancelBeat = this.clock.later(this.everyMs, () => {
      if (this.clock.now() - this.lastHeard >= 2 * this.everyMs) return this.dead();
      this.arm();
      if (this.asks) this.ping();
    });
  }
}
