/** The scenes of `docs/durable-turns.md`. */
import type { DurableTurn, ExpressHitl } from '../../../lib';
import type { TestHub } from '../../../lib/testing';
import { bodyOf, type Load, type Scenes, type } from '../example';
import { inEmptyFolder, withHub } from '../stage';
import type { Body } from './frames';

const importDurable = `import { durable } from 'express-hitl';`;

/** A hub whose agent the block registers. */
function withBlock(load: Load, given: object, play: (hub: TestHub) => Promise<void>): Promise<void> {
  return withHub({ prepare: (hitl) => void load<Body>().example({ hitl, ...given }) }, play);
}

/** Runs one turn, in which everybody says yes; gives what it said. */
async function turnOf({ hub }: Pick<ExpressHitl, 'hub'>, answers: (id: string, kind: string) => object) {
  const said: string[] = [];
  hub.on('message.added', ({ message }) => void (message.type === 'response' && said.push(message.content)));
  hub.on('request.opened', ({ request: { id, kind } }) => {
    void hub.requests.answer({ requestId: id, by: { id: 'bob' }, ...answers(id, kind) } as never);
  });
  const ended = new Promise((resolve) => hub.on('turn.ended', resolve));
  await hub.turns.start({ ticketId: 'T-1', user: { id: 'alice', name: 'Alice' }, content: 'go' });
  await ended;
  return said;
}

export const durableTurnsScenes: Scenes = {
  durable: {
    before: `
      const auth = { identify: () => 'alice', authorize: () => 'allow' as const };
      const model = { plan: async (text: string) => ({ text, host: 'h-1', user: 'u-1' }) };
      export const isolated: [string, string][] = [];
      const edr = { isolate: async (host: string, { idempotencyKey }: { idempotencyKey: string }) => void isolated.push([host, idempotencyKey]) };`,
    after: 'export { hitl };',
    play: (load) =>
      inEmptyFolder(async () => {
        const { hitl, isolated } = load<{ hitl: ExpressHitl; isolated: [string, string][] }>();
        try {
          await hitl.start();
          const said = await turnOf(hitl, () => ({ status: 'approved' }));
          expect(said).toEqual(['Host: approved. User: approved.']);
          expect(isolated).toEqual([['h-1', expect.any(String)]]);
        } finally {
          await hitl.close();
        }
      }),
  },

  again: {
    ...bodyOf(
      {
        hitl: type('ExpressHitl'),
        bridge: `{
          run(from: unknown, outcomes: readonly unknown[]): Promise<
            { done: true; text: string } | { done: false; graph: unknown; questions: { id: string; text: string }[] }
          >;
        }`,
      },
      'undefined',
      importDurable,
    ),
    play: async (load) => {
      const bridge = {
        run: async (from: unknown, outcomes: readonly { answer?: string }[]) =>
          outcomes.length === 0
            ? { done: false, graph: { from }, questions: [{ id: 'q', text: 'Which?' }] }
            : { done: true, text: `${JSON.stringify(from)} ${outcomes[0]?.answer}` },
      };
      await withBlock(load, { bridge }, async (hub) => {
        const running = turnOf(hub.hitl, () => ({ status: 'answered', answer: 'this' }));
        const over = running.then(() => true);
        while (!(await Promise.race([over, new Promise((resolve) => setImmediate(resolve))])))
          await hub.advance('1s');
        expect(await running).toEqual(['{"from":"go"} this']);
      });
    },
  },

  versions: {
    ...bodyOf(
      {
        hitl: type('ExpressHitl'),
        agentOfMay: `(turn: ${type('DurableTurn')}) => unknown`,
        agentOfApril: `(turn: ${type('DurableTurn')}) => unknown`,
      },
      'undefined',
      importDurable,
    ),
    play: (load) => {
      const agentOfMay = (turn: DurableTurn) => turn.say(`may ${turn.since('april')}`);
      return withBlock(load, { agentOfMay, agentOfApril: () => {} }, async ({ hitl }) => {
        expect(await turnOf(hitl, () => ({}))).toEqual(['may true']);
      });
    },
  },
};
