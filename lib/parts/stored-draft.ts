/** What the person has filled in for a request: stored in this tab, filled in again when the page is loaded again, and what of it was not sent in the end; a request's card uses it. */
import { useEffect, useRef } from 'react';
import type { RequestView } from '../client';
import type { Draft, Request, Unsent } from '../react';
import { useDraft, useDrafts } from './drafts';
import { isObject, isSame, type JsonObject } from './json';

type Desk = Pick<Request, 'draft' | 'unsent' | 'edit' | 'discard'> & { request: RequestView };

/** What was written and then set aside, as a text when an option was chosen instead; by the field of the response. */
export interface Aside {
  answer?: string | undefined;
  tool_args?: Record<string, unknown> | undefined;
  /** The revision that the arguments were edited for. */
  revision?: number | undefined;
}

/** What a request's card says of what was not sent, and what its buttons do. */
export interface Left {
  readonly values: readonly JsonObject[];
  /** Fills it in again; only while the request is pending. */
  reuse(): void;
  discard(): void;
}

export function useAside(requestId: string): [Aside, (aside: Aside | undefined) => void] {
  const [found, put] = useDraft(`aside ${requestId}`);
  return [isObject(found) ? found : {}, put];
}

/** Calls for one card of the request at a time; what two of them store is the same. */
export function useStoredDraft({ request, draft, unsent, edit, discard }: Desk): Left {
  const { id, revision, status } = request;
  const drafts = useDrafts();
  const [value, store] = useDraft(`request ${id}`);
  const [aside, setAside] = useAside(id);
  const isPending = status === 'pending';
  const stored = writtenOf(value);
  const isBlank = Object.keys(draft).length === 0 && unsent === undefined;

  // biome-ignore lint/correctness/useExhaustiveDependencies: filled in again once, when it has been read
  useEffect(() => {
    if (!stored || !drafts.isOpen || !isPending || !drafts.take(id) || !isBlank) return;
    for (const each of stored) edit(each.response, each.revision);
  }, [value, isPending]);

  const wasFilled = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: stored when it changes
  useEffect(() => {
    if (!isBlank) {
      drafts.take(id);
      wasFilled.current = true;
      const own = Object.keys(draft).length > 0 ? [{ response: draft, revision }] : [];
      store([...(unsent ? [unsent] : []), ...own]);
    } else if (wasFilled.current) {
      wasFilled.current = false;
      store(undefined);
    }
  }, [draft, unsent, revision]);

  // An offer of a grant is chosen by its place, which means nothing in another revision.
  const { grant: _chosen, ...written } = unsent?.response ?? {};
  const older = {
    ...(aside.tool_args && aside.revision !== revision && { tool_args: aside.tool_args }),
    ...written,
  };
  const all: Draft = Object.assign({}, ...(stored ?? []).map(({ response }) => response), older, draft);
  const asideNow = { answer: aside.answer, tool_args: aside.tool_args };
  const values = isPending ? [older] : [notSent(all, request), notSent(asideNow, request)];
  return {
    values: values.filter((each) => Object.keys(each).length > 0),
    reuse() {
      edit(older);
      forget();
    },
    discard: forget,
  };

  function forget() {
    discard();
    if (!isPending) store(undefined);
    if (!isPending || aside.revision !== revision) setAside(isPending ? { answer: aside.answer } : undefined);
  }
}

/** Without what was sent after all, and what is no different from what was asked. */
function notSent(written: JsonObject, { payload, response, verdicts = [] }: RequestView): JsonObject {
  const sent: readonly (JsonObject | undefined)[] = [
    response,
    { tool_args: payload?.tool_args },
    ...verdicts.map(({ comment, response: own }) => ({ comment, ...own })),
  ];
  return Object.fromEntries(
    Object.entries(written).filter(
      ([name, value]) =>
        name !== 'grant' && value !== undefined && !sent.some((each) => each && isSame(each[name], value)),
    ),
  );
}

/** Whatever is stored that is not of the right shape counts as nothing. */
function writtenOf(value: unknown): readonly Unsent[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter(
    (each) =>
      isObject(each) &&
      isObject(each.response) &&
      (each.revision === undefined || Number.isInteger(each.revision)),
  );
}
