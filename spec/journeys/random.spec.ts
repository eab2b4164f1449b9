/** Whatever people do in a ticket, in whatever order: everybody sees the same log, whole, and every request has one outcome. */
import fc from 'fast-check';
import { portOf } from '../../lib/hub/hub';
import type { Agent } from '../../lib/index';
import type { TestClient, TestFrame } from '../../lib/testing/test-client';
import type { TestHub } from '../../lib/testing/test-hub';
import { idle } from '../hub/rig';
import { logOf, range, Stage } from './stage';

/** `who` is one of four people, each with one tab that may come, go, and come back. */
type Step =
  | { do: 'come'; who: number }
  | { do: 'go'; who: number }
  | { do: 'cancel'; who: number }
  | { do: 'say'; who: number; content: 'ask' | 'ask twice' | 'trace' | 'fail' | 'respond' }
  | { do: 'answer'; who: number; which: number; status: 'approved' | 'denied' }
  | { do: 'wait' };

const who = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('come' as const, 'come' as const, 'go' as const), who }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      who,
      content: fc.constantFrom(
        'ask' as const,
        'ask twice' as const,
        'trace' as const,
        'fail' as const,
        'respond' as const,
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      who,
      which: fc.nat(5),
      status: fc.constantFrom('approved' as const, 'denied' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), who }) },
  { weight: 4, arbitrary: fc.constant({ do: 'wait' as const }) },
);

const agent: Agent = async (turn) => {
  const { content } = turn.message;
  if (content === 'fail') throw new Error('on purpose');
  if (content === 'trace') for (let n = 0; n < 5; n += 1) void turn.trace(`${n}`);
  if (content.startsWith('ask')) {
    const tools = content === 'ask' ? ['one'] : ['one', 'two'];
    await Promise.all(tools.map((toolName) => turn.approve({ tool: toolName, args: {} })));
  }
  await turn.say('done');
};

/** One person, over all the connections of the one tab. */
class Person {
  client: TestClient | undefined;
  readonly connections: TestClient[] = [];
  readonly answers: Promise<TestFrame>[] = [];

  constructor(
    private readonly hub: TestHub,
    private readonly name: string,
  ) {}

  async come(): Promise<void> {
    const last = this.connections.flatMap(logOf).at(-1);
    const before = this.connections.at(-1)?.received.find(({ event }) => event === 'welcome');
    const position = last ?? before;
    // Reconnects where it was; also while it is connected, as a tab that is reloaded.
    this.client = await this.hub.connect({
      user: this.name,
      ...(position && { after: `${position.epoch}:${position.seq}` }),
    });
    this.connections.push(this.client);
    await this.client.next('welcome');
  }

  async go(): Promise<void> {
    await this.client?.close();
    this.client = undefined;
  }

  send(frame: { type: string; [field: string]: unknown }): void {
    const answer = this.client?.ask(frame);
    if (!answer) return;
    // One that goes before the answer comes has none.
    answer.catch(() => {});
    this.answers.push(answer);
  }

  /** Resolves when this person, if connected, has received all up to `seq`. */
  async catchUp(seq: number): Promise<void> {
    const told = () => this.connections.flatMap(({ received }) => received.map((frame) => frame.seq ?? 0));
    while (this.client && Math.max(0, ...told()) < seq) await this.client.next();
  }

  /** The ids that requests or turns have in what this person saw, oldest first. */
  seen(event: string): string[] {
    return this.connections
      .flatMap(logOf)
      .filter((envelope) => envelope.event === event)
      .map(({ hitl, turn }) => (hitl ?? turn).id);
  }
}

async function play(hub: TestHub, people: readonly Person[], steps: readonly Step[]): Promise<void> {
  for (const each of steps) {
    if (each.do === 'wait') {
      await idle();
      continue;
    }
    const person = people[each.who];
    if (!person) throw new Error('nobody');
    if (each.do === 'come') await person.come();
    else if (each.do === 'go') await person.go();
    else if (each.do === 'say') person.send({ type: 'message', content: each.content });
    else if (each.do === 'cancel') {
      const turn_id = person.seen('turn_started').at(-1);
      if (turn_id) person.send({ type: 'turn_cancel', turn_id });
    } else if (each.do === 'answer') {
      const pending = person.seen('hitl_request_pending');
      const request_id = pending[each.which % Math.max(1, pending.length)];
      if (request_id) person.send({ type: 'hitl_respond', request_id, revision: 1, status: each.status });
    }
  }
  await Promise.allSettled(people.flatMap(({ answers }) => answers));
  while (portOf(hub.hub).turns.size > 0) {
    const { items } = await portOf(hub.hub).hitl.list({ status: 'pending' });
    for (const { id } of items)
      await portOf(hub.hub)
        .hitl.cancel(id, 'the test is over')
        .catch(() => {});
    await idle();
  }
}

/** What the runs have reached together. */
const reached = { requests: 0, late: 0 };

/** Every person who is still in has the whole log, and every connection had a piece of it without a gap. */
async function expectOneLog(people: readonly Person[], log: readonly TestFrame[]): Promise<void> {
  expect(log.map(({ seq }) => seq)).toEqual(range(1, log.length));
  for (const person of people) {
    await person.catchUp(log.length);
    for (const connection of person.connections) {
      const seen = logOf(connection);
      const { seq: start, resumed } = connection.received[0];
      // What was missed is sent up to `start`, a snapshot stands for all up to it, and then it is live.
      const first = seen[0]?.seq ?? start + 1;
      if (!resumed) expect(first).toBe(start + 1);
      expect(seen).toEqual(log.slice(first - 1, first - 1 + seen.length));
      if (connection === person.client) expect(first + seen.length - 1).toBe(log.length);
    }
    // And the connections of one tab after each other are one log too. What the older was still sent while the newer was
    // already on its way with its position comes twice.
    const whole = [...new Set<number>(person.connections.flatMap(logOf).map(({ seq }) => seq))];
    const [oldest = 1] = whole;
    expect(whole).toEqual(range(oldest, oldest + whole.length - 1));
  }
}

/** Every request that was asked was settled once, by the one answer that was acknowledged if there was one. */
async function expectOneOutcomeEach(people: readonly Person[], log: readonly TestFrame[]): Promise<void> {
  const settled = log.filter(({ event }) => event === 'hitl_request_resolved').map(({ hitl }) => hitl);
  const asked = log.filter(({ event }) => event === 'hitl_request_pending').map(({ hitl }) => hitl.id);
  expect(settled.map(({ id }) => id).toSorted()).toEqual(asked.toSorted());
  const answers = (await Promise.allSettled(people.flatMap((person) => person.answers))).flatMap((each) =>
    each.status === 'fulfilled' ? [each.value] : [],
  );
  for (const { event, hitl, code, details } of answers) {
    if (event === 'ack' && hitl) expect(settled).toContainEqual(hitl);
    if (code === 'already_resolved') expect(settled).toContainEqual(details.hitl);
    if (event === 'error') expect(['already_resolved', 'turn_ended']).toContain(code);
  }
  const won = answers.filter(({ event, hitl }) => event === 'ack' && hitl).map(({ hitl }) => hitl.id);
  expect(new Set(won).size).toBe(won.length);
  reached.requests += asked.length;
  reached.late += answers.filter(({ code }) => code === 'already_resolved').length;
}

/** Every turn that was seen, in the queue or at its start, has ended once. */
function expectOneEndEach(log: readonly TestFrame[]): void {
  const seen = log.flatMap(({ turn_id }) => (turn_id === undefined ? [] : [turn_id]));
  const ended = log.filter(({ event }) => event === 'turn_ended').map(({ turn_id }) => turn_id);
  expect(ended.toSorted()).toEqual([...new Set(seen)].toSorted());
}

async function hold(steps: readonly Step[]): Promise<void> {
  const stage = new Stage();
  try {
    const hub = await stage.start({ agent });
    const people = range(1, 4).map((n) => new Person(hub, `person ${n}`));
    for (const person of people) await person.come();
    await play(hub, people, steps);
    const { items: log } = await hub.store.log('T-1', 0, 10_000);
    await expectOneLog(people, log);
    await expectOneOutcomeEach(people, log);
    expectOneEndEach(log);
  } finally {
    await stage.clear();
  }
}

describe('Whatever people do', () => {
  it('every client sees the same log without a gap, and every request and turn ends once', async () => {
    const steps = fc.array(step, { minLength: 20, maxLength: 60 });
    await fc.assert(fc.asyncProperty(steps, hold), { seed: 20_260_101, numRuns: 12 });
    // That the runs have reached what they are about.
    expect(reached.requests).toBeGreaterThan(20);
    expect(reached.late).toBeGreaterThan(5);
  }, 60_000);
});
