/** When the text of a message that grows is committed: often enough that a reader who missed a piece, and a process that dies, lose little; and seldom enough that a piece costs the same however long the text is. */

/** Characters that are worth a commit at the beginning. */
const fewest = 512;
/** Later, so much of what is committed already: all commits of a text together then write at most five times its length. */
const growth = 1 / 4;
/** A slow text is committed after so long, and a second more for so many characters: at most 8 kB of it a second. */
const pauseMs = 2_000;
const charactersPerSecond = 8_192;

/** Whether a text of which so much is committed has grown enough for another commit. */
export function hasGrownEnough(committed: number, length: number): boolean {
  return length - committed >= Math.max(fewest, committed * growth);
}

/** Milliseconds from the first piece that is not committed to the commit of a text of this length, if it does not grow enough before. */
export function longestPause(length: number): number {
  return pauseMs + (length / charactersPerSecond) * 1_000;
}
