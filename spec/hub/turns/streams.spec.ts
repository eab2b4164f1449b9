/** The messages that grow on a node, without a turn around them: as an engine that goes on with a turn uses them, and as clients follow them. */
import fc from 'fast-check';
import { createLogger, transports } from 'winston';
import '../../seed';
import { type Envelope, emptyView, reduce, type View } from '../../../lib/client';
import { HubError } from '../../../lib/errors';
import { AfterCommit } from '../../../lib/hub/commit/after-commit';
import { Funnel } from '../../../lib/hub/commit/funnel';
import type { Outbound } from '../../../lib/hub/tickets/broadcast';
import { openingFor } from '../../../lib/hub/tickets/opening';
import { maxOutputBytes, type Speaker } from '../../../lib/hub/turns/outputs';
import { maxCaughtUp, Streams } from '../../../lib/hub/turns/streams';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { Store } from '../../../lib/store/store';
import { ManualClock } from '../../../lib/testing/manual-clock';
import { turnRecord } from '../../store/records';
import { idle } from '../rig';

/** A store, what was sent of it, and the streams between them. */
class Stage {
  readonly clock = new ManualClock();
  readonly store: Store = memoryStore();
  /** In the order in which clients are sent it. */
  readonly sent: Outbound[] = [];
  readonly streams: Streams;
  readonly abort = new AbortController();
  readonly turn: Speaker = { id: 't', ticketId: 'T', sessionId: 's', signal: this.abort.signal };

  constructor() {
    const logger = createLogger({ silent: true, transports: [new transports.Console()] });
    const after = new AfterCommit(logger);
    after.add('sent', ({ envelopes }) => this.sent.push(...envelopes));
    const funnel = new Funnel(this.store, after, logger);
    const rooms = {
      deliver: (_ticketId: string, outbounds: readonly Outbound[]) => void this.sent.push(...outbounds),
    };
    this.streams = new Streams({ store: this.store, funnel, clock: this.clock, rooms });
  }

  async open(): Promise<this> {
    await this.store.open();
    const turn = turnRecord({ id: 't', ticketId: 'T', sessionId: 's', status: 'running' });
    await this.store.commit([{ ticketId: 'T', at: 0, turns: [turn], envelopes: [] }]);
    return this;
  }

  /** What a client has that joins now. */
  async join(): Promise<View> {
    const { snapshot } = (await openingFor(this.store, 'T', undefined, [], 0)) as { snapshot: Envelope };
    return [snapshot, ...this.streams.deltas('T')].reduce(reduce, emptyView());
  }
}

const tick = () => new Promise((resolve) => setImmediate(resolve));
const response = { type: 'response' } as const;

test('whatever a client misses and whenever it joins, it shows a beginning of the text, and all of it in the end', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ write: fc.string({ unit: 'grapheme', maxLength: 300 }) }) },
    { weight: 4, arbitrary: fc.constant({ tick: true }) },
    { weight: 1, arbitrary: fc.constant({ wait: true }) },
    { weight: 1, arbitrary: fc.constant({ join: true }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.infiniteStream(fc.boolean()),
      async (steps, drops) => {
        const stage = await new Stage().open();
        const stream = stage.streams.begin(stage.turn, response);
        let written = '';
        /** How far each client has read what is sent, and what it shows. */
        const clients = [{ read: 0, view: emptyView() }];
        const follow = () => {
          for (const client of clients) {
            for (const envelope of stage.sent.slice(client.read) as Envelope[]) {
              const isDropped = envelope.event === 'message_delta' && drops.next().value;
              if (!isDropped) client.view = reduce(client.view, envelope);
            }
            client.read = stage.sent.length;
            const shown = client.view.timeline.at(-1)?.content ?? '';
            expect(written.startsWith(shown)).toBe(true);
          }
        };
        for (const each of steps) {
          if ('write' in each) {
            written += each.write;
            void stream.write(each.write);
          } else if ('tick' in each) await tick();
          else if ('wait' in each) stage.clock.advance(5_000);
          else {
            const read = stage.sent.length;
            const view = await stage.join();
            // What was sent meanwhile is held back, without deltas, and then sent.
            clients.push({ read, view });
          }
          follow();
        }
        const { content } = await stream.end();
        follow();
        expect(content).toBe(written);
        for (const { view } of clients) {
          expect(view.timeline.map((line) => [line.content, line.is_streaming])).toEqual([
            [written, undefined],
          ]);
        }
      },
    ),
    { numRuns: 150 },
  );
}, 30_000);

test('one whose id is given continues the message of that id from its beginning, as after a crash in the middle', async () => {
  const stage = await new Stage().open();
  const first = stage.streams.begin(stage.turn, { ...response, id: 'm-1' });
  await first.write('half of the first try');
  await idle();
  const again = stage.streams.begin(stage.turn, { ...response, id: 'm-1' });
  await again.write('the second');
  await idle();
  expect(
    stage.sent.reduce((view, each) => reduce(view, each as Envelope), emptyView()).timeline,
  ).toMatchObject([{ id: 'm-1', content: 'the second', is_streaming: true }]);
  await again.write(' try');
  const whole = await again.end();
  expect(whole).toMatchObject({ id: 'm-1', content: 'the second try', revisions: [] });
  expect(await stage.store.message('m-1')).toEqual(whole);
});

test('one with a way of its own to commit goes that way each time, and says which is the end', async () => {
  const stage = await new Stage().open();
  const commits: [string, boolean][] = [];
  const stream = stage.streams.begin(stage.turn, {
    ...response,
    commit: async ({ messages = [] }, isEnd) => {
      commits.push([messages.map(({ content }) => content).join(), isEnd]);
    },
  });
  await stream.write('so ');
  await idle();
  await stream.write('far');
  await stream.end();
  expect(commits).toEqual([
    ['so ', false],
    ['so far', true],
  ]);
  expect(stage.sent.filter((each) => !('event' in each) || each.event !== 'message_delta')).toEqual([]);
});

test('a commit that is refused for good ends it, and the writer gets the reason', async () => {
  const stage = await new Stage().open();
  const lost = new HubError('conflict', { message: 'another process has the turn' });
  let isLost = false;
  const stream = stage.streams.begin(stage.turn, {
    ...response,
    commit: async () => {
      if (isLost) throw lost;
    },
  });
  await stream.write('mine');
  await idle();
  isLost = true;
  await stream.write(`${'x'.repeat(1_000)}`);
  await idle();
  await expect(stream.write('more')).rejects.toBe(lost);
  await expect(stream.end()).rejects.toBe(lost);
  expect(stage.streams.deltas('T')).toEqual([]);
});

test(`a client that joins is sent at most ${maxCaughtUp} characters of what is not committed`, async () => {
  const stage = await new Stage().open();
  const streams = Array.from({ length: 6 }, () => {
    let isStored = false;
    return stage.streams.begin(stage.turn, {
      ...response,
      commit: async () => {
        if (isStored) throw new HubError('storage_failed');
        isStored = true;
      },
    });
  });
  for (const stream of streams) await stream.message;
  for (const stream of streams) void stream.write('x'.repeat(maxOutputBytes - 10));
  await idle();
  const sizes = stage.streams.deltas('T').map(({ text }) => text.length);
  expect(sizes).toEqual(Array(4).fill(maxOutputBytes - 10));
  expect(stage.streams.deltas('other')).toEqual([]);
});

test('nothing of one that is over is held', async () => {
  const stage = await new Stage().open();
  const streams = [stage.streams.begin(stage.turn, response), stage.streams.begin(stage.turn, response)];
  for (const stream of streams) await stream.write('text');
  await idle();
  for (const stream of streams) await stream.write('more');
  await tick();
  expect(stage.clock.pending).toBe(2);
  stage.abort.abort(new HubError('turn_ended'));
  await idle();
  expect(stage.clock.pending).toBe(0);
  expect(stage.streams.deltas('T')).toEqual([]);
  expect(() => stage.streams.begin(stage.turn, response)).toThrow('ended');
  expect((await stage.join()).timeline).toMatchObject([{ content: 'textmore' }, { content: 'textmore' }]);
});
