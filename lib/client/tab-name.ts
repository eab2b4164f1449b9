/** The tab's name: the same over reconnects and reloads, never the same in two tabs; the client takes one when it starts. */
import { type PageEvents, pageEvents, pageLocks, pageStorage, type TabStorage } from './page';
import { takeLock } from './page-lock';

/** How long a page that goes may take to give its name back to the one that comes. */
export const patienceMs = 300;

export interface TabName {
  readonly name: string;
  /** There while another page may turn out to have the name; after it `name` is certain. */
  readonly certain: Promise<void> | undefined;
  /** Takes another name, since a page elsewhere has this one; false where that cannot be. */
  renew(): boolean;
  /** The client is over: another one in this tab may have the name. */
  giveBack(): void;
}

/**
 * Takes the name out of the tab's storage, or makes one. It is put back when the page goes, not before: a browser that
 * duplicates a tab copies its storage, and two tabs of one name would throw each other out. For the same reason a second
 * client of the same ticket in one page finds no name there and makes its own; and where a copy has been made all the same,
 * a lock on the name says which of the two pages has to take another.
 * @param place names the ticket, with its mount
 */
export function takeTabName(
  place: string,
  storage: TabStorage | undefined = pageStorage(),
  events: PageEvents | undefined = pageEvents(),
): TabName {
  const key = `express-hitl:${place}`;
  const stored = storage?.getItem(key);
  let name = stored || randomId();
  let release: (() => void) | undefined;
  let isGone = false;
  storage?.removeItem(key);
  const claim = async () => {
    const wanted = name;
    const taken = await takeLock(`${key}/${wanted}`, AbortSignal.timeout(patienceMs));
    if (isGone || wanted !== name) taken?.();
    else if (taken) release = taken;
    else await rename();
  };
  const rename = () => {
    release?.();
    release = undefined;
    name = randomId();
    return claimable ? claim() : undefined;
  };
  const claimable = storage && pageLocks();
  let certain = claimable && claim();
  // A name made in this tab belongs to no other.
  if (!stored) certain = undefined;
  const keep = () => {
    isGone = true;
    release?.();
    release = undefined;
    try {
      storage?.setItem(key, name);
    } catch {
      // Full or forbidden: the next page takes another name.
    }
  };
  /** The page is back as it was, by the button that goes back. */
  const takeAgain = () => {
    if (!isGone) return;
    isGone = false;
    storage?.removeItem(key);
    certain = claimable && claim();
  };
  events?.addEventListener('pagehide', keep);
  events?.addEventListener('pageshow', takeAgain);
  return {
    get name() {
      return name;
    },
    get certain() {
      return certain;
    },
    renew() {
      // Without a storage to be copied no other tab can have it.
      if (storage) void rename();
      return storage !== undefined;
    },
    giveBack() {
      events?.removeEventListener('pagehide', keep);
      events?.removeEventListener('pageshow', takeAgain);
      keep();
    },
  };
}

/** 128 random bits as hex; not `randomUUID`, which a page without TLS does not have. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
