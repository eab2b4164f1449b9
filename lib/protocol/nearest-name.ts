/** The known name that was probably meant by an unknown one; every refusal of an unknown field or option calls it. */

/** The known name most like this one, or none that is near: underscores, hyphens and case aside, a third of its letters may be off. */
export function nearestName(unknown: string, known: Iterable<string>): string | undefined {
  const wanted = plain(unknown);
  let nearest: { name: string; distance: number } | undefined;
  for (const name of known) {
    const candidate = plain(name);
    const distance = editsBetween(wanted, candidate);
    const isNear = distance <= Math.max(wanted.length, candidate.length) / 3 || candidate.startsWith(wanted);
    if (isNear && (!nearest || distance < nearest.distance)) nearest = { name, distance };
  }
  return nearest?.name;
}

/** Beyond this a name is no slip of the fingers, and comparing it would cost too much. */
const longestCompared = 64;

function plain(name: string): string {
  return name.replace(/[_-]/g, '').toLowerCase().slice(0, longestCompared);
}

/** Letters to be put in, taken out, changed, or swapped with their neighbour (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  let [older, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) least = Math.min(least, (older[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [older, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
