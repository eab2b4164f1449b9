/** The scenes of `docs/hitl.md`: what a yes may free beside the one call. */
import type { ExpressHitl, Tool, Turn } from '../../../lib';
import { portOf } from '../../../lib/hub/hub';
import { bodyOf, type Scenes, type } from '../example';
import { askApproval, people, withAgent, withHub } from '../stage';
import { access, accessType, type Body, importPlugin, importZod } from './frames';

const { alice, bob } = people;
const offers = [{}, { args: 'any', expires_in_ms: 900_000, uses: 5 }];
const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' }, grants: offers };

export const hitlGrantsScenes: Scenes = {
  grants: {
    ...bodyOf(
      { hitl: type('ExpressHitl'), firewall: '{ block(args: { ip: string }): Promise<string> }' },
      'blockIp',
      importZod,
    ),
    play: async (load) => {
      let agent = async (_turn: Turn): Promise<void> => {};
      await withAgent(
        (turn: Turn) => agent(turn),
        async ({ hub, alice: client }) => {
          const block = jest.fn(async ({ ip }: { ip: string }) => `blocked ${ip}`);
          const blockIp = await load<Body<Tool<{ ip: string }, { ip: string }, string>>>().example({
            hitl: hub.hitl,
            firewall: { block },
          });
          agent = async (turn) => {
            const outcome = await turn.callTool(blockIp, { ip: turn.message.content });
            await turn.say(outcome.status);
          };
          const say = (content: string) => client.ask({ type: 'message', content });
          await say('203.0.113.7');
          const { hitl } = await client.next('hitl_request_pending');
          expect(hitl.payload.grants).toHaveLength(3);
          await portOf(hub.hub).hitl.respond(hitl.id, {
            by: bob,
            status: 'approved',
            response: { grant: 1 },
          });
          await say('203.0.113.8');
          const used = await client.next((frame) => frame.hitl?.used_grant !== undefined);
          expect(used.hitl.payload.tool_args).toEqual({ ip: '203.0.113.8' });
          await say('10.0.0.1');
          const internal = await client.next('hitl_request_pending');
          expect(internal.hitl.payload.grants).toBeUndefined();
          expect(block).toHaveBeenCalledTimes(2);
        },
      );
    },
  },

  'give-grant': {
    ...bodyOf({ hub: type('Hub'), request: type('RequestRecord') }, 'settled'),
    play: async (load) => {
      await withHub({}, async (hub) => {
        const request = await askApproval(hub, { payload });
        const settled = await load<Body>().example({ hub: hub.hub, request });
        expect(settled).toMatchObject({ status: 'approved', grant: { covers: 'any', uses: 5 } });
        expect(console.log).toHaveBeenCalledWith(hub.clock.now() + 900_000);
      });
    },
  },

  'revoke-grant': {
    ...bodyOf({ hub: type('Hub') }),
    play: async (load) => {
      await withHub({}, async (hub) => {
        const { id } = await askApproval(hub, { payload });
        await portOf(hub.hub).hitl.respond(id, { by: bob, status: 'approved', response: { grant: 0 } });
        await askApproval(hub, { payload });
        await load<Body>().example({ hub: hub.hub });
        expect(console.log).toHaveBeenCalledWith('block_ip by Bob: 1 times');
        expect((await hub.hub.grants.list()).items).toMatchObject([{ revokedBy: { userId: 'alice' } }]);
        expect((await askApproval(hub, { payload })).status).toBe('pending');
      });
    },
  },

  'may-grant': {
    ...bodyOf({ access: accessType }, 'hitl', importPlugin),
    play: async (load) => {
      const { hub, start, close } = await load<Body<ExpressHitl>>().example({ access });
      await start();
      const everywhere = { ...payload, grants: [{ scope: 'everywhere' }] };
      const answer = { status: 'approved', response: { grant: 0 } } as const;
      const ask = (tool_name: string) => askApproval({ hub }, { payload: { ...everywhere, tool_name } });
      const { id } = await ask('block_ip');
      const refused = { code: 'not_allowed', details: expect.objectContaining({ rule: 'grant' }) };
      await expect(portOf(hub).hitl.respond(id, { by: alice, ...answer })).rejects.toMatchObject(refused);
      const lead = { id: 'lena', groups: ['lead'] };
      expect(await portOf(hub).hitl.respond(id, { by: lead, ...answer })).toMatchObject({
        status: 'approved',
      });
      const other = await ask('isolate_host');
      await expect(portOf(hub).hitl.respond(other.id, { by: lead, ...answer })).rejects.toMatchObject(
        refused,
      );
      await close();
    },
  },
};
