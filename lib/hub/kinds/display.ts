/** What people are shown beside a payload: checked and copied on every way in, before a request's actor gets it; `ask` and `Asking` call it. */
import { HubError, isPromise } from '../../errors';
import { describeIssue } from '../../protocol/codec';
import { displaySchema } from '../../protocol/display-view';
import type { Display } from '../../protocol/records';
import { namingFields } from '../../protocol/unknown-field';
import { deepFreeze } from './kinds';

/** A deep-frozen copy; nothing where it says nothing. @throws HubError `invalid_request` saying what is wrong */
export function toDisplay(given: unknown): Display | undefined {
  const { error, data } = read(given);
  if (error) {
    const [issue] = error.issues;
    throw new HubError('invalid_request', {
      message: describeIssue(issue && { ...issue, path: ['display', ...issue.path] }),
    });
  }
  const said = Object.entries(data).filter(([, value]) => value !== undefined);
  return said.length > 0 ? deepFreeze(Object.fromEntries(said)) : undefined;
}

function read(given: unknown) {
  if (isPromise(given))
    throw new HubError('invalid_request', {
      message: 'display: It is a promise; wait for it, and give what it gives',
    });
  try {
    return displaySchema.safeParse(given, namingFields);
  } catch (cause) {
    // An object whose own code throws when it is read.
    throw new HubError('invalid_request', { message: 'display: It cannot be read', cause });
  }
}
