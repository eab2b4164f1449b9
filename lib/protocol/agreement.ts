/** What the answers to a request have in common; the machine's guards count by it, pages explain with it why a request is still open. */
import { canonicalJson } from './canonical-json';
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

/** The same as text, which is equal for equal content. */
export function contentText(type: string, response?: Response): string {
  return canonicalJson(contentOf(type, response));
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
    const content = contentText(type, approval.response);
    const group = groups.find(([first]) => contentText(type, first?.response) === content);
    if (group) group.push(approval);
    else groups.push([approval]);
  }
  const agreed = before ? (groups[0]?.length ?? 1) - 1 : Math.max(0, ...groups.map(({ length }) => length));
  return { agreed, isAtOdds: groups.length > 1 };
}
