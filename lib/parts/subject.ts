/** What a request is about, read from its payload in one place; rows, cards, notifications and the search use it. */
import type { RequestView } from '../client';
import { visibleText } from '../protocol/visible-text';
import type { IconName } from './icon';
import { isObject, type JsonObject } from './json';
import { texts } from './texts';

export interface Subject {
  readonly icon: IconName;
  /** The kind, for people: "Approval". */
  readonly kind: string;
  /** The tool's name, the question, or the kind of the app's own. */
  readonly title: string;
  /** Whether the title is a name in a program. */
  readonly isCode: boolean;
  /** What is looked at: a tool's arguments, or the payload of an own kind; none of a question. */
  readonly values: JsonObject | undefined;
}

export function subjectOf({ type, payload = {} }: Pick<RequestView, 'type' | 'payload'>): Subject {
  if (type === 'tool_approval' && typeof payload.tool_name === 'string') {
    const { tool_name: title, tool_args: args } = payload;
    return { icon: 'shield', kind: texts.approval, title, isCode: true, values: isObject(args) ? args : {} };
  }
  if (type === 'question' && typeof payload.question === 'string') {
    const { question: title } = payload;
    return { icon: 'question', kind: texts.question, title, isCode: false, values: undefined };
  }
  // A title of its own says more than the name of its kind, which then stands beside it.
  const own = ['title', 'question', 'summary'].find((name) => typeof payload[name] === 'string');
  const { [own ?? '']: title = inWords(type), ...values } = payload;
  return {
    icon: 'form',
    kind: own === undefined ? texts.form : inWords(type),
    title: String(title),
    isCode: false,
    values,
  };
}

/** The tool that would run; none of other kinds. */
export function toolOf({ type, payload }: Pick<RequestView, 'type' | 'payload'>): string | undefined {
  return type === 'tool_approval' && typeof payload?.tool_name === 'string' ? payload.tool_name : undefined;
}

/** The options of a question. */
export function optionsOf({ type, payload }: Pick<RequestView, 'type' | 'payload'>): string[] {
  const options = type === 'question' && Array.isArray(payload?.options) ? payload.options : [];
  return options.filter((option) => typeof option === 'string');
}

/** Whether a question takes an answer outside its options. */
export function takesFreeText(request: Pick<RequestView, 'type' | 'payload'>): boolean {
  return (
    request.type === 'question' && (optionsOf(request).length === 0 || request.payload?.free_text === true)
  );
}

/** A title of at most one line, with hidden signs named; for labels, notifications and the window's title. */
export function titleOf(request: Pick<RequestView, 'type' | 'payload'>): string {
  return visibleText(subjectOf(request).title.replace(/\s+/g, ' '), 80);
}

/** Everything a person may search for, in lower case; bounded, since a payload may be long. */
export function searchTextOf(request: RequestView): string {
  const { title, kind } = subjectOf(request);
  const payload = JSON.stringify(request.payload ?? {}).slice(0, 4_000);
  return [title, kind, request.ticket_id, request.user_id ?? '', payload].join('\n').toLowerCase();
}

export function inWords(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
