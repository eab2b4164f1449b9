/** What the parts of the store contract are given to test. */

import type { LoggedEnvelope } from '../../../lib/protocol/envelopes';
import type { CommitResult, Store } from '../../../lib/store/store';

export interface Subject {
  /** The open store of this test. */
  store(): Store;
  /** Closes it and opens another over the same data. */
  reopen(): Promise<Store>;
  /** Another over the same data that nobody has opened. */
  unopened(): Store;
}

/** The `seq` of each envelope. */
export function seqs(envelopes: readonly LoggedEnvelope[]): number[] {
  return envelopes.map(({ seq }) => seq);
}

/** The `seq` of each envelope that each result reports; the code of a refused one. */
export function outcomes(results: readonly CommitResult[]): (number[] | string)[] {
  return results.map((result) => (result.ok ? seqs(result.envelopes) : result.code));
}

/** From, up to and including to. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** The `id` of each. */
export function ids(list: readonly { id: string }[]): string[] {
  return list.map(({ id }) => id);
}
