/** What a control of a form is given, and what belongs to the row around it; the controls and `SchemaForm` share it. */
import type { ComponentType } from 'react';
import type { Issue } from '../react';
import { unfinishedOf } from '../react/unfinished';
import type { Control } from './schema-controls';
import type { Field } from './schema-fields';
import { inWords } from './subject';

export interface RowProps {
  field: Field;
  value: unknown;
  /** What stood there, where something is edited; a value that differs says so. */
  before?: { readonly value: unknown } | undefined;
  /** Whether fields are called as a program calls them; else in words. */
  isCode?: boolean | undefined;
  /** What is wrong, by path; shown at the field that is nearest. */
  issues: readonly Issue[];
  /** Is handed the value; undefined where it is absent. */
  onChange(value: unknown): void;
}

/** The attributes of the element that is typed into, which tie it to its label and its notes. */
export interface Box {
  id: string;
  'aria-describedby': string;
  'aria-invalid': true | undefined;
  'aria-required': true | undefined;
}

export interface ControlProps<Kind extends Control['kind'] = Control['kind']> extends RowProps {
  field: Field & { control: Extract<Control, { kind: Kind }> };
  box: Box;
  /** Draws a field within this one. */
  Row: ComponentType<RowProps>;
}

/** How a field is called. */
export function labelOf({ field, isCode }: Pick<RowProps, 'field' | 'isCode'>): string {
  return field.title ?? (isCode ? field.name : inWords(field.name));
}

/** A value as text, for what is shown and edited as text: that of an unfinished one as it was typed. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return unfinishedOf(value)?.text ?? (value === undefined ? '' : JSON.stringify(value));
}
