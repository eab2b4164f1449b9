/** What the answers to a request have in common; pages and the link page explain with it why it is still open. */
import type { AnswerPolicy } from './records';

type Response = Readonly<Record<string, unknown>>;

/** What of a verdict matters here; a record and a view both have it. */
interface Said {
  readonly status: 'approved' | 'denied';
  readonly stage: number;
  readonly response?: Response | undefined;
}

/** What of a request matters here. */
export interface Quorum<V extends Said> {
  readonly type: string;
  readonly policy?: { readonly agreement?: AnswerPolicy['agreement'] } | undefined;
  readonly stage?: number | undefined;
  readonly verdicts?: readonly V[] | undefined;
}

/**
 * What an answer carries beside its comment and, of a tool approval, the choice of a grant: what it has in common with
 * others, or not. A kind of the app's own may mean content by `grant`.
 */
export function contentOf(type: string, { comment: _comment, ...content }: Response = {}): Response {
  if (type !== 'tool_approval') return content;
  const { grant: _grant, ...edited } = content;
  return edited;
}

/**
 * How far the approvals of the present stage agree, with each other and with what was approved in the stage before.
 * `agreed`: how many count together; `isAtOdds`: there are some that cannot.
 */
export function agreementOf<V extends Said>({
  type,
  policy,
  stage = 0,
  verdicts = [],
}: Quorum<V>): {
  agreed: number;
  isAtOdds: boolean;
} {
  const approvals = verdicts.filter((each) => each.stage === stage && each.status === 'approved');
  if (policy?.agreement === 'any') return { agreed: approvals.length, isAtOdds: false };
  // The last one of a stage completed it, so it says what was approved in it.
  const before = verdicts.findLast((each) => each.stage === stage - 1);
  const groups: V[][] = before ? [[before]] : [];
  for (const approval of approvals) {
    const content = contentOf(type, approval.response);
    const group = groups.find(([first]) => isSame(contentOf(type, first?.response), content));
    if (group) group.push(approval);
    else groups.push([approval]);
  }
  const agreed = before ? (groups[0]?.length ?? 1) - 1 : Math.max(0, ...groups.map(({ length }) => length));
  return { agreed, isAtOdds: groups.length > 1 };
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
