/** The scenes of `README.md`. */
import { WebSocket } from 'ws';
import type { Agent, ExpressHitl, Hub, Turn } from '../../../lib';
import type { TicketClient } from '../../../lib/client';
import { portOf } from '../../../lib/hub/hub';
import { bodyOf, type Scenes, type } from '../example';
import { answer, askApproval, listening, people, said, withAgent, withHub } from '../stage';
import { type Body, firewallType, importTurn, importZod } from './frames';

export const readmeScenes: Scenes = {
  mount: {
    after: 'export { hitl };',
    play: (load) =>
      listening(
        () => [load<{ hitl: ExpressHitl }>().hitl],
        async ({ port, join }) => {
          const alice = await join('/soc/ws/chat/ticket/T-1');
          for (const [status, reply] of [
            ['approved', 'Blocked.'],
            ['denied', 'Not blocked: denied.'],
          ] as const) {
            const [request] = await waiting(port);
            const frame = {
              type: 'hitl_respond',
              request_id: request?.id,
              revision: request?.revision,
              status,
            };
            await alice.ask(frame);
            expect(await said(alice)).toBe(reply);
            await alice.ask({ type: 'message', content: 'block it' });
          }
        },
      ),
  },

  agent: {
    ...bodyOf({ firewall: firewallType }, 'agent'),
    play: async (load) => {
      const blocked: object[] = [];
      const firewall = { block: async (args: object) => blocked.push(args) };
      const agent = await load<Body<Agent>>().example({ firewall });
      await withAgent(agent, async ({ alice, bob }) => {
        await alice.ask({ type: 'message', content: 'look at 203.0.113.7' });
        await answer(alice, 'approved', { answer: 'Yes' });
        expect(await said(alice)).toBe('Then I leave it alone.');

        await alice.ask({ type: 'message', content: 'look again' });
        await answer(alice, 'approved', { answer: 'No' });
        const own = await answer(alice, 'approved');
        expect(own).toMatchObject({ code: 'not_allowed', details: { rule: 'four_eyes' } });
        const { hitl } = await bob.next((frame) => frame.hitl?.type === 'tool_approval');
        const step = bob.all('session_message_added').findLast(({ message }) => message.type === 'trace');
        expect(hitl.message_id).toBe(step.message.id);
        const frame = { type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' };
        await bob.ask({ ...frame, response: { comment: 'go' } });
        expect(await said(alice)).toBe('approved go');
        expect(blocked).toEqual([{ ip: '203.0.113.7' }]);
      });
    },
  },

  'guard-tool': {
    ...bodyOf({ hitl: type('ExpressHitl'), firewall: firewallType }, 'agent', `${importZod}\n${importTurn}`),
    play: async (load) => {
      let agent: Agent = () => {};
      const blocked: object[] = [];
      const firewall = { block: async (args: object) => blocked.push(args) };
      await withAgent(
        (turn: Turn) => agent(turn),
        async ({ hub, alice }) => {
          const { example } = load<Body<Agent>>();
          agent = await example({ hitl: hub.hitl, firewall });
          await alice.ask({ type: 'message', content: '10.0.0.1' });
          expect(await said(alice)).toContain('internal addresses stay open');
          await alice.ask({ type: 'message', content: '203.0.113.7' });
          await answer(alice, 'approved', { tool_args: { ip: '203.0.113.8' } });
          expect(await said(alice)).toBe('Done.');
          expect(blocked).toEqual([{ ip: '203.0.113.8' }]);
        },
      );
    },
  },

  'answer-socket': {
    ...bodyOf({}, 'ticket'),
    play: async (load) => {
      const agent = async (turn: Turn) => {
        const { status, request } = await turn.approve({ tool: 'block_ip', args: {} });
        await turn.say(`${status}: ${request.response?.comment}`);
      };
      await withHub({ agent, mount: '/soc' }, async (hub) => {
        /** Finds the test's server where a page would ask the name service. */
        class PageSocket extends WebSocket {
          constructor(url: string, protocols: string[]) {
            const address = new URL(url).href.replace('wss://app.example.com', `ws://127.0.0.1:${hub.port}`);
            super(address, protocols, { headers: { 'x-user': 'alice' } });
          }
        }
        const bob = await hub.connect({ user: 'bob', ticketId: 'T-1001' });
        await withGlobal('WebSocket', PageSocket, async () => {
          const ticket = await load<Body<TicketClient>>().example({});
          expect(await said(bob)).toBe('approved: Go ahead');
          ticket.close();
        });
      });
    },
  },

  'answer-rest': {
    ...bodyOf({}, 'answer'),
    play: (load) =>
      withHub({ mount: '/soc' }, async (hub) => {
        const { example } = load<Body<Response>>();
        const { fetch } = globalThis;
        let faster: ((hub: Hub) => Promise<unknown>) | undefined;
        /** What a page does: the own host before the path, and the own login in the header. */
        const pageFetch = async (path: string, init: RequestInit = {}) => {
          if (init.method === 'POST') await faster?.(hub.hub);
          const { origin } = new URL(hub.url);
          return fetch(`${origin}${path}`, { ...init, headers: { ...init.headers, 'x-user': 'alice' } });
        };
        await withGlobal('fetch', pageFetch, async () => {
          const first = await askApproval(hub);
          expect((await example({})).status).toBe(200);
          expect(await portOf(hub.hub).hitl.get(first.id)).toMatchObject({
            status: 'denied',
            response: { comment: 'Not now' },
          });
          const second = await askApproval(hub);
          faster = ({ requests }) =>
            requests.answer({ requestId: second.id, by: people.bob, status: 'approved' });
          expect((await example({})).status).toBe(409);
          expect(console.log).toHaveBeenCalledWith(
            'Somebody was faster:',
            expect.objectContaining({
              status: 'approved',
              responded_by: { user_id: 'bob', display_name: 'Bob' },
            }),
          );
        });
      }),
  },
};

/** What waits in the inbox of the program, as soon as something does. */
async function waiting(port: number): Promise<{ id: string; revision: number }[]> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/soc/hitl/inbox`);
    expect(response.status).toBe(200);
    const { items } = await response.json();
    if (items.length > 0) return items;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Runs `play` with this in the place of a global name. */
async function withGlobal(name: string, value: unknown, play: () => Promise<void>): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    await play();
  } finally {
    if (before) Object.defineProperty(globalThis, name, before);
    else Reflect.deleteProperty(globalThis, name);
  }
}
