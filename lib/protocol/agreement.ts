/** Whether the approvals of a quorum say the same; pages and the link page explain with it why a request is still open. */
import type { AnswerPolicy } from './records';

type Response = Readonly<Record<string, unknown>>;

/** What an approval carries beside its comment and its grant: what it has in common with others, or not. */
export function contentOf(response: Response = {}): Response {
  const { comment: _comment, grant: _grant, ...content } = response;
  return content;
}

/**
 * The approvals in groups of the same content, the largest first; one group where `agreement` is `any`. Of a quorum the
 * first group counts, and more than one group means that the people disagree.
 */
export function inAgreement<V extends { response?: Response | undefined }>(
  approvals: readonly V[],
  agreement: AnswerPolicy['agreement'] = 'same',
): V[][] {
  if (agreement === 'any') return approvals.length > 0 ? [[...approvals]] : [];
  const groups: V[][] = [];
  for (const approval of approvals) {
    const group = groups.find(([first]) => isSame(contentOf(first?.response), contentOf(approval.response)));
    if (group) group.push(approval);
    else groups.push([approval]);
  }
  return groups.sort((a, b) => b.length - a.length);
}

/** Equal as JSON, in whatever order the fields stand. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => isSame(item, b[at]));
  }
  if (!isFields(a) || !isFields(b)) return Object.is(a, b);
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
  );
}

function isFields(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
