/** A turn with three calls of a tool, whose process ends before and after each of its commits in turn: every tool is run once, or once more where people said so. */
import type { ToolRule } from '../../../../lib/index';
import { type Args, ToolRig } from '../../../models/tool-rig';

/** Lets the turn go on, people answering what they are asked, until it is over, or its process has stopped. */
async function goOn(
  rig: ToolRig,
  turnId: string,
  word: string,
  stopped = new Promise<void>(() => {}),
): Promise<void> {
  const { requests } = rig.hub.hub;
  let isOver = false;
  stopped.then(() => {
    isOver = true;
  });
  for (let look = 0; look < 60 && !isOver; look += 1) {
    if ((await rig.hub.store.turn(turnId))?.status === 'completed') return;
    for (const { id, kind } of (await requests.list({ status: 'pending' })).items) {
      const by = { id: 'bob' };
      const answer =
        kind === 'question'
          ? ({ requestId: id, by, status: 'answered', answer: word } as const)
          : ({ requestId: id, by, status: 'approved' } as const);
      // A process that has ended does not answer.
      requests.answer(answer).catch(() => {});
    }
    await Promise.race([rig.pass('15s'), stopped]);
  }
}

const rules: ToolRule<Args>[] = [
  { when: ({ ip }) => ip === '10.0.0.1', decide: 'allow' },
  { when: ({ ip }) => ip === '10.0.0.9', decide: 'deny' },
];

async function play(nth: number, when: 'before' | 'after', word: string) {
  let left = nth;
  const rig = await ToolRig.start({ rules }, async (turn, tool) => {
    const call = (ip: string) => turn.callTool(tool, { ip });
    const first = await Promise.all([call('10.0.0.1'), call('10.0.0.2'), call('10.0.0.9')]);
    const last = await call('10.0.0.1');
    await turn.say([...first, last].map(({ status }) => status).join(' '));
  });
  try {
    let isStopped = false;
    const stopped = rig.stops.at(when, ({ fence }) => {
      left -= fence ? 1 : 0;
      return left === 0;
    });
    stopped.then(() => {
      isStopped = true;
    });
    const turnId = await rig.say('go');
    await goOn(rig, turnId, word, stopped);
    if (isStopped) await rig.crash();
    await goOn(rig, turnId, word);
    const { items } = await rig.hub.hub.requests.list();
    return {
      isStopped,
      status: (await rig.hub.store.turn(turnId))?.status,
      said: await rig.said(turnId),
      ran: rig.ran.map(({ ip }) => ip).sort(),
      keys: new Set(rig.ran.map(({ key }) => key)),
      questions: items.filter(({ kind }) => kind === 'question').length,
    };
  } finally {
    await rig.close();
  }
}

const places = ['before', 'after'].flatMap((when) =>
  ['it was done', 'do it again'].map((word) => [when, word]),
);

test.each(places as ['before' | 'after', string][])(
  'a process that ends %s any commit leaves no tool run twice by itself; asked, people say: %s',
  async (when, word) => {
    let questions = 0;
    let nth = 1;
    for (; ; nth += 1) {
      const end = await play(nth, when, word);
      questions += end.questions;
      expect([nth, end.status, end.said.length]).toEqual([nth, 'completed', 1]);
      const isConfirmed = end.questions > 0 && word === 'it was done';
      const again = isConfirmed ? 0 : end.questions;
      expect([nth, end.said[0]?.includes('confirmed')]).toEqual([nth, isConfirmed]);
      // One that was only about to run when its process ended is run by the word of people for the first time, or not at all.
      expect([0, 1]).toContain(3 + again - end.ran.length);
      expect(end.keys.size).toBe(isConfirmed ? end.ran.length : 3);
      if (end.questions === 0) expect(end.ran).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.2']);
      if (!end.isStopped) break;
    }
    expect(nth).toBeGreaterThan(10);
    expect(questions).toBeGreaterThan(0);
  },
  60_000,
);
