import { Turn, type TurnPort } from '../../../lib/hub/turns/turn';
import type { RequestRecord } from '../../../lib/protocol/records';
import { messageRecord, requestRecord } from '../../store/records';
import { idle } from '../rig';

describe('What an agent gets from its turn', () => {
  /** A turn whose requests end like this. */
  function turnWith(outcome: Partial<RequestRecord> | Error, asked: unknown[] = []): Turn {
    const message = messageRecord();
    const port: TurnPort = {
      add: async () => message,
      update: async () => message,
      stream: async () => message,
      openStream: () => ({
        message: Promise.resolve(message),
        write: async () => {},
        end: async () => message,
        abort: async () => {},
      }),
      history: async (limit) => Array(limit).fill(message),
      nameIntent: () => {},
      keep: async () => ({}),
      step: async () => undefined,
      open: async (input) => {
        asked.push(input);
        if (outcome instanceof Error) throw outcome;
        return { request: requestRecord(outcome), isNew: true };
      },
      wait: async () => requestRecord(outcome instanceof Error ? {} : outcome),
    };
    const user = { id: 'ann', name: 'Ann', groups: [] };
    return new Turn('t', 'T', 's', user, message, new AbortController().signal, port);
  }
  const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7', tags: ['a'] } };
  const block = { tool: 'block_ip', args: payload.tool_args };

  it('for an approval: how it ended, and the arguments that were shown', async () => {
    const turn = turnWith({ status: 'approved', payload, response: { comment: 'go' } });
    expect(await turn.approve(block)).toMatchObject({
      status: 'approved',
      comment: 'go',
      args: payload.tool_args,
      request: { status: 'approved' },
    });
  });

  it('for an approval with other arguments: those', async () => {
    const edited = { ip: '203.0.113.8' };
    const turn = turnWith({ status: 'approved', payload, response: { tool_args: edited } });
    expect(await turn.approve({ ...block, editable: true })).toMatchObject({ args: edited });
  });

  it('what cannot be changed any more, all the way down', async () => {
    const outcome = await turnWith({ status: 'approved', payload }).approve(block);
    if (outcome.status !== 'approved') throw new Error(outcome.status);
    const { args, request } = outcome;
    expect([outcome, args, args.tags, request, request.payload].every(Object.isFrozen)).toBe(true);
    // And is the agent's own copy.
    expect(Object.isFrozen(payload.tool_args)).toBe(false);
  });

  it.each(['denied', 'expired', 'cancelled', 'superseded'] as const)(
    'when it was %s: that, and why',
    async (status) => {
      const outcome = { status, payload, reason: 'because', response: { comment: 'no' } };
      const why = status === 'denied' ? { comment: 'no' } : { reason: 'because' };
      const settled = await turnWith(outcome).approve(block);
      expect(settled).toMatchObject({ status, ...why });
      expect(settled).not.toHaveProperty('args');
    },
  );

  it('for a question: the answer if and only if there is one', async () => {
    const asked = { type: 'question', payload: { question: 'Where?', options: null } };
    const answered = turnWith({ ...asked, status: 'approved', response: { answer: 'Europe' } });
    expect(await answered.ask({ question: 'Where?' })).toMatchObject({
      status: 'answered',
      answer: 'Europe',
    });
    const denied = turnWith({ ...asked, status: 'denied', response: { answer: 'forged' } });
    expect(await denied.ask({ question: 'Where?' })).not.toHaveProperty('answer');
  });

  it('asked in the words of the protocol', async () => {
    const asked: unknown[] = [];
    const turn = turnWith({ status: 'approved', payload }, asked);
    await turn.approve({ ...block, editable: true, key: 'k', expiresIn: '1m' });
    await turn.approve(block);
    await turn.ask({ question: 'Where?', options: ['here', 'there'], freeText: true });
    await turn.ask({ question: 'Where?' });
    expect(asked).toEqual([
      { type: 'tool_approval', payload: { ...payload, editable: true }, key: 'k', expiresIn: '1m' },
      { type: 'tool_approval', payload },
      { type: 'question', payload: { question: 'Where?', options: ['here', 'there'], free_text: true } },
      { type: 'question', payload: { question: 'Where?', options: null } },
    ]);
  });

  it('an error if the request that ended has not', async () => {
    await expect(turnWith({ status: 'pending', payload }).approve(block)).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it('a rejection that may be left alone', async () => {
    void turnWith(new Error('no')).approve(block);
    void turnWith(new Error('no')).ask({ question: 'Where?' });
    // Jest fails a test during which an unhandled rejection occurs; this leaves time for it.
    await idle();
    await expect(turnWith(new Error('no')).approve(block)).rejects.toThrow('no');
  });

  it('at most 200 lines of history, 50 unless it says otherwise', async () => {
    const turn = turnWith({});
    expect(await turn.history()).toHaveLength(50);
    expect(await turn.history({ limit: 1_000 })).toHaveLength(200);
  });
});
