import { assign, emit, setup } from 'xstate';
import { LiveActor } from '../../../lib/hub/commit/live-actor';
import { idle } from '../rig';

type Counted = { type: 'counted'; to: number } | { type: 'born' };

/** Counts, and breaks in every place where a machine can break. */
const counter = setup({
  types: {
    context: {} as { count: number },
    events: {} as { type: 'add' | 'add_twice' | 'bad_guard' | 'bad_assign' | 'bad_action' | 'bad_nothing' },
    emitted: {} as Counted,
    input: {} as { count: number },
  },
}).createMachine({
  context: ({ input }) => input,
  entry: emit({ type: 'born' }),
  on: {
    add: {
      actions: [
        assign({ count: ({ context }) => context.count + 1 }),
        emit(({ context }) => ({ type: 'counted' as const, to: context.count })),
      ],
    },
    add_twice: {
      actions: [emit({ type: 'counted', to: 1 }), emit({ type: 'counted', to: 2 })],
    },
    bad_guard: { guard: () => fail('guard') },
    bad_assign: { actions: assign({ count: () => fail('assign') }) },
    bad_action: { actions: [emit({ type: 'counted', to: -1 }), () => fail('action')] },
    bad_nothing: {
      actions: () => {
        throw undefined;
      },
    },
  },
});

function fail(where: string): never {
  throw new Error(`broken in a ${where}`);
}

describe('A live actor', () => {
  it('gives what its birth emitted', () => {
    const [, emitted] = LiveActor.begin(counter, { count: 0 });
    expect(emitted).toEqual([{ type: 'born' }]);
  });

  it('gives what each event made it emit, in order, and only that', () => {
    const [live] = LiveActor.begin(counter, { count: 0 });
    expect(live.send({ type: 'add' })).toEqual([{ type: 'counted', to: 1 }]);
    expect(live.send({ type: 'add_twice' })).toEqual([
      { type: 'counted', to: 1 },
      { type: 'counted', to: 2 },
    ]);
    expect(live.snapshot.context.count).toBe(1);
  });

  it('is restored from its snapshot, without being created again, and leaves the snapshot untouched', () => {
    const [live] = LiveActor.begin(counter, { count: 0 });
    live.send({ type: 'add' });
    const kept = JSON.parse(JSON.stringify(live.persisted()));
    const before = structuredClone(kept);
    const back = LiveActor.restore(counter, kept);
    expect(back.send({ type: 'add' })).toEqual([{ type: 'counted', to: 2 }]);
    expect(kept).toEqual(before);
    expect(live.snapshot.context.count).toBe(1);
  });

  describe('whose machine breaks', () => {
    // Jest fails a test during which an uncaught error comes up; here is the time for it.
    afterEach(idle);

    it.each([
      ['guard', 'bad_guard'],
      ['assign', 'bad_assign'],
      ['action', 'bad_action'],
    ] as const)('in a %s throws internal with the cause, and nothing reaches the process', (where, type) => {
      const [live] = LiveActor.begin(counter, { count: 0 });
      const cause = expect.objectContaining({ message: expect.stringContaining(`broken in a ${where}`) });
      expect(() => live.send({ type })).toThrow(expect.objectContaining({ code: 'internal', cause }));
    });

    it('throws also when what was thrown is undefined', () => {
      const [live] = LiveActor.begin(counter, { count: 0 });
      expect(() => live.send({ type: 'bad_nothing' })).toThrow(expect.objectContaining({ code: 'internal' }));
    });

    it('stays broken: later events throw too, and what it emitted before it broke is not handed out', () => {
      // XState warns of events to an actor that has stopped.
      const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
      const [live] = LiveActor.begin(counter, { count: 0 });
      expect(() => live.send({ type: 'bad_action' })).toThrow();
      expect(() => live.send({ type: 'add' })).toThrow(expect.objectContaining({ code: 'internal' }));
      warn.mockRestore();
    });

    it('is not restored from a snapshot of it', () => {
      const [live] = LiveActor.begin(counter, { count: 0 });
      expect(() => live.send({ type: 'bad_action' })).toThrow();
      const kept = JSON.parse(JSON.stringify(live.persisted()));
      expect(() => LiveActor.restore(counter, kept)).toThrow(expect.objectContaining({ code: 'internal' }));
    });
  });
});
