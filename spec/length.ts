/** How much of a long suite is run: a part of it in `npm test`, all of it where `LENGTH=long`, as in `npm run models`. Specs that take minutes import it. */
export const isLong = process.env.LENGTH === 'long';

/** `n` in the short form, 1 in the long one: what has to hold for one of so many. */
export const oneOf = (n: number): number => (isLong ? 1 : n);

/** In the short form every `n`th, the first among them; in the long one all. */
export function sample<T>(all: readonly T[], n: number): readonly T[] {
  return all.filter((_each, nth) => nth % oneOf(n) === 0);
}
