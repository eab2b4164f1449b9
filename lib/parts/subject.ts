/** What a request is about, read from its payload in one place; rows, cards, notifications and the search use it. */
import type { RequestView } from '../client';
import { type Asked, askedBy, takesFreeText as mayBeFree } from '../protocol/asked';
import { visibleText } from '../protocol/visible-text';
import type { IconName } from './icon';
import { texts } from './texts';

/** All that a payload says, and how it is shown. */
export interface Subject extends Asked {
  readonly icon: IconName;
  /** The kind, for people: "Approval". */
  readonly kind: string;
  /** The tool's name, the question, or the kind of the app's own. */
  readonly title: string;
  /** Whether the title is a name in a program. */
  readonly isCode: boolean;
}

export function subjectOf(request: Pick<RequestView, 'type' | 'payload'>): Subject {
  const { type } = request;
  const asked = askedBy(request);
  const { form, heading } = asked;
  const title = heading ?? inWords(type);
  if (form === 'tool') return { ...asked, icon: 'shield', kind: texts.approval, title, isCode: true };
  if (form === 'question') return { ...asked, icon: 'question', kind: texts.question, title, isCode: false };
  // A title of its own says more than the name of its kind, which then stands beside it.
  const kind = heading === undefined ? texts.form : inWords(type);
  return { ...asked, icon: 'form', kind, title, isCode: false };
}

/** The tool that would run; none of other kinds. */
export function toolOf(request: Pick<RequestView, 'type' | 'payload'>): string | undefined {
  const { form, heading } = askedBy(request);
  return form === 'tool' ? heading : undefined;
}

/** The options of a question. */
export function optionsOf(request: Pick<RequestView, 'type' | 'payload'>): readonly string[] {
  return askedBy(request).options;
}

/** Whether a question takes an answer outside its options. */
export function takesFreeText(request: Pick<RequestView, 'type' | 'payload'>): boolean {
  return mayBeFree(askedBy(request));
}

/** A title of at most one line, with hidden signs named; for labels, notifications and the window's title. */
export function titleOf(request: Pick<RequestView, 'type' | 'payload'>): string {
  return visibleText(subjectOf(request).title.replace(/\s+/g, ' '), 80);
}

/** Everything a person may search for, in lower case; bounded, since a payload may be long. */
export function searchTextOf(request: RequestView): string {
  const { title, kind } = subjectOf(request);
  const payload = JSON.stringify([request.payload, request.display]).slice(0, 4_000);
  return [title, kind, request.ticket_id, request.user_id ?? '', payload].join('\n').toLowerCase();
}

export function inWords(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
