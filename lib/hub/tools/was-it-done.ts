/** Asks people whether a tool was run by a process that ended meanwhile; calls of tools in durable turns ask, and the turn waits. */
import { canonicalJson } from '../../protocol/canonical-json';
import type { User } from '../../protocol/records';
import type { Turn } from '../turns/turn';
import type { ToRun } from './run-once';

/** What people may say. */
export const wasItDone = { done: 'it was done', again: 'do it again', leave: 'leave it' } as const;

/** Characters of the arguments that are shown. */
const maxShown = 2_000;
/** Characters of a title. */
const maxTitleLength = 200;

export type Said =
  | { status: 'done'; by: User | undefined; report: string | undefined }
  | { status: 'again'; by: User | undefined }
  /** Also where they would not say, or the question was withdrawn. */
  | { status: 'leave' };

/** Those are asked who may approve it. @throws HubError as `Turn.ask` */
export async function askWhetherDone(
  turn: Turn,
  tool: string,
  { args, request, ask = {} }: ToRun,
): Promise<Said> {
  const { policy, escalate, remindIn } = ask;
  const risk = request?.display?.risk;
  const why = request ? `Approved with request ${request.id}` : 'Allowed by a rule';
  const outcome = await turn.ask({
    // All of it is in the text, which every client shows.
    question: `The process ended while ${tool} was running, so whether it was done is not known. Was it? ${why}: ${canonicalJson(args).slice(0, maxShown)}`,
    options: Object.values(wasItDone),
    display: { title: `Was ${tool} done?`.slice(0, maxTitleLength), ...(risk && { risk }) },
    ...(policy && { policy }),
    ...(escalate && { escalate }),
    ...(remindIn !== undefined && { remindIn }),
  });
  if (outcome.status !== 'answered') return { status: 'leave' };
  const { answer, comment: report } = outcome;
  const by = outcome.by && { id: outcome.by.userId, name: outcome.by.displayName };
  if (answer === wasItDone.done) return { status: 'done', by, report };
  return answer === wasItDone.again ? { status: 'again', by } : { status: 'leave' };
}

/** What a call gives whose tool was run, by what people have said, or its own process. */
export function confirmed(
  tool: string,
  { by, report }: { by?: User | undefined; report?: string | undefined } = {},
) {
  const who = by ? `, as ${by.name} says` : ', and its result is not there';
  const what = report ? `: ${report}` : '';
  return {
    status: 'confirmed' as const,
    ...(report && { report }),
    message: `${tool} was done${who}${what}`,
  };
}
