/** The scenes of `docs/hitl.md`: what waits for whom. */
import type { ExpressHitl, InboxCounts, RequestRecord } from '../../../lib';
import { bodyOf, type Scenes, type } from '../example';
import { askApproval, withHub } from '../stage';
import { access, accessType, type Body, importPlugin } from './frames';

export const hitlInboxScenes: Scenes = {
  inbox: {
    ...bodyOf({ hub: type('Hub') }, '{ items, nextCursor, total, byKind }'),
    play: (load) =>
      withHub({}, async ({ hub }) => {
        const never = await askApproval({ hub });
        const soon = await askApproval({ hub }, { expiresIn: '1h', policy: { groups: ['analyst'] } });
        await askApproval({ hub }, { ticketId: 'T-2001' });
        const question = { type: 'question', payload: { question: 'Why?' } };
        await askApproval({ hub }, { ...question, policy: { users: ['alice'] } });
        await askApproval({ hub }, { policy: { users: ['bob'] } });
        type Read = InboxCounts & { items: RequestRecord[]; nextCursor?: string };
        const { items, nextCursor, ...counts } = await load<Body<Read>>().example({ hub });
        expect(items.map(({ id }) => id)).toEqual([soon.id, never.id]);
        expect(nextCursor).toBeUndefined();
        expect(counts).toEqual({ total: 3, byKind: { tool_approval: 2, question: 1 } });
      }),
  },

  tickets: {
    ...bodyOf(
      { access: accessType, roster: '{ ticketsOf(id: string): Promise<string[]> }' },
      'hitl',
      importPlugin,
    ),
    play: async (load) => {
      let user: { id: string; groups: string[] } = { id: 'alice', groups: [] };
      const roster = { ticketsOf: async (id: string) => (id === 'alice' ? ['T-1001'] : []) };
      const given = { access: { auth: { ...access.auth, identify: () => user } }, roster };
      const { hub, router, start, close } = await load<Body<ExpressHitl>>().example(given);
      await start();
      await withHub({ app: (app) => app.use('/soc', router) }, async ({ url }) => {
        const mine = await askApproval({ hub });
        const other = await askApproval({ hub }, { ticketId: 'T-2001' });
        const read = async () => {
          const { items } = (await (await fetch(`${url}/soc/hitl/inbox?order=newest`)).json()) as {
            items: RequestRecord[];
          };
          return items.map(({ id }) => id).sort();
        };
        expect(await read()).toEqual([mine.id]);
        user = { id: 'bob', groups: [] };
        expect(await read()).toEqual([]);
        user = { id: 'lena', groups: ['lead'] };
        expect(await read()).toEqual([mine.id, other.id].sort());
      });
      await close();
    },
  },
};
