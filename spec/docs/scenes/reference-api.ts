/** The scenes of `docs/reference-api.md`. */
import type { Agent, RequestRecord } from '../../../lib';
import { bodyOf, type Scenes, type } from '../example';
import { askApproval, withHub } from '../stage';
import { type Body, isCode } from './frames';

interface Resolvers {
  Mutation: {
    resolveHITLRequest(parent: unknown, args: object, context: object): Promise<RequestRecord>;
  };
}

export const referenceApiScenes: Scenes = {
  sending: {
    ...bodyOf({ hub: type('Hub') }),
    play: (load) =>
      withHub({}, async (hub) => {
        const alice = await hub.connect({ user: 'alice', ticketId: 'T-1001' });
        const bob = await hub.connect({ user: 'bob', ticketId: 'T-1001', dialect: 'classic' });
        await bob.next('status');
        await load<Body<void>>().example({ hub: hub.hub });
        expect(await alice.next('notice')).toMatchObject({
          kind: 'status',
          content: 'The mail gateway is back',
        });
        expect(await bob.next('status')).toMatchObject({ content: 'The mail gateway is back' });
        expect(await bob.next('message')).toMatchObject({ user: { id: 'rota', name: 'Rota' } });
        expect(console.log).toHaveBeenCalledWith('T-1001', 2, 'of', 2);
      }),
  },

  sink: {
    ...bodyOf({ hub: type('Hub') }, '{ heard, pager }'),
    play: (load) =>
      withHub({}, async (hub) => {
        const alice = await hub.connect({ user: 'alice', ticketId: 'T-1001' });
        const { example } = load<Body<{ heard: string[] }>>();
        const { heard } = await example({ hub: hub.hub });
        expect((await alice.next('session_message_added')).message.content).toBe('Disk of ws-17 is full');
        await hub.hub.settled();
        expect(heard).toContain('session_message_added');
        expect(hub.hub.getClientCount('T-1001')).toBe(1);
      }),
  },

  'test-hub': {
    ...bodyOf({ agent: type('Agent'), expect: '(value: unknown) => { toBe(expected: unknown): void }' }),
    play: async (load) => {
      let approvals = 0;
      const agent: Agent = async (turn) => {
        await turn.approve({ toolName: 'block_ip', toolArgs: {}, expiresIn: '15m' });
        approvals += 1;
      };
      await load<Body>().example({ agent, expect });
      expect(approvals).toBe(1);
    },
  },

  resolver: {
    ...bodyOf(
      { hub: type('Hub'), mayUse: '(ticketId: string, user: User) => Promise<boolean>' },
      'resolvers',
      `import { HubError, type User } from 'express-hitl';
       interface ResolveArgs { id: string; approved: boolean; answer?: string | null; comment?: string | null }
       interface Context { user: User }`,
    ),
    play: (load) =>
      withHub({}, async (hub) => {
        const mayUse = async (_ticketId: string, { id }: { id: string }) => id !== 'mallory';
        const { example } = load<Body<Resolvers>>();
        const { resolveHITLRequest: resolve } = (await example({ hub: hub.hub, mayUse })).Mutation;
        const as = (id: string) => ({ user: { id, name: id } });

        const question = await askApproval(hub, {
          type: 'question',
          payload: { question: 'Which?', options: ['a', 'b'] },
        });
        const args = { id: question.id, approved: true, answer: 'a', comment: null };
        await expect(resolve({}, args, as('mallory'))).rejects.toEqual(isCode('not_found'));
        await expect(resolve({}, { ...args, answer: 'c' }, as('bob'))).rejects.toEqual(
          isCode('invalid_response'),
        );
        expect(await resolve({}, args, as('bob'))).toMatchObject({
          status: 'approved',
          payload: '{"question":"Which?","options":["a","b"]}',
          response: '{"answer":"a"}',
        });
        await expect(resolve({}, args, as('carol'))).rejects.toMatchObject({
          code: 'already_resolved',
          details: { hitl: { responded_by: { user_id: 'bob' } } },
        });

        const { id } = await askApproval(hub);
        const denial = { id, approved: false, answer: 'the panel sends one along', comment: 'no' };
        expect(await resolve({}, denial, as('bob'))).toMatchObject({
          status: 'denied',
          response: '{"comment":"no"}',
        });
      }),
  },
};
