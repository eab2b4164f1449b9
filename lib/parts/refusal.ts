/** What the server found wrong with an answer, as long as it stands as it was refused; a request's card shows it at its fields. */
import { useState } from 'react';
import type { TicketError } from '../client';
import type { Draft, Issue } from '../react';
import { isObject, isSame } from './json';

/** The issues of the last refusal whose values have not been changed since. */
export function useRefusal({
  error,
  draft,
}: {
  error: TicketError | undefined;
  draft: Draft;
}): readonly Issue[] {
  const [refused, setRefused] = useState({ error, draft });
  if (refused.error !== error) setRefused({ error, draft });
  if (error?.code !== 'invalid_response' || !Array.isArray(error.details.issues)) return none;
  const issues: unknown[] = error.details.issues;
  return issues.filter(isIssue).filter(({ path }) => isSame(at(refused.draft, path), at(draft, path)));
}

const none: readonly Issue[] = [];

function isIssue(value: unknown): value is Issue {
  return isObject(value) && typeof value.path === 'string' && typeof value.message === 'string';
}

/** What is at a path: `tool_args.ports[0]`. */
function at(value: unknown, path: string): unknown {
  let found: unknown = value;
  for (const [step] of path.matchAll(/[^.[\]]+/g)) {
    if (Array.isArray(found)) found = found[Number(step)];
    else found = isObject(found) && Object.hasOwn(found, step) ? found[step] : undefined;
  }
  return found;
}
