/** What the parts of the store contract are given to test, and the few words they share. */
import type { LoggedEnvelope } from '../../protocol/envelopes';
import type { CommitResult, Store } from '../store';

/** Declares a test with a store of its own. */
export type Test = (name: string, body: () => Promise<void>) => void;

export interface Subject {
  /** Puts tests under a title. */
  describe(name: string, body: () => void): void;
  test: Test;
  /** The open store of the running test. */
  store(): Store;
  /** Closes it and opens another over the same data. */
  reopen(): Promise<Store>;
  /** Another one that is not opened. */
  unopened(): Promise<Store>;
}

/** Declares tests that begin with this. */
export function prepared(test: Test, prepare: () => Promise<void>): Test {
  return (name, body) =>
    test(name, async () => {
      await prepare();
      await body();
    });
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
