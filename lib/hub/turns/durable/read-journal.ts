/** Reads the journal of a turn's present leg from the store, page by page; tenures and their legs use it. */
import type { JournalEntry, Store } from '../../../store/store';

const pageSize = 1_000;

/** @param after the number of the last entry that is known */
export async function readJournal(
  store: Pick<Store, 'journal'>,
  turnId: string,
  after = 0,
): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (;;) {
    const page = await store.journal(turnId, entries.at(-1)?.n ?? after, pageSize);
    entries.push(...page);
    if (page.length === 0) return entries;
  }
}
