/** The scenes of `docs/reference-api.md`. */
import { buildSchema, type GraphQLSchema, graphql } from 'graphql';
import type { Agent } from '../../../lib';
import { bodyOf, type Scenes, type } from '../example';
import { askApproval, withHub } from '../stage';
import { type Body, isCode } from './frames';

type Resolve = (parent: unknown, args: object, context: object) => Promise<object>;
interface Resolvers {
  Mutation: { resolveHITLRequest: Resolve };
}

/** A schema with the reference's names (A69), served by this resolver. */
function servedBy(resolve: Resolve): GraphQLSchema {
  const schema = buildSchema(`
    type HITLRequest {
      id: ID!
      sessionID: String!
      type: String!
      status: String!
      payload: String!
      response: String
      userID: String!
      createdAt: String!
      respondedAt: String
    }
    type Query { unused: String }
    type Mutation {
      resolveHITLRequest(id: ID!, approved: Boolean!, answer: String, comment: String): HITLRequest!
    }`);
  const field = schema.getMutationType()?.getFields().resolveHITLRequest;
  if (field) field.resolve = resolve;
  return schema;
}

/** As the reference's front end asks. */
const source = `
  mutation Resolve($id: ID!, $approved: Boolean!, $answer: String, $comment: String) {
    resolveHITLRequest(id: $id, approved: $approved, answer: $answer, comment: $comment) {
      id sessionID type status payload response userID createdAt respondedAt
    }
  }`;

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
        await hub.settled();
        expect(heard).toContain('session_message_added');
        expect(hub.hub.reference.getClientCount('T-1001')).toBe(1);
      }),
  },

  'test-hub': {
    ...bodyOf({ agent: type('Agent'), expect: '(value: unknown) => { toBe(expected: unknown): void }' }),
    play: async (load) => {
      let approvals = 0;
      const agent: Agent = async (turn) => {
        await turn.approve({ tool: 'block_ip', args: {}, expiresIn: '15m' });
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
        const schema = servedBy(resolve);
        /** What the mutation answers, and what its resolver threw. */
        const answer = async (variableValues: typeof args, user: string) => {
          const { data, errors } = await graphql({
            schema,
            source,
            variableValues,
            contextValue: as(user),
          });
          return { told: data?.resolveHITLRequest, thrown: errors?.[0]?.originalError };
        };
        expect((await answer(args, 'mallory')).thrown).toEqual(isCode('not_found'));
        expect((await answer({ ...args, answer: 'c' }, 'bob')).thrown).toEqual(isCode('invalid_response'));
        const time = new Date(hub.clock.now()).toISOString();
        expect(await answer(args, 'bob')).toEqual({
          told: {
            id: question.id,
            sessionID: question.sessionId,
            type: 'question',
            status: 'approved',
            payload: '{"question":"Which?","options":["a","b"]}',
            response: '{"answer":"a"}',
            userID: question.userId,
            createdAt: time,
            respondedAt: time,
          },
          thrown: undefined,
        });
        expect((await answer(args, 'carol')).thrown).toMatchObject({
          code: 'already_resolved',
          details: { hitl: { responded_by: { user_id: 'bob' } } },
        });

        const { id } = await askApproval(hub);
        const denial = { id, approved: false, answer: 'the panel sends one along', comment: 'no' };
        expect((await answer(denial as unknown as typeof args, 'bob')).told).toMatchObject({
          status: 'denied',
          response: '{"comment":"no"}',
        });
      }),
  },
};
