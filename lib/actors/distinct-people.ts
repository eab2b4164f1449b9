/** Whether rounds that name people can all be answered when no person counts twice; the check of an answer policy calls it. */

/** A round whose people are named one by one. */
export interface NamedRound {
  users: ReadonlySet<string>;
  /** How many of them must approve. */
  approvals: number;
}

/** The first round that is left without enough people, however people are assigned to rounds; nothing if all can be answered. */
export function firstUnmet(rounds: readonly NamedRound[]): number | undefined {
  /** In which round each person answers. */
  const placed = new Map<string, number>();
  for (const [index, { approvals }] of rounds.entries()) {
    for (let found = 0; found < approvals; found += 1)
      if (!place(rounds, index, placed, new Set())) return index;
  }
  return undefined;
}

/** Finds one more person for a round, moving others to rounds where they may answer too (augmenting paths, as in Kuhn's matching). */
function place(
  rounds: readonly NamedRound[],
  index: number,
  placed: Map<string, number>,
  tried: Set<string>,
): boolean {
  for (const user of rounds[index]?.users ?? []) {
    if (placed.get(user) === index || tried.has(user)) continue;
    tried.add(user);
    const elsewhere = placed.get(user);
    if (elsewhere === undefined || place(rounds, elsewhere, placed, tried)) {
      placed.set(user, index);
      return true;
    }
  }
  return false;
}
