/** What parts of a picture can be marked as: by a comparison, or by test coverage; the drawing and both of these share it. */

/** What became of a state or transition since, or what a test has seen of it. */
export type Mark = 'added' | 'removed' | 'changed' | 'covered' | 'partly' | 'uncovered';

/** Marks by the id of a state or transition; what has none is as it was. */
export type Marks = ReadonlyMap<string, Mark>;

/** Stands before what is marked, since not everyone sees colours; what is covered is what has none. */
export const signs: Readonly<Record<Mark, string>> = {
  added: '+ ',
  removed: '− ',
  changed: '~ ',
  covered: '',
  partly: '~ ',
  uncovered: '✗ ',
};

/** What stands above a picture: a line of text, and what the marks in it mean. */
export interface Legend {
  readonly text: string;
  readonly marks: readonly { readonly mark: Mark; readonly meaning: string }[];
}
