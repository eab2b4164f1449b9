/** What stands in a draft in place of a value that is not complete yet; the controls of a form write it, and `checkResponse` refuses it with its place. */

const mark = 'hitl:unfinished';

/** Plain JSON, so that a draft which is stored and read again still has it. */
export type Unfinished = { readonly [mark]: { readonly text: string; readonly message: string } };

/** @param text as it was typed @param message what is wrong with it, for people: `is no number` */
export function unfinished(text: string, message: string): Unfinished {
  return { [mark]: { text, message } };
}

/** The text and the message, if the value is one of these. */
export function unfinishedOf(value: unknown): Unfinished[typeof mark] | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, mark)) return undefined;
  return (value as Unfinished)[mark];
}
