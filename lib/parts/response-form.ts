/** Which part of a response has which place: the form of the kind, the comment box, and what a question or a tool has of its own; `RequestAnswer` asks here. */
import type { RequestView } from '../client';
import { unfinished } from '../react/unfinished';
import { isObject, type JsonObject } from './json';
import { type Field, responseField } from './schema-fields';
import { branchesOf, namesIn, propertiesOf, type Schema, shapeOf } from './schema-shape';
import { filledIn, initialOf } from './schema-values';

/** Characters of a comment with a denial, and where the schema names no bound. */
export const maxComment = 4_000;

/**
 * `box`: an approval takes the comment of the box beside the buttons, of at most so many characters.
 * `denial`: only a denial takes one. `text`: it is a text in the kind's own form, which a denial takes along.
 * `field`: it is something else in that form; a denial has a box of its own.
 */
export type CommentPlace = { kind: 'box'; most: number } | { kind: 'denial' | 'text' | 'field' };

export function commentPlace(schema: Schema | undefined): CommentPlace {
  if (!schema) return { kind: 'box', most: maxComment };
  const shape = shapeOf(schema, schema);
  const branches = branchesOf(shape, schema);
  const shapes = branches.length > 0 ? branches : [shape];
  const comments = shapes.map((each) => {
    const own = propertiesOf(each).comment;
    return own && { shape: shapeOf(own, schema), isRequired: namesIn(each.required).includes('comment') };
  });
  if (comments.every((comment) => comment !== undefined && isPlain(comment))) {
    const bounds = comments.map((comment) => comment?.shape.maxLength);
    return {
      kind: 'box',
      most: Math.min(...bounds.map((most) => (typeof most === 'number' ? most : maxComment))),
    };
  }
  if (comments.some((comment) => comment !== undefined)) {
    return { kind: comments.every((comment) => comment?.shape.type === 'string') ? 'text' : 'field' };
  }
  const isOpen = shapes.every(
    ({ additionalProperties: rest }) => isObject(rest) && Object.keys(rest).length === 0,
  );
  return isOpen ? { kind: 'box', most: maxComment } : { kind: 'denial' };
}

/** A text that may be left out, and of which nothing else is asked. */
function isPlain({ shape, isRequired }: { shape: Schema; isRequired: boolean }): boolean {
  const isAsked = ['enum', 'const', 'format', 'default', 'pattern'].some((word) => word in shape);
  return shape.type === 'string' && !isRequired && !isAsked && !(Number(shape.minLength) > 0);
}

/** What is not in the form of a request's kind, since it has a place of its own. */
function placedIn({ type }: Pick<RequestView, 'type'>, comment: CommentPlace): string[] {
  return [
    ...(comment.kind === 'box' || comment.kind === 'denial' ? ['comment'] : []),
    ...(type === 'question' ? ['answer'] : []),
    ...(type === 'tool_approval' ? ['tool_args', 'grant'] : []),
  ];
}

export interface ResponseForm {
  /** None if the kind asks for nothing beyond what has a place of its own. */
  readonly field: Field | undefined;
  /** What of a draft is in the form; undefined as long as nothing is in it. */
  value(draft: JsonObject): unknown;
  /** The change of a draft that puts this value into the form. */
  change(draft: JsonObject, value: unknown): JsonObject;
  /** The draft with the defaults that are shown. */
  filled(draft: JsonObject): JsonObject;
}

export function responseForm(request: Pick<RequestView, 'type' | 'response_schema'>): ResponseForm {
  const { response_schema: schema } = request;
  const comment = commentPlace(schema);
  const placed = placedIn(request, comment);
  const field = schema && without(responseField(schema), placed);
  const split = (draft: JsonObject, isPlaced: boolean) =>
    Object.fromEntries(Object.entries(draft).filter(([name]) => placed.includes(name) === isPlaced));
  const form: Omit<ResponseForm, 'filled'> = {
    field: field?.control.kind === 'group' && isBare(field.control) ? undefined : field,
    value(draft) {
      const own = split(draft, false);
      return Object.keys(own).length === 0 && field ? initialOf(field) : field ? filledIn(field, own) : own;
    },
    change(draft, value) {
      const emptied = Object.fromEntries(Object.keys(split(draft, false)).map((name) => [name, undefined]));
      if (value === undefined) return emptied;
      return {
        ...emptied,
        ...(isObject(value) ? value : unfinished(JSON.stringify(value), 'has to be an object')),
      };
    },
  };
  return {
    ...form,
    filled: (draft) => (form.field ? { ...split(draft, true), ...Object(form.value(draft)) } : draft),
  };
}

function isBare({ properties, rest }: { properties: JsonObject; rest: unknown }): boolean {
  return Object.keys(properties).length === 0 && rest === undefined;
}

function without(field: Field, names: readonly string[]): Field {
  const { control } = field;
  const omitted = (all: JsonObject) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
  if (control.kind === 'group') {
    return {
      ...field,
      control: { ...control, properties: omitted(control.properties) as typeof control.properties },
    };
  }
  if (control.kind !== 'union') return field;
  const branches = control.branches.map(({ schema, ...branch }) => ({
    ...branch,
    schema: isObject(schema.properties) ? { ...schema, properties: omitted(schema.properties) } : schema,
  }));
  return { ...field, control: { ...control, branches } };
}
