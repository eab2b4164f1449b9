/** The server is killed with -9 under load, again and again, and started on the same file; all that was acked is there, once. */
import type { CheckingClient } from '../checking-client';
import type { Figures, Scenario, Stage } from '../stage';

const peopleEach = 4;

async function play(stage: Stage): Promise<Figures> {
  const kills = stage.sized(3, 100);
  const tickets = stage.sized(2, 4);
  let server = await stage.server();
  const proxy = await stage.proxy(server.port);
  const people = Array.from({ length: tickets * peopleEach }, (_, index) =>
    stage.client({
      port: () => proxy.port,
      ticketId: `killed-${Math.floor(index / peopleEach)}`,
      userId: `person-${index % peopleEach}`,
    }),
  );
  await Promise.all(people.map((each) => each.enter()));
  let isOver = false;
  const answers: Promise<void>[] = [];
  stage.ledger.onFirst = ({ event, hitl, ticket_id }) => {
    if (event !== 'hitl_request_pending' || !hitl) return;
    const others = people.filter(({ ticketId }) => ticketId === ticket_id);
    answers.push(answer(stage, others, hitl.id, answers.length));
  };
  const talks = people.map((each, index) => talk(stage, each, index, () => isOver));
  const downMs: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, stage.random.int(20, 400)));
    await server.kill();
    const begun = performance.now();
    server = await stage.server();
    proxy.targetPort = server.port;
    await Promise.all(
      people.map((each) => each.until(() => each.isLive, 'to be back after the kill', 60_000)),
    );
    downMs.push(performance.now() - begun);
  }
  isOver = true;
  await Promise.all(talks);
  await stage.quiet(server);
  await Promise.all(answers);
  const newcomers = Array.from({ length: tickets }, (_, index) =>
    stage.client({ port: () => server.port, ticketId: `killed-${index}`, userId: 'newcomer' }),
  );
  await Promise.all(newcomers.map((each) => each.enter()));
  const logs = await stage.audit(server);

  for (const { items } of logs) {
    const begun = items.filter(({ event }) => event === 'turn_started').length;
    const started = new Set(
      items.filter(({ event }) => event === 'turn_started').map(({ turn_id }) => turn_id),
    );
    const ended = items.filter(({ event, turn_id }) => event === 'turn_ended' && started.has(turn_id)).length;
    stage.check(begun === ended, `${begun} turns have begun and ${ended} have ended`);
  }
  const { acked, sent } = stage.ledger;
  return {
    kills,
    'messages and answers acked': acked.length,
    'sent and refused or overtaken': sent.length - acked.length,
    envelopes: logs.reduce((sum, { seq }) => sum + seq, 0),
    'deliveries checked': stage.ledger.observations,
    'from kill until all have resumed, ms': `${Math.round(Math.min(...downMs))} to ${Math.round(Math.max(...downMs))}`,
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
    await stage.insist(person, stage.message({ say: random.int(0, 2), ask: random.chance(0.2) ? 1 : 0 }));
    await new Promise((resolve) => setTimeout(resolve, random.int(0, 10)));
  }
}

/** Two people answer, differently; the kill may come before, between and after. */
async function answer(
  stage: Stage,
  people: readonly CheckingClient[],
  id: string,
  nth: number,
): Promise<void> {
  const random = stage.random.fork(`answer ${nth}`);
  const first = random.pick(people);
  const second = random.pick(people.filter((each) => each !== first));
  const told = await Promise.all([
    first.ask(stage.answer(id, 'approved')),
    second.ask(stage.answer(id, 'denied')),
  ]);
  const won = told.filter(({ event }) => event === 'ack').length;
  const lost = told.filter(({ code }) => code === 'already_resolved').length;
  stage.check(won === 1 && lost === 1, `of two answers to ${id} ${won} were acked and ${lost} refused`);
}

export const killLoop: Scenario = { name: 'kill-loop', play };
