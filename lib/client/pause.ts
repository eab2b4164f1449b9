/** The time between two tries to connect: by chance and longer each time, as long as the server asks for, longest while the page is offline; the link waits with it. */
import { BackOff } from './back-off';
import type { Clock } from './clock';

export class Pause {
  /** Browsers are wrong about this at times (a server on the same machine): it makes a pause longer, and never endless. */
  isOffline = false;
  private readonly backOff: BackOff;
  /** When the server wants to be asked again at the earliest. */
  private notBefore = 0;
  private cancel: (() => void) | undefined;

  /** @param onEnd called at the end of each pause that is not stopped */
  constructor(
    private readonly clock: Clock,
    random: () => number,
    private readonly onEnd: () => void,
  ) {
    this.backOff = new BackOff(random);
  }

  get isUnderWay(): boolean {
    return this.cancel !== undefined;
  }

  /** A pause from now on, in the place of one that is under way. */
  begin(): void {
    this.cancel?.();
    const asked = this.notBefore - this.clock.now();
    const chosen = () => (this.isOffline ? this.backOff.longest() : this.backOff.next());
    this.cancel = this.clock.later(asked > 0 ? asked : chosen(), () => {
      this.cancel = undefined;
      this.onEnd();
    });
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  /** The next pause is a short one again. */
  reset(): void {
    this.backOff.reset();
  }

  /** No pause that begins before then ends before then. */
  untilAfter(ms: number): void {
    this.notBefore = this.clock.now() + ms;
  }
}
