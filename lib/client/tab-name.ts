/** The tab's name: the same over reconnects and reloads, never the same in two tabs; the client takes one when it starts. */
import { type PageEvents, pageEvents, pageStorage, type TabStorage } from './page';

export interface TabName {
  readonly name: string;
  /** The client is over: another one in this tab may have the name. */
  giveBack(): void;
}

/**
 * Takes the name out of the tab's storage, or makes one. It is put back when the page goes, not before: a browser that
 * duplicates a tab copies its storage, and two tabs of one name would throw each other out. For the same reason a second
 * client of the same ticket in one page finds no name there and makes its own.
 * @param place names the ticket, with its mount
 */
export function takeTabName(
  place: string,
  storage: TabStorage | undefined = pageStorage(),
  events: PageEvents | undefined = pageEvents(),
): TabName {
  const key = `express-hitl:${place}`;
  const name = storage?.getItem(key) || randomId();
  storage?.removeItem(key);
  const keep = () => {
    try {
      storage?.setItem(key, name);
    } catch {
      // Full or forbidden: the next page takes another name.
    }
  };
  events?.addEventListener('pagehide', keep);
  return {
    name,
    giveBack() {
      events?.removeEventListener('pagehide', keep);
      keep();
    },
  };
}

/** 128 random bits as hex; not `randomUUID`, which a page without TLS does not have. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
