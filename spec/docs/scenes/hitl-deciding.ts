/** The scenes of `docs/hitl.md`: who may answer and until when. */
import type { AnswerPolicy, ExpressHitl, HubError } from '../../../lib';
import { portOf } from '../../../lib/hub/hub';
import { bodyOf, type Scenes, type } from '../example';
import { askApproval, people, said, withAgent, withHub } from '../stage';
import { access, accessType, asAgent, type Body, importPlugin, isCode } from './frames';

const { alice, bob, carol } = people;

export const hitlDecidingScenes: Scenes = {
  policies: {
    before: `import type { AnswerPolicy } from 'express-hitl';`,
    after: 'export { named, analysts, fourEyes, quorum, majority, rounds };',
    play: (load) =>
      withHub({}, async (hub) => {
        const policies = load<Record<string, AnswerPolicy>>();
        const someone = (id: string, ...groups: string[]) => ({ id, groups });
        /** What comes of these answers: the last status, or the code of a refusal, after each. */
        const outcomes = async (name: string, answers: [{ id: string; groups: string[] }, boolean][]) => {
          const policy = policies[name];
          if (!policy) throw new Error(`no policy ${name}`);
          const { id } = await askApproval(hub, { policy });
          const said: string[] = [];
          for (const [by, yes] of answers) {
            const status = yes ? 'approved' : 'denied';
            said.push(
              await portOf(hub.hub)
                .hitl.respond(id, { by, status })
                .then(
                  (record) => record.status,
                  ({ code, details }: HubError<'not_allowed'>) => String(details.rule ?? code),
                ),
            );
          }
          return said;
        };
        const board = (id: string) => someone(id, 'board');
        expect(
          await outcomes('named', [
            [someone('dave'), true],
            [bob, true],
          ]),
        ).toEqual(['answerers', 'approved']);
        expect(
          await outcomes('analysts', [
            [alice, true],
            [bob, true],
          ]),
        ).toEqual(['answerers', 'approved']);
        expect(
          await outcomes('fourEyes', [
            [alice, true],
            [someone('dave'), true],
          ]),
        ).toEqual(['four_eyes', 'approved']);
        expect(
          await outcomes('quorum', [
            [bob, true],
            [bob, true],
            [carol, true],
          ]),
        ).toEqual(['pending', 'already_answered', 'approved']);
        expect(
          await outcomes('majority', [
            [board('a'), false],
            [board('b'), true],
            [board('c'), false],
            [board('d'), false],
          ]),
        ).toEqual(['pending', 'pending', 'pending', 'denied']);
        expect(await outcomes('quorum', [[bob, false]])).toEqual(['denied']);
        expect(
          await outcomes('rounds', [
            [carol, true],
            [bob, true],
            [carol, true],
          ]),
        ).toEqual(['pending', 'pending', 'already_answered']);
        expect(
          await outcomes('rounds', [
            [someone('d', 'analyst'), true],
            [bob, true],
            [someone('e', 'analyst'), true],
            [carol, true],
          ]),
        ).toEqual(['pending', 'pending', 'answerers', 'approved']);
        const impossible = { users: ['alice'], approvals: 2 };
        await expect(askApproval(hub, { policy: impossible })).rejects.toEqual(isCode('invalid_request'));
      }),
  },

  agree: {
    ...bodyOf({ turn: type('Turn') }),
    play: (load) =>
      withAgent(asAgent(load), async ({ hub, alice: client }) => {
        const support = (name: string) => ({ id: name.toLowerCase(), name, groups: ['support'] });
        const asked = async () => {
          await client.ask({ type: 'message', content: 'go' });
          return (await client.next('hitl_request_pending')).hitl.id as string;
        };
        const say = async (id: string, name: string, answer: string) => {
          const said = { by: support(name), status: 'approved', response: { answer } } as const;
          return (await portOf(hub.hub).hitl.respond(id, said)).status;
        };
        const differing = await asked();
        expect(await say(differing, 'Bob', 'Refund')).toBe('pending');
        expect(await say(differing, 'Carol', 'Replace')).toBe('pending');
        expect(await say(differing, 'Bob', 'Replace')).toBe('approved');
        expect(await said(client)).toBe('Replace (Carol: Replace, Bob: Replace)');
        const declined = await asked();
        await say(declined, 'Carol', 'Replace');
        await portOf(hub.hub).hitl.respond(declined, { by: support('Bob'), status: 'denied' });
        expect(await said(client)).toBe('denied (Carol: Replace, Bob: declined)');
      }),
  },

  'may-respond': {
    ...bodyOf(
      { access: accessType, rota: '{ isOnShift(id: string): Promise<boolean> }' },
      'hitl',
      importPlugin,
    ),
    play: async (load) => {
      const rota = {
        isOnShift: async (id: string) => {
          if (id === 'carol') throw new Error('the rota is down');
          return id === 'bob';
        },
      };
      const { hub, start, close } = await load<Body<ExpressHitl>>().example({ access, rota });
      await start();
      const { id } = await askApproval({ hub });
      for (const by of [alice, carol]) {
        const refused = portOf(hub).hitl.respond(id, { by, status: 'approved' });
        await expect(refused).rejects.toMatchObject({ code: 'not_allowed', details: { rule: 'app' } });
        await expect(portOf(hub).hitl.claim(id, by)).rejects.toMatchObject({ code: 'not_allowed' });
      }
      expect(await portOf(hub).hitl.respond(id, { by: bob, status: 'approved' })).toMatchObject({
        status: 'approved',
      });
      await close();
    },
  },

  claim: {
    ...bodyOf({ hub: type('Hub'), request: type('RequestRecord') }),
    play: (load) =>
      withHub({}, async (hub) => {
        const { hitl } = portOf(hub.hub);
        const request = await askApproval(hub, { policy: { claim: 'exclusive' } });
        await load<Body>().example({ hub: hub.hub, request });
        const until = new Date(hub.clock.now() + 120_000).toISOString();
        expect(console.log).toHaveBeenCalledWith(`Alice until ${until}`);
        await hitl.claim(request.id, alice);
        const answered = () => hitl.respond(request.id, { by: bob, status: 'approved' });
        await expect(answered()).rejects.toEqual(isCode('claimed_by_other'));
        await hub.advance(120_000);
        expect(await answered()).toMatchObject({ status: 'approved' });
      }),
  },

  deadlines: {
    ...bodyOf({ turn: type('Turn') }),
    play: async (load) => {
      const told: string[] = [];
      const minute = 60_000;
      const prepare = ({ hub }: ExpressHitl) => {
        hub.on('request.reminded', () => told.push('reminded'));
        hub.on('request.escalated', ({ request }) => told.push(`escalated to ${request.policy.groups}`));
        hub.on('request.resolved', ({ request }) => told.push(request.status));
      };
      await withAgent(
        asAgent(load),
        async ({ hub, alice }) => {
          await alice.ask({ type: 'message', content: 'go' });
          await alice.next('hitl_request_pending');
          await hub.advance(5 * minute);
          expect(told).toEqual(['reminded']);
          await hub.advance(5 * minute);
          expect(told).toEqual(['reminded', 'reminded']);
          await hub.restart();
          const again = await hub.connect({ user: 'alice' });
          const [{ id }] = (await again.next('snapshot')).requests;
          const lead = { id: 'lena', groups: ['lead'] };
          await expect(portOf(hub.hub).hitl.claim(id, lead)).rejects.toEqual(isCode('not_allowed'));
          await hub.advance(5 * minute);
          expect(told.slice(2)).toEqual(['escalated to analyst,lead']);
          await portOf(hub.hub).hitl.claim(id, lead);
          await hub.advance(45 * minute);
          const record = await portOf(hub.hub).hitl.get(id);
          expect(record).toMatchObject({ status: 'denied', reason: 'nobody answered in time' });
          expect(record).not.toHaveProperty('respondedBy');
        },
        { prepare },
      );
    },
  },
};
