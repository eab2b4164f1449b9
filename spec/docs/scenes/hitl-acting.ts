/** The scenes of `docs/hitl.md`: what is done with an answer. */
import { type Agent, expressHitl, memoryStore, type RequestRecord, type Turn } from '../../../lib';
import { portOf } from '../../../lib/hub/hub';
import { bodyOf, type Scenes, type } from '../example';
import { answer, askApproval, people, said, withAgent, withHub } from '../stage';
import { access, type Body, importTurn, importZod, isCode } from './frames';

const { bob } = people;

export const hitlActingScenes: Scenes = {
  'guard-tool': {
    ...bodyOf(
      {
        hitl: type('ExpressHitl'),
        firewall: '{ block(args: object, signal: AbortSignal): Promise<string> }',
        watchlist: 'Set<string>',
        model: '{ nextCall(text: string): Promise<{ ip: string; callId: string }> }',
      },
      'agent',
      `${importZod}\n${importTurn}`,
    ),
    play: async (load) => {
      let agent: Agent = () => {};
      await withAgent(
        (turn: Turn) => agent(turn),
        async ({ hub, alice }) => {
          const block = jest.fn(async ({ ip }: { ip: string }) => `blocked ${ip}`);
          agent = await load<Body<Agent>>().example({
            hitl: hub.hitl,
            firewall: { block },
            watchlist: new Set(['203.0.113.1']),
            model: { nextCall: async (text: string) => ({ ip: text, callId: `call of ${text}` }) },
          });
          const reply = async (content: string) => {
            await alice.ask({ type: 'message', content });
            return said(alice);
          };
          expect(await reply('10.1.2.3')).toMatch(/may not be used like this: internal addresses stay open/);
          expect(await reply('203.0.113.1')).toBe('Done: blocked 203.0.113.1');
          await alice.ask({ type: 'message', content: '203.0.113.7' });
          await answer(alice, 'approved');
          expect(await said(alice)).toBe('Done: blocked 203.0.113.7');
          expect(await reply('203.0.113.7')).toMatch(/not run again: done/);
          await alice.ask({ type: 'message', content: '203.0.113.8' });
          await answer(alice, 'denied', { comment: 'no' });
          expect(await said(alice)).toBe('block_ip was not run: denied by alice: no');
          expect(block).toHaveBeenCalledTimes(2);
          expect(await outcomeOf(reply('not an address'), alice)).toBe('aborted');
        },
      );
    },
  },

  retry: {
    ...bodyOf({ hub: type('Hub'), request: type('RequestRecord') }),
    play: async (load) => {
      const run = jest.fn(async () => 'done').mockRejectedValueOnce(new Error('the line is down'));
      let agent: Agent = () => {};
      await withAgent(
        (turn: Turn) => agent(turn),
        async ({ hub, alice }) => {
          const { z } = jest.requireActual<typeof import('zod')>('zod');
          const tool = hub.hitl.tool({ name: 'restart', args: z.object({}), run });
          agent = async (turn) => {
            const outcome = await turn.callTool(tool, {}, { callId: 'c1' });
            await turn.say(outcome.status === 'executed' ? outcome.result : outcome.message);
          };
          await alice.ask({ type: 'message', content: 'go' });
          const { hitl } = await alice.next('hitl_request_pending');
          await alice.ask({ type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' });
          expect((await alice.next('turn_ended')).status).toBe('aborted');
          await alice.ask({ type: 'message', content: 'go' });
          expect(await said(alice)).toMatch(/not run again: needs_retry/);
          await load<Body>().example({ hub: hub.hub, request: { id: hitl.id } });
          await alice.ask({ type: 'message', content: 'go' });
          expect(await said(alice)).toBe('done');
          expect(alice.all('hitl_request_pending')).toHaveLength(1);
        },
      );
    },
  },

  listeners: {
    ...bodyOf({
      hub: type('Hub'),
      chat: '{ nudge(text: string): void }',
      pager: '{ page(groups: readonly string[], id: string): void }',
      audit: '{ write(line: object): void }',
    }),
    play: async (load) => {
      const chat = { nudge: jest.fn() };
      const pager = { page: jest.fn() };
      const write = jest.fn();
      const { hub, start, close } = expressHitl({ ...access, store: memoryStore() });
      await start();
      await load<Body<void>>().example({ hub, chat, pager, audit: { write } });
      const more = {
        remindIn: 1,
        escalate: { after: 2, to: { groups: ['lead'] } },
        policy: { groups: ['a'] },
      };
      const { id } = await askApproval({ hub }, more);
      while (pager.page.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(chat.nudge).toHaveBeenCalledWith('T-1001 still waits');
      expect(pager.page).toHaveBeenCalledWith(['a', 'lead'], id);
      await portOf(hub).hitl.respond(id, { by: { id: 'lena', groups: ['lead'] }, status: 'denied' });
      expect(write).toHaveBeenCalledWith({
        id,
        status: 'denied',
        by: { userId: 'lena', displayName: 'lena' },
      });
      await close();
    },
  },

  wait: {
    ...bodyOf({ hub: type('Hub') }, 'settled'),
    play: (load) =>
      withHub({}, async ({ hub, clock }) => {
        const one = await askApproval({ hub });
        clock.advance(1); // They are listed by when they were asked.
        const two = await askApproval({ hub });
        const done = load<Body<RequestRecord[]>>().example({ hub });
        while (portOf(hub).hitl.waiting < 2) await new Promise((resolve) => setImmediate(resolve));
        await portOf(hub).hitl.respond(one.id, { by: bob, status: 'approved' });
        await portOf(hub).hitl.cancel(two.id, 'enough');
        expect((await done).map(({ status }) => status)).toEqual(['approved', 'cancelled']);
        expect(portOf(hub).hitl.waiting).toBe(0);
        await expect(portOf(hub).hitl.wait('nobody asked')).rejects.toEqual(isCode('not_found'));
      }),
  },
};

/** How the turn ended that should say something and does not. */
async function outcomeOf(
  saying: Promise<string>,
  client: { next(name: string): Promise<{ status: string }> },
) {
  saying.catch(() => {});
  let ended = await client.next('turn_ended');
  while (ended.status === 'completed') ended = await client.next('turn_ended');
  return ended.status;
}
