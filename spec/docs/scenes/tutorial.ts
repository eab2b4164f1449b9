/** The scenes of `docs/tutorial.md`: its blocks stand in the quick start, and run with the rest of that. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { createApp } from '../../../examples/quickstart/app';
import type { Agent, ExpressHitl } from '../../../lib';
import { bodyOf, type Load, type Scenes } from '../example';
import { fences, page, root } from '../pages';
import { answer, listening, said, withAgent } from '../stage';
import type { Body } from './frames';

const path = 'docs/tutorial.md';
const source = readFileSync(join(root, 'examples/quickstart/app.ts'), 'utf8');

/** What stands before and behind a block in the file it is quoted from. @throws Error if it does not stand there */
function around(label: string): { before: string; after: string } {
  const block = fences({ path, text: page(path) }).find((each) => each.label === label);
  const [before, after, ...more] = block ? source.split(block.text) : [];
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${path}: the block ${label} does not stand once in the quick start`);
  return { before, after };
}

/** Answers the request that waits as the app starts, and gives what the agent says then. */
async function play(load: Load): Promise<void> {
  for (const [status, reply] of [
    ['approved', 'Blocked 203.0.113.7.'],
    ['denied', 'Not blocked: denied.'],
  ] as const) {
    const start = (): readonly ExpressHitl[] => {
      const { server, hitl } = load<{ createApp: typeof createApp }>().createApp();
      server.listen(3000);
      return [hitl];
    };
    await listening(start, async ({ port, join }) => {
      const you = await join('/soc/ws/chat/ticket/T-1');
      const url = `http://127.0.0.1:${port}/soc/hitl`;
      let [request] = [] as { id: string; revision: number; display: { title: string } }[];
      while (!request)
        ({
          items: [request],
        } = await (await fetch(`${url}/inbox`)).json());
      expect(request.display.title).toBe('Block 203.0.113.7 for a day?');
      const answered = await fetch(`${url}/requests/${request.id}/respond`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ status, revision: request.revision }),
      });
      expect(answered.status).toBe(200);
      expect(await said(you)).toBe(reply);
    });
  }
}

export const tutorialScenes: Scenes = {
  app: { ...around('app'), play },
  agent: { ...around('agent'), play },

  question: {
    ...bodyOf({}, 'agent', `import type { Agent } from 'express-hitl';`),
    play: async (load) => {
      const agent = await load<Body<Agent>>().example({});
      await withAgent(agent, async ({ alice }) => {
        await alice.ask({ type: 'message', content: 'look at 203.0.113.7' });
        await answer(alice, 'approved', { answer: '1 day' });
        const { hitl } = await alice.next('hitl_request_pending');
        expect(hitl.payload.tool_args).toEqual({ ip: '203.0.113.7', hours: 24 });
        const frame = { type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' };
        await alice.ask(frame);
        expect(await said(alice)).toBe('Blocked 203.0.113.7 for 1 day.');

        await alice.ask({ type: 'message', content: 'look again' });
        await answer(alice, 'denied');
        expect(await said(alice)).toBe('Not blocked: denied.');
      });
    },
  },
};
