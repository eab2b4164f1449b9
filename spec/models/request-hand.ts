/** What the app does to one request of the model, through a hub: asks it, changes it, withdraws it, carries out what it allows. */
import { HubError } from '../../lib';
import type { HubPort } from '../../lib/hub/port';
import type { RequestDeed } from './request-model';
import { askOf, editedArgs, payloadOf, type Rules } from './request-rules';

/** What a person says or claims; each system has its own way for that. */
export type PersonalDeed = Extract<
  RequestDeed,
  { type: 'respond' } | { type: 'claim' | 'release' } | { type: 'withdraw' }
>;
/** What the world around does; each system has its own way for that too. */
type WorldlyDeed = Extract<
  RequestDeed,
  { type: 'wait' } | { type: 'dismiss' } | { type: 'tell' } | { type: 'stir' | 'leave' }
>;
type AppDeed = Exclude<RequestDeed, PersonalDeed | WorldlyDeed>;

export class RequestHand {
  private newer = 0;

  private constructor(
    private readonly hub: () => Pick<HubPort, 'hitl' | 'grants'>,
    private readonly rules: Rules,
    private readonly key: string,
    readonly id: string,
  ) {}

  /**
   * Asks.
   * @param hub the present one, which is another after a restart
   * @param key unique in the ticket
   */
  static async ask(
    hub: () => Pick<HubPort, 'hitl' | 'grants'>,
    rules: Rules,
    key: string,
  ): Promise<RequestHand> {
    const { hitl } = hub();
    const ask = { ...askOf(rules), ticketId: 'T-1', sessionId: 's1' };
    if (rules.covered) {
      const granting = await hitl.request({ ...ask, key: `the grant for ${key}` });
      await hitl.respond(granting.id, { by: { id: 'ann' }, status: 'approved', response: { grant: 0 } });
    }
    const { id } = await hitl.request({ ...ask, key });
    return new RequestHand(hub, rules, key, id);
  }

  async perform(deed: AppDeed): Promise<unknown> {
    const { id, rules } = this;
    const { hitl, grants } = this.hub();
    switch (deed.type) {
      case 'amend':
        return hitl.amend(id, payloadOf(rules, (await hitl.get(id)).revision + 1));
      case 'cancel':
        return hitl.cancel(id, 'no longer needed');
      case 'end_turn':
        return hitl.endWithTurn('a turn that asked it anew', { adopted: [id] });
      case 'supersede': {
        this.newer += 1;
        const other = { ...askOf(rules), payload: payloadOf(rules, 100 + this.newer) };
        return hitl.request({ ...other, ticketId: 'T-1', sessionId: 's1', key: this.key, supersede: true });
      }
      case 'execute': {
        const { payload } = await hitl.get(id);
        const done = {
          shown: payload,
          edited: { ...payload, tool_args: editedArgs },
          else: { ...payload, tool_name: 'format_disk' },
        };
        return hitl.execute(id, { runId: deed.run, payload: done[deed.what] });
      }
      case 'executed':
        return hitl.executed(id, deed.run);
      case 'failed':
        return hitl.executed(id, deed.run, 'no route');
      case 'lost':
        return hitl.lost(id, deed.run, 'cut off');
      case 'not_run':
        return hitl.notRun(id, deed.run, 'the turn had ended');
      case 'asker_leave':
        return hitl.leave(id);
      case 'asker_return':
        return hitl.takeUp(id);
      case 'revoke': {
        const { grant, usedGrant } = await hitl.get(id);
        return grants.revoke(String(grant?.id ?? usedGrant?.id), { id: deed.who });
      }
      case 'retry':
        return hitl.retry(id);
    }
  }
}

/** What is said with a withdrawal. */
export const withdrawal = { reason: 'I was wrong' };

/** The body of an answer, as sockets and REST take it. */
export function answerOf({ yes, revision, ...sent }: Extract<RequestDeed, { type: 'respond' }>) {
  const response = responseOf(sent);
  return {
    status: yes ? ('approved' as const) : ('denied' as const),
    ...(revision !== undefined && { revision }),
    ...(response && { response }),
  };
}

/** What is sent beside yes or no, if anything is. */
export function responseOf({
  misfit,
  edits,
  grant,
  answer,
  comment,
}: Pick<Extract<RequestDeed, { type: 'respond' }>, 'misfit' | 'edits' | 'grant' | 'answer' | 'comment'>) {
  const response = {
    ...(misfit && { answer: 'neither was nor can be offered' }),
    ...(edits && { tool_args: editedArgs }),
    ...(grant !== undefined && { grant }),
    ...(answer !== undefined && { answer }),
    ...(comment !== undefined && { comment }),
  };
  return Object.keys(response).length > 0 ? response : undefined;
}

/** `ok`, or the refusal in the words of the model. @throws what is no refusal */
export async function answered(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (error instanceof HubError) return refusalOf(error.toBody());
    throw error;
  }
}

/** The code, with the rule or the outcome that is sent with it. */
export function refusalOf({ code, details }: { code: string; details?: Record<string, unknown> }): string {
  const { hitl, rule } = details ?? {};
  if (code === 'already_resolved' && typeof hitl === 'object' && hitl !== null && 'status' in hitl)
    return `${code} ${hitl.status}`;
  return rule ? `${code} ${rule}` : code;
}
