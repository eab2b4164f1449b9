/** The scenes of `docs/hitl.md`: what becomes of a request that was asked before. */
import express from 'express';
import request from 'supertest';
import type { Agent, ExpressHitl, Turn, User } from '../../../lib';
import { portOf } from '../../../lib/hub/hub';
import { bodyOf, type Scenes, type } from '../example';
import { askApproval, people, said, withAgent, withHub } from '../stage';
import {
  access,
  accessType,
  asAgent,
  type Body,
  firewallType,
  importTurn,
  importZod,
  isCode,
} from './frames';

const { bob } = people;

export const hitlChangingScenes: Scenes = {
  key: {
    ...bodyOf({ turn: type('Turn') }),
    play: (load) =>
      withAgent(asAgent(load), async ({ hub, alice }) => {
        await alice.ask({ type: 'message', content: 'go' });
        const { hitl } = await alice.next('hitl_request_pending');
        await hub.restart();
        await portOf(hub.hub).hitl.respond(hitl.id, { by: bob, status: 'approved' });
        const again = await hub.connect({ user: 'alice' });
        for (const _ of ['the answer given meanwhile', 'and not put twice']) {
          await again.ask({ type: 'message', content: 'go' });
          expect(await said(again)).toBe('ws-17: approved');
        }
        expect((await portOf(hub.hub).hitl.list()).items).toHaveLength(1);
      }),
  },

  supersede: {
    ...bodyOf({ turn: type('Turn') }),
    play: (load) =>
      withAgent(asAgent(load), async ({ hub, alice }) => {
        const older = await askApproval(hub, { ticketId: 'T-1', key: 'block of the scanner' });
        const other = { tool_name: 'block_ip', tool_args: {} };
        await expect(
          askApproval(hub, { ticketId: 'T-1', key: 'block of the scanner', payload: other }),
        ).rejects.toEqual(isCode('key_conflict', { details: { request_id: older.id } }));
        await alice.ask({ type: 'message', content: 'go' });
        const resolved = await alice.next('hitl_request_resolved');
        const pending = await alice.next('hitl_request_pending');
        expect(pending.seq).toBe(resolved.seq + 1);
        expect(await portOf(hub.hub).hitl.get(older.id)).toMatchObject({ status: 'superseded' });
        const { id } = pending.hitl;
        await alice.ask({ type: 'hitl_respond', request_id: id, revision: 1, status: 'approved' });
        expect(await said(alice)).toBe('The whole net: approved');
      }),
  },

  amend: {
    ...bodyOf({ hub: type('Hub'), request: type('RequestRecord') }),
    play: (load) =>
      withHub({}, async (hub) => {
        const { hitl } = portOf(hub.hub);
        const request = await askApproval(hub);
        const amended = await askApproval(hub);
        await hitl.amend(amended.id, { ...amended.payload, tool_args: { ip: '203.0.113.8' } });
        for (const revision of [{}, { revision: 1 }]) {
          const answered = hitl.respond(amended.id, { by: bob, status: 'approved', ...revision });
          await expect(answered).rejects.toEqual(isCode('stale_revision'));
        }
        await load<Body>().example({ hub: hub.hub, request });
        expect(console.log).toHaveBeenCalledWith(2);
        expect(await hitl.get(request.id)).toMatchObject({
          status: 'cancelled',
          reason: 'the scan has stopped',
        });
      }),
  },

  editable: {
    ...bodyOf({ hitl: type('ExpressHitl'), firewall: firewallType }, 'agent', `${importZod}\n${importTurn}`),
    play: async (load) => {
      let agent: Agent = () => {};
      const blocked: object[] = [];
      await withAgent(
        (turn: Turn) => agent(turn),
        async ({ hub, alice }) => {
          const firewall = { block: async (args: object) => blocked.push(args) };
          agent = await load<Body<Agent>>().example({ hitl: hub.hitl, firewall });
          await alice.ask({ type: 'message', content: 'go' });
          const { hitl } = await alice.next('hitl_request_pending');
          const frame = { type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' };
          const edited = (hours: number) =>
            alice.ask({ ...frame, response: { tool_args: { ip: '203.0.113.7', hours } } });
          expect(await edited(96)).toMatchObject({ code: 'invalid_response' });
          expect(await edited(24)).toMatchObject({ event: 'ack' });
          await alice.next('turn_ended');
          expect(blocked).toEqual([{ ip: '203.0.113.7', hours: 24 }]);
          const { digest, approvedDigest } = await portOf(hub.hub).hitl.get(hitl.id);
          expect(approvedDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
          expect(approvedDigest).not.toBe(digest);
          const several = { payload: { ...hitl.payload, editable: true }, policy: { approvals: 2 } };
          expect((await askApproval(hub, several)).payload.editable).toBe(false);
        },
      );
    },
  },

  withdraw: {
    ...bodyOf(
      { access: accessType },
      '{ hitl, calledOff }',
      `import { expressHitl, type User } from 'express-hitl';`,
    ),
    play: async (load) => {
      type Given = { hitl: ExpressHitl; calledOff(id: string, user: User): Promise<void> };
      const { hitl, calledOff } = await load<Body<Given>>().example({ access });
      await hitl.start();
      const request = await askApproval(hitl);
      await expect(calledOff(request.id, bob)).rejects.toEqual(isCode('not_allowed'));
      await calledOff(request.id, { id: 'olga', groups: ['operator'] });
      expect(console.log).toHaveBeenCalledWith('cancelled');
      await calledOff((await askApproval(hitl)).id, { id: request.userId });
      await hitl.close();
    },
  },

  service: {
    ...bodyOf(
      { access: accessType, workerToken: 'string' },
      'hitl',
      `import { expressHitl } from 'express-hitl';`,
    ),
    play: async (load) => {
      const hitl = await load<Body<ExpressHitl>>().example({ access, workerToken: 's3cret' });
      await hitl.start();
      const server = express().use(hitl.router);
      const ask = (token: string, ticket_id: string) =>
        request(server)
          .post('/hitl/requests')
          .set('authorization', `Bearer ${token}`)
          .send({ ticket_id, type: 'question', payload: { question: 'Restart?' } });
      await ask('s3cret', 'OPS-1').expect(201);
      await ask('s3cret', 'OPS-2').expect(403);
      await ask('guessed', 'OPS-1').expect(401);
      await hitl.close();
    },
  },

  audit: {
    ...bodyOf({ hub: type('Hub') }),
    play: (load) =>
      withHub({}, async (hub) => {
        const { id } = await askApproval(hub, { ticketId: 'T-1001' });
        const from = '192.0.2.17';
        await portOf(hub.hub).hitl.respond(id, { by: bob, status: 'denied' }, { via: 'rest', from });
        await load<Body>().example({ hub: hub.hub });
        expect(console.log).toHaveBeenLastCalledWith(2, 'responded', 'Bob', from, '');
      }),
  },

  occasion: {
    ...bodyOf({ hub: type('Hub'), request: type('RequestRecord') }),
    play: (load) =>
      withHub({}, async (hub) => {
        const request = await askApproval(hub);
        await load<Body>().example({ hub: hub.hub, request });
        const { items } = await hub.store.audit({ ticketId: request.ticketId }, 10);
        const by = { userId: 'carol', displayName: 'Carol' };
        const reason = 'the scan has stopped';
        expect(items[1]).toMatchObject({ event: 'cancelled', by, from: '192.0.2.17', via: 'app', reason });
      }),
  },
};
