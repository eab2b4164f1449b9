/** A bad network: lines that break in the middle of a frame, go dead without a word, or are slow, while everybody talks. */
import type { CheckingClient } from '../checking-client';
import type { Plan } from '../fault-proxy';
import type { Random } from '../random';
import type { Figures, Scenario, Stage } from '../stage';

const peopleEach = 4;

async function play(stage: Stage): Promise<Figures> {
  const faults = stage.sized(20, 1_500);
  const tickets = stage.sized(2, 5);
  const server = await stage.server({ heartbeatMs: 500 });
  const plans = stage.random.fork('plans');
  const proxy = await stage.proxy(server.port, () => anyPlan(plans));
  const people = Array.from({ length: tickets * peopleEach }, (_, index) =>
    stage.client({
      port: () => proxy.port,
      ticketId: `cut-${Math.floor(index / peopleEach)}`,
      userId: `person-${index % peopleEach}`,
      // Lines go dead in the middle of a handshake too, and before the welcome.
      patienceMs: 2_000,
    }),
  );
  await Promise.all(people.map((each) => each.enter()));
  const done = () => proxy.counts.cut + proxy.counts.end + proxy.counts['half-open'];
  await Promise.all(people.map((each, index) => talk(stage, each, index, () => done() >= faults)));
  // The last words come through on good lines.
  proxy.plan = () => ({});
  proxy.cutAll();
  const logs = await stage.audit(server);
  return {
    ...proxy.counts,
    'messages acked': stage.ledger.acked.length,
    envelopes: logs.reduce((sum, { seq }) => sum + seq, 0),
    'deliveries checked': stage.ledger.observations,
  };
}

/** Most lines last for some time; a few do not last until the client has joined. A client that had only such would never catch up. */
function anyPlan(random: Random): Plan {
  const direction = random.pick(['up', 'down'] as const);
  const most = direction === 'up' ? 6_000 : 150_000;
  return {
    fault: {
      kind: random.pick(['cut', 'cut', 'end', 'half-open'] as const),
      direction,
      afterBytes: random.int(200, most),
    },
    delayMs: random.chance(0.3) ? random.int(1, 30) : 0,
  };
}

async function talk(
  stage: Stage,
  person: CheckingClient,
  index: number,
  isOver: () => boolean,
): Promise<void> {
  const random = stage.random.fork(`talk ${index}`);
  for (let round = 0; !isOver() && round < 100_000; round += 1) {
    await stage.insist(person, stage.message({ say: random.int(0, 3) }));
    await new Promise((resolve) => setTimeout(resolve, random.int(0, 40)));
  }
}

export const cuts: Scenario = { name: 'cuts', play };
