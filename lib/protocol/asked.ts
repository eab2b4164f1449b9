/** What a request asks, read from its payload in one place: every field of it is in exactly one part of this, so that a page that shows all parts shows all that is digested. */
import type { GrantTerms } from './records';

type Fields = Readonly<Record<string, unknown>>;

export interface Asked {
  /** `tool`: may it run. `question`: what is the answer. `own`: a kind of the app's own, or a payload of another shape. */
  readonly form: 'tool' | 'question' | 'own';
  /** The tool's name, the question, or what an own kind names itself by; none where it names nothing. */
  readonly heading: string | undefined;
  /** A tool's arguments, or the whole payload of an own kind; none of a question. */
  readonly values: Fields | undefined;
  /** Of a question; empty where any text will do. */
  readonly options: readonly string[];
  /** Whether a question takes an answer outside its options; none where its payload does not say. */
  readonly freeText: boolean | undefined;
  /** Whether the payload lets a tool's arguments be edited; none where it does not say. */
  readonly editable: boolean | undefined;
  /** Grants that an approval may give. */
  readonly offers: readonly Offer[];
  /** Every other field of the payload, which is approved as well. */
  readonly rest: Fields;
}

/** A grant as a payload offers it; older payloads may leave out the end. */
export type Offer = Omit<GrantTerms, 'expires_in_ms'> & { readonly expires_in_ms?: number | undefined };

/** Never throws, whatever the payload: a field of another shape than its kind has is in `rest`. */
export function askedBy({ type, payload = {} }: { type: string; payload?: Fields | undefined }): Asked {
  const none = { options: [], freeText: undefined, editable: undefined, offers: [], rest: {} };
  if (type === 'tool_approval' && typeof payload.tool_name === 'string') {
    const { tool_name: heading, tool_args: args, editable, grants, ...rest } = payload;
    const takes = { args: isFields(args), editable: typeof editable === 'boolean', grants: isOffers(grants) };
    return {
      ...none,
      form: 'tool',
      heading,
      values: isFields(args) ? args : {},
      editable: typeof editable === 'boolean' ? editable : undefined,
      offers: isOffers(grants) ? grants : [],
      rest: {
        ...left('tool_args', args, takes.args),
        ...left('editable', editable, takes.editable),
        ...left('grants', grants, takes.grants),
        ...rest,
      },
    };
  }
  if (type === 'question' && typeof payload.question === 'string') {
    const { question: heading, options, free_text: freeText, ...rest } = payload;
    const areTexts = isTexts(options);
    return {
      ...none,
      form: 'question',
      heading,
      values: undefined,
      options: areTexts ? options : [],
      freeText: typeof freeText === 'boolean' ? freeText : undefined,
      rest: {
        ...left('options', options, areTexts),
        ...left('free_text', freeText, typeof freeText === 'boolean'),
        ...rest,
      },
    };
  }
  const named = ['title', 'question', 'summary'].map((name) => payload[name]);
  const heading = named.find((text) => typeof text === 'string' && text.trim() !== '');
  return { ...none, form: 'own', heading: heading as string | undefined, values: payload };
}

/** Whether a question takes an answer outside its options. */
export function takesFreeText({ form, options, freeText }: Asked): boolean {
  return form === 'question' && (options.length === 0 || freeText === true);
}

/** Whether an approval may carry more than a comment and a grant, so that two approvals can say different things. */
export function carriesContent({ form, editable }: Asked): boolean {
  return form !== 'tool' || editable === true;
}

/** The largest unit of which a time is a whole number, so that saying it in words rounds nothing. */
export function wholeSpan(ms: number): { count: number; unit: 'day' | 'hour' | 'minute' | 'second' } {
  for (const [unit, unitMs] of spans)
    if (ms >= unitMs && ms % unitMs === 0) return { count: ms / unitMs, unit };
  return { count: ms / 1_000, unit: 'second' };
}

const spans = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** A field that has no place of its own, as long as it is there. */
function left(name: string, value: unknown, hasPlace: boolean): Fields {
  return hasPlace || value === undefined ? {} : { [name]: value };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An empty list has no option to show it by. */
function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string');
}

const offerFields: ReadonlySet<string> = new Set(['scope', 'args', 'expires_in_ms', 'uses']);

function isOffers(value: unknown): value is readonly Offer[] {
  return Array.isArray(value) && value.length > 0 && value.every(isOffer);
}

/** Nothing in it but what its words say. */
function isOffer(value: unknown): boolean {
  return (
    isFields(value) &&
    Object.keys(value).every((field) => offerFields.has(field)) &&
    (value.scope === 'ticket' || value.scope === 'everywhere') &&
    (value.args === 'exact' || value.args === 'any') &&
    (value.expires_in_ms === undefined || typeof value.expires_in_ms === 'number') &&
    (value.uses === undefined || typeof value.uses === 'number')
  );
}
