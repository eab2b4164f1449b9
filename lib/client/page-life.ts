/** What happens to the page that concerns a connection: it is seen again, put away and taken out, its network goes and comes; the link listens to it. */
import { isPageHidden, type PageEvents } from './page';

export interface PageListeners {
  /** There is reason to look whether the connection still stands: a machine may have slept. */
  onSeen(): void;
  onOnline(): void;
  onOffline(): void;
  /** The page goes; perhaps it is stored for the button that goes back, but not with connections open. */
  onGone(): void;
  /** It is back as it was. */
  onBack(): void;
}

export class PageLife {
  private isGone = false;
  private readonly listeners: ReadonlyMap<string, () => void>;

  constructor(
    private readonly events: PageEvents | undefined,
    told: PageListeners,
  ) {
    const seen = () => {
      if (!this.isGone && !isPageHidden()) told.onSeen();
    };
    this.listeners = new Map([
      ['online', () => told.onOnline()],
      ['offline', () => told.onOffline()],
      ['visibilitychange', seen],
      ['resume', seen],
      [
        'pagehide',
        () => {
          this.isGone = true;
          told.onGone();
        },
      ],
      [
        'pageshow',
        () => {
          const isBack = this.isGone;
          this.isGone = false;
          if (isBack) told.onBack();
          else seen();
        },
      ],
    ]);
  }

  /** The page is put away: nothing may be under way. */
  get isAway(): boolean {
    return this.isGone;
  }

  start(): void {
    for (const [type, listener] of this.listeners) this.events?.addEventListener(type, listener);
  }

  stop(): void {
    for (const [type, listener] of this.listeners) this.events?.removeEventListener(type, listener);
  }
}
