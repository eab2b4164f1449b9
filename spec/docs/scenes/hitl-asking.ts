/** The scenes of `docs/hitl.md`: asking and answering. */
import type { ExpressHitl, RequestRecord } from '../../../lib';
import { portOf } from '../../../lib/hub/hub';
import { defineKind } from '../../../lib/index';
import { bodyOf, type Scenes, type } from '../example';
import { answer, askApproval, people, said, withAgent, withHub } from '../stage';
import { access, accessType, asAgent, type Body, firewallType, importZod, isCode } from './frames';

const { bob } = people;

export const hitlAskingScenes: Scenes = {
  approve: {
    ...bodyOf({ turn: type('Turn'), firewall: firewallType }),
    play: async (load) => {
      const blocked: object[] = [];
      const firewall = { block: async (args: object) => blocked.push(args) };
      await withAgent(asAgent(load, { firewall }), async ({ hub, alice }) => {
        await alice.ask({ type: 'message', content: 'go' });
        await answer(alice, 'approved');
        expect((await alice.next('turn_ended')).status).toBe('completed');
        expect(blocked).toEqual([{ ip: '203.0.113.7' }]);
        await alice.ask({ type: 'message', content: 'go' });
        await answer(alice, 'denied', { comment: 'Ours.' });
        expect(await said(alice)).toBe('Not blocked: denied. Ours.');
        await alice.ask({ type: 'message', content: 'go' });
        await alice.next('hitl_request_pending');
        await hub.advance(15 * 60_000);
        expect(await said(alice)).toBe('Not blocked: expired. ');
      });
    },
  },

  ask: {
    ...bodyOf({ turn: type('Turn') }),
    play: (load) =>
      withAgent(asAgent(load), async ({ alice }) => {
        for (const [status, response, reply] of [
          ['approved', { answer: 'Berlin' }, 'It is Berlin.'],
          ['approved', { answer: 'Neither: Oslo' }, 'It is Neither: Oslo.'],
          ['denied', {}, 'Then I leave it open.'],
        ] as const) {
          await alice.ask({ type: 'message', content: 'go' });
          await answer(alice, status, response);
          expect(await said(alice)).toBe(reply);
        }
      }),
  },

  display: {
    ...bodyOf({ turn: type('Turn') }),
    play: (load) =>
      withAgent(asAgent(load), async ({ alice }) => {
        await alice.ask({ type: 'message', content: 'go' });
        const { hitl } = await alice.next('hitl_request_pending');
        expect(hitl.display).toMatchObject({ risk: 'high', links: [{ label: 'The alert' }] });
        await alice.ask({ type: 'hitl_respond', request_id: hitl.id, status: 'denied' });
        expect(await said(alice)).toBe('Block a host of the scanner: denied');
      }),
  },

  request: {
    ...bodyOf({ hub: type('Hub'), report: '{ send(): Promise<void> }' }),
    play: (load) =>
      withHub({}, async (hub) => {
        const client = await hub.connect({ ticketId: 'T-1001' });
        const send = jest.fn();
        const done = load<Body>().example({ hub: hub.hub, report: { send } });
        await answer(client, 'approved', { answer: 'Yes' });
        await done;
        expect(send).toHaveBeenCalledTimes(1);
      }),
  },

  respond: {
    ...bodyOf({ hub: type('Hub'), request: type('RequestRecord') }, 'settled'),
    play: (load) =>
      withHub({}, async (hub) => {
        const given = { hub: hub.hub, request: await askApproval(hub) };
        const { example } = load<Body<RequestRecord>>();
        expect(await example(given)).toMatchObject({ status: 'approved', respondedBy: { userId: 'alice' } });
        await expect(example(given)).rejects.toEqual(
          isCode('already_resolved', {
            details: { hitl: expect.objectContaining({ status: 'approved' }) },
          }),
        );
      }),
  },

  kinds: {
    ...bodyOf(
      { access: accessType },
      'hitl',
      `import { defineKind, expressHitl } from 'express-hitl';\n${importZod}`,
    ),
    play: async (load) => {
      const hitl = await load<Body<ExpressHitl>>().example({ access });
      await hitl.start();
      const { hitl: requests } = portOf(hitl.hub);
      const asked = { ticketId: 'T-1', sessionId: 's', userId: 'alice', type: 'severity' };
      await expect(requests.request({ ...asked, payload: { alert: 'a-7' } })).rejects.toEqual(
        isCode('invalid_request'),
      );
      const { id, responseSchema } = await requests.request({
        ...asked,
        payload: { alert: 'a-7', highest: 4 },
      });
      expect(responseSchema).toMatchObject({ properties: { level: { maximum: 4 } } });
      const answered = (level: number) =>
        requests.respond(id, { by: bob, status: 'approved', response: { level } });
      await expect(answered(5)).rejects.toEqual(isCode('invalid_response'));
      expect(await answered(4)).toMatchObject({ status: 'approved', response: { level: 4 } });
      await hitl.close();
    },
  },

  'own-kind': {
    ...bodyOf({
      turn: `import('express-hitl').Turn<{
        kinds: {
          severity: import('express-hitl').Kind<
            { alert: string; highest: number }, object, { level: number }, { level: number }
          >;
        };
        user: import('express-hitl').User;
      }>`,
    }),
    play: async (load) => {
      const { z } = jest.requireActual<typeof import('zod')>('zod');
      const level = z.strictObject({ level: z.number() });
      const kinds = {
        severity: defineKind({ payload: z.looseObject({ highest: z.number() }), response: level }),
      };
      const { example } = load<Body>();
      await withAgent(
        (turn) => example({ turn }),
        async ({ hub, alice }) => {
          await alice.ask({ type: 'message', content: 'go' });
          await answer(alice, 'approved', { level: 3 });
          expect(await said(alice)).toBe('Level 3');

          const { turn_id } = await alice.ask({ type: 'message', content: 'go' });
          const { hitl } = await alice.next('hitl_request_pending');
          await alice.ask({ type: 'turn_cancel', turn_id });
          expect(await portOf(hub.hub).hitl.get(hitl.id)).toMatchObject({ status: 'cancelled' });
        },
        { kinds },
      );
    },
  },
};
