import { assign, emit, setup } from 'xstate';
import { ModelFailure, type Schedule, testModel } from '../../lib/testing';
import { modelOfVault, Vault, vaults } from './vault';

async function failureOf(testing: Promise<unknown>): Promise<ModelFailure> {
  const failure = await testing.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof ModelFailure) return failure;
  throw new Error(`No failure was found: ${failure}`);
}

describe('sequences by chance', () => {
  it('hold for a system that does what the model says, and are counted', async () => {
    const model = modelOfVault();
    const { paths, steps, restarts } = await model.fuzz({
      ...vaults(),
      runs: 30,
      restart: (vault) => vault.restarted(),
    });
    expect(paths).toBe(30);
    expect(restarts).toBe(steps);
    expect(model.report().totals.transitions.seen).toBeGreaterThan(3);
    expect(Vault.inUse).toBe(0);
  });

  it('are made short when they fail, and come back with their seed', async () => {
    const failure = await failureOf(modelOfVault().fuzz({ ...vaults('one item too many'), seed: 42 }));
    expect(failure.path.name).toBe('enter who=ann, store item=gold, store item=gold, store item=gold');
    expect(failure.search.firstLength).toBeGreaterThan(4);
    expect(failure.message).toContain('Seed 42 finds it again.');
    const again = await failureOf(modelOfVault().fuzz({ ...vaults('one item too many'), seed: 42 }));
    expect(again.message).toBe(failure.message);
    expect(Vault.inUse).toBe(0);
  });

  it('let what the test itself cannot do pass as it is', async () => {
    const start = () => Promise.reject(new Error('no power'));
    await expect(modelOfVault().fuzz({ start })).rejects.toThrow('no power');
  });
});

/** A seat that the first to ask gets. */
const seatMachine = setup({
  types: {
    context: {} as { taker: string | null },
    events: {} as { type: 'take'; who: string } | { type: 'leave' },
    emitted: {} as { type: 'refused' },
  },
}).createMachine({
  id: 'seat',
  context: { taker: null },
  on: {
    take: [
      {
        guard: ({ context }) => context.taker === null,
        actions: assign({ taker: ({ event }) => event.who }),
      },
      { actions: emit({ type: 'refused' }) },
    ],
    leave: { actions: assign({ taker: null }) },
  },
});

/** A seat stored elsewhere, so that asking and taking are two trips. */
class Seat {
  static inUse = 0;
  private taker: string | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly schedule: Schedule,
    private readonly isCareful: boolean,
  ) {
    Seat.inUse += 1;
  }

  take(who: string): Promise<string> {
    const work = async () => {
      const isFree = await this.schedule('read', async () => this.taker === null);
      if (!isFree) return 'refused';
      await this.schedule('write', async () => {
        this.taker = who;
      });
      return 'ok';
    };
    if (!this.isCareful) return work();
    // Everybody waits for the one before.
    const mine = this.last.then(work);
    this.last = mine;
    return mine;
  }

  async leave(): Promise<string> {
    this.taker = null;
    return 'ok';
  }

  look(): object {
    return { taker: this.taker };
  }
}

const seats = testModel(seatMachine, {
  events: {
    take: {
      cases: [{ who: 'ann' }, { who: 'bob' }],
      perform: (seat: Seat, { who }: { who: string }) => seat.take(who),
    },
    leave: { perform: (seat: Seat) => seat.leave() },
  },
  reply: ({ emitted }) => emitted[0]?.type ?? 'ok',
  look: (seat: Seat) => seat.look(),
  view: ({ context }) => ({ taker: context.taker }),
});

describe('a search for races', () => {
  const stop = () => {
    Seat.inUse -= 1;
  };
  const careless = (schedule: Schedule) => new Seat(schedule, false);
  const careful = (schedule: Schedule) => new Seat(schedule, true);

  afterEach(() => {
    expect(Seat.inUse).toBe(0);
  });

  it('finds what asks first and acts later, which no sequence does', async () => {
    await seats.fuzz({ start: () => new Seat((_what, work) => work(), false), stop });
    const failure = await failureOf(seats.races({ start: careless, stop, events: ['take'], seed: 5 }));
    expect(failure.events.map(({ type }) => type)).toEqual(['take', 'take']);
    expect(failure.message).toMatch(/at the same time: take who=\w+ \| take who=\w+/);
    expect(failure.message).toContain('the system answers ok, ok; then shows');
    expect(failure.message).toContain('in no order does the model say that:');
    expect(failure.message).toContain('Seed 5 finds it again.');
    const again = await failureOf(seats.races({ start: careless, stop, events: ['take'], seed: 5 }));
    expect(again.message).toBe(failure.message);
  });

  it('holds for what lets one wait for the other, whatever comes between', async () => {
    const { paths } = await seats.races({ start: careful, stop, events: ['take'], runs: 60, together: 4 });
    expect(paths).toBe(60);
  });

  it('accepts only what the model says of some order', async () => {
    const mute = testModel(seatMachine, {
      events: { take: { perform: (_seat: Seat) => 'ok' }, leave: { perform: () => 'ok' } },
    });
    await expect(mute.races({ start: careful, stop })).rejects.toThrow(
      'Races of seat need reply, look and view',
    );
  });

  it('finds what breaks at the same time', async () => {
    const start = (schedule: Schedule) => {
      const seat = new Seat(schedule, true);
      let inside = 0;
      seat.take = async () => {
        inside += 1;
        await schedule('read', async () => {});
        if (inside > 1) throw new Error('two at once');
        inside -= 1;
        return seat.leave();
      };
      return seat;
    };
    const failure = await failureOf(seats.races({ start, stop, events: ['take'], before: 0 }));
    expect(failure.message).toContain('two at once');
  });
});
