import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import { maxAnswersBytes } from '../../../lib/hub/requests/answer-size';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import type { AnswerPolicy, RequestResponse } from '../../../lib/index';
import { defineKind } from '../../../lib/index';
import type { TestFrame } from '../../../lib/testing';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

/** Where several people must agree: what counts together, what is stored of each, and who may think again. */
describe('a quorum', () => {
  let hub: TestHub;
  afterEach(() => hub.close());

  const hitl = () => portOf(hub.hub).hitl;
  const start = async (options: TestHubOptions = {}) => {
    hub = await startTestHub(options);
  };
  const ask = (policy: AnswerPolicy, input: Partial<HitlRequestInput> = {}) =>
    hitl().request({
      ticketId: 'T-1',
      sessionId: 's1',
      type: 'question',
      payload: { question: 'Shall we pay?' },
      userId: 'agent',
      policy,
      ...input,
    });
  const say = (
    id: string,
    who: string,
    response?: RequestResponse,
    status: 'approved' | 'denied' = 'approved',
  ) => hitl().respond(id, { by: { id: who }, status, ...(response && { response }) });
  const answer = (id: string, who: string, text: string) => say(id, who, { answer: text });
  const audited = async (id: string) => {
    const said: unknown[] = [];
    for await (const { event, by, verdict, response } of hitl().audit({ ticketId: 'T-1', requestId: id }))
      if (event === 'responded') said.push([by?.userId, verdict, response]);
    return said;
  };

  it('is not met by answers that differ, and every client sees both', async () => {
    await start();
    const watcher = await hub.connect({ user: 'wendy' });
    const { id } = await ask({ approvals: 2 });
    await answer(id, 'alice', 'No');
    const { status, verdicts, response } = await answer(id, 'bob', 'Yes');
    expect(status).toBe('pending');
    expect(response).toBeUndefined();
    expect(verdicts.map(({ by, response }) => [by.userId, response])).toEqual([
      ['alice', { answer: 'No' }],
      ['bob', { answer: 'Yes' }],
    ]);
    await watcher.next('hitl_request_updated');
    const seen = await watcher.next('hitl_request_updated');
    expect(seen.hitl.verdicts.map(({ response }: TestFrame) => response)).toEqual([
      { answer: 'No' },
      { answer: 'Yes' },
    ]);
  });

  it('is met when one of them changes their answer, over a socket, and the audit has the earlier answer', async () => {
    await start();
    const { id } = await ask({ approvals: 2 });
    const alice = await hub.connect({ user: 'alice' });
    const respond = (text: string) =>
      alice.ask({ type: 'hitl_respond', request_id: id, status: 'approved', response: { answer: text } });
    await respond('No');
    await answer(id, 'bob', 'Yes');
    expect(await respond('Yes')).toMatchObject({
      event: 'ack',
      hitl: {
        status: 'approved',
        response: { answer: 'Yes' },
        responded_by: { user_id: 'alice' },
        verdicts: [{ by: { user_id: 'bob' } }, { by: { user_id: 'alice' }, response: { answer: 'Yes' } }],
      },
    });
    expect(await audited(id)).toEqual([
      ['alice', 'approved', { answer: 'No' }],
      ['bob', 'approved', { answer: 'Yes' }],
      ['alice', 'approved', { answer: 'Yes' }],
    ]);
  });

  it('is met by answers that differ where the policy takes any', async () => {
    await start();
    const { id } = await ask({ approvals: 2, agreement: 'any' });
    await answer(id, 'alice', 'No');
    expect(await answer(id, 'bob', 'Yes')).toMatchObject({
      status: 'approved',
      response: { answer: 'Yes' },
      verdicts: [{ response: { answer: 'No' } }, { response: { answer: 'Yes' } }],
    });
  });

  it('counts fields of a kind of the app in any order, comments apart', async () => {
    const severity = defineKind({
      payload: z.looseObject({}),
      response: z.looseObject({
        level: z.number(),
        comment: z.string().optional(),
      }) as z.ZodType<RequestResponse>,
    });
    await start({ kinds: { severity } });
    const { id } = await ask({ approvals: 3 }, { type: 'severity', payload: {} });
    await say(id, 'alice', { level: 1, hosts: { a: 1, b: 2 } });
    await say(id, 'bob', { comment: 'worse', level: 2 });
    await say(id, 'carol', { hosts: { b: 2, a: 1 }, level: 1, comment: 'as Alice' });
    expect(await say(id, 'dave', { level: 1, hosts: { a: 1, b: 2 }, comment: '' })).toMatchObject({
      status: 'approved',
      response: { level: 1 },
    });
  });

  it('refuses the very same answer again, and takes another one as often as a person changes their mind', async () => {
    await start();
    const { id } = await ask({ approvals: 2 });
    await answer(id, 'alice', 'Yes');
    await expect(answer(id, 'alice', 'Yes')).rejects.toMatchObject({ code: 'already_answered' });
    expect((await say(id, 'alice', { answer: 'Yes', comment: 'now' })).verdicts).toHaveLength(1);
    expect((await answer(id, 'alice', 'No')).verdicts).toHaveLength(1);
    expect(await answer(id, 'bob', 'No')).toMatchObject({ status: 'approved', response: { answer: 'No' } });
    await expect(answer(id, 'alice', 'Yes')).rejects.toMatchObject({
      code: 'already_resolved',
      details: { hitl: { status: 'approved' } },
    });
  });

  it('is denied at once by a person who withdraws their approval, where one denial is enough', async () => {
    await start();
    const { id } = await ask({ approvals: 2 });
    await answer(id, 'alice', 'Yes');
    expect(await say(id, 'alice', { comment: 'No!' }, 'denied')).toMatchObject({
      status: 'denied',
      response: { comment: 'No!' },
      verdicts: [{ status: 'denied' }],
    });
  });

  it('counts again when a person withdraws their denial, where a majority denies', async () => {
    await start();
    const { id } = await ask({ approvals: 2, of: 3, denial: 'majority' });
    await say(id, 'alice', undefined, 'denied');
    await answer(id, 'bob', 'Yes');
    expect(await answer(id, 'alice', 'No')).toMatchObject({ status: 'pending' });
    expect(await say(id, 'carol', undefined, 'denied')).toMatchObject({ status: 'pending' });
    expect(await say(id, 'bob', undefined, 'denied')).toMatchObject({ status: 'denied' });
  });

  it('over stages is met by what the first of them approved, which cannot be changed afterwards', async () => {
    await start();
    const stages = [{ groups: ['analyst'] }, {}];
    const { id } = await ask({ stages });
    const alice = { id: 'alice', groups: ['analyst'] };
    await hitl().respond(id, { by: alice, status: 'approved', response: { answer: 'Yes' } });
    expect(await answer(id, 'bob', 'No')).toMatchObject({ status: 'pending', stage: 1 });
    await expect(answer(id, 'alice', 'No')).rejects.toMatchObject({ code: 'already_answered' });
    expect(await answer(id, 'bob', 'Yes')).toMatchObject({ status: 'approved', response: { answer: 'Yes' } });
  });

  it('discards the answers to an older revision, and accepts none to it', async () => {
    await start();
    const { id } = await ask({ approvals: 2 });
    await answer(id, 'alice', 'Yes');
    await hitl().amend(id, { question: 'Shall we pay twice?' });
    await expect(answer(id, 'alice', 'Yes')).rejects.toMatchObject({ code: 'stale_revision' });
    const again = {
      by: { id: 'alice' },
      status: 'approved',
      revision: 2,
      response: { answer: 'Yes' },
    } as const;
    expect((await hitl().respond(id, again)).verdicts).toHaveLength(1);
  });

  it('stays in the inbox of every person who has answered for as long as the answers differ', async () => {
    await start();
    const { id } = await ask({ approvals: 3, users: ['alice', 'bob', 'carol'] });
    const waitsFor = async () => {
      const names: string[] = [];
      for (const userId of ['alice', 'bob', 'carol']) {
        const { items } = await hub.hub.inbox.list({ user: { id: userId }, tickets: [] });
        if (items.some((each) => each.id === id)) names.push(userId);
      }
      return names;
    };
    await answer(id, 'alice', 'No');
    expect(await waitsFor()).toEqual(['bob', 'carol']);
    await answer(id, 'bob', 'Yes');
    expect(await waitsFor()).toEqual(['alice', 'bob', 'carol']);
    await answer(id, 'alice', 'Yes');
    expect(await waitsFor()).toEqual(['carol']);
  });

  it('gives the agent every verdict, frozen, with all that was sent', async () => {
    let decided: ((decision: unknown) => void) | undefined;
    const decision = new Promise<unknown>((resolve) => {
      decided = resolve;
    });
    await start({
      agent: async (turn) => {
        decided?.(await turn.ask({ question: 'Pay?', policy: { approvals: 2, agreement: 'any' } }));
      },
    });
    const rita = await hub.connect({ user: 'rita' });
    rita.send({ type: 'message', id: 'm', content: 'Pay' });
    const { hitl: view } = await rita.next('hitl_request_pending');
    await say(view.id, 'alice', { answer: 'No', comment: 'too much' });
    await answer(view.id, 'bob', 'Yes');
    const { verdicts, answer: last } = (await decision) as { verdicts: readonly object[]; answer: string };
    expect(last).toBe('Yes');
    expect(verdicts).toEqual([
      {
        by: { userId: 'alice', displayName: 'alice' },
        at: hub.clock.now(),
        status: 'answered',
        stage: 0,
        comment: 'too much',
        answer: 'No',
      },
      {
        by: { userId: 'bob', displayName: 'bob' },
        at: hub.clock.now(),
        status: 'answered',
        stage: 0,
        answer: 'Yes',
      },
    ]);
    expect([verdicts, verdicts[0]].every(Object.isFrozen)).toBe(true);
  });

  describe('whose answers are long', () => {
    const story = defineKind({
      payload: z.looseObject({}),
      response: z.looseObject({ text: z.string().optional() }) as z.ZodType<RequestResponse>,
    });
    const half = 'x'.repeat(maxAnswersBytes / 2);

    it('refuses those that would make all together too large, but no answer that says only yes or no', async () => {
      await start({ kinds: { story } });
      const { id } = await ask({ approvals: 4 }, { type: 'story', payload: {} });
      await say(id, 'alice', { text: half });
      await expect(say(id, 'bob', { text: half })).rejects.toMatchObject({ code: 'too_large' });
      expect((await hitl().get(id)).verdicts).toHaveLength(1);
      await say(id, 'bob', { text: half.slice(1_000) });
      await expect(say(id, 'carol', { comment: 'x'.repeat(900) }, 'denied')).rejects.toMatchObject({
        code: 'too_large',
      });
      expect((await say(id, 'carol')).verdicts).toHaveLength(3);
      expect(await say(id, 'dave', undefined, 'denied')).toMatchObject({ status: 'denied' });
    });

    it('lets a person replace a long answer of their own, since it makes way', async () => {
      await start({ kinds: { story } });
      const { id } = await ask({ approvals: 2 }, { type: 'story', payload: {} });
      await say(id, 'alice', { text: half });
      await say(id, 'bob', { text: 'short' });
      expect((await say(id, 'alice', { text: `${half}y` })).verdicts).toHaveLength(2);
    });

    it('accepts an answer that is as long as an answer may be', async () => {
      await start({ kinds: { story } });
      const { id } = await ask({}, { type: 'story', payload: {} });
      const text = 'x'.repeat(maxAnswersBytes - '{"text":""}'.length);
      const watcher = await hub.connect({ user: 'wendy' });
      expect(await say(id, 'alice', { text })).toMatchObject({ status: 'approved', response: { text } });
      const { hitl: view } = await watcher.next('hitl_request_resolved');
      expect(view.verdicts[0].response.text).toHaveLength(text.length);
    });
  });
});
