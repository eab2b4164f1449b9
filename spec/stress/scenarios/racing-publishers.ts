/** Many clients of one ticket speak and answer at once, and say everything twice: one order for all, one winner, nothing twice. */
import type { CheckingClient } from '../checking-client';
import type { ServerProcess } from '../server-process';
import type { Figures, Scenario, Stage } from '../stage';
import type { HitlOnWire, OnWire } from '../wire';

const ticketId = 'race';

async function play(stage: Stage): Promise<Figures> {
  const users = stage.sized(6, 24);
  const rounds = stage.sized(10, 100);
  const server = await stage.server({ maxClientsPerTicket: users * 2 });
  const people = Array.from({ length: users }, (_, index) =>
    ['one', 'two'].map((tab) =>
      stage.client({ port: () => server.port, ticketId, userId: `user-${index}`, tab }),
    ),
  );
  const all = people.flat();
  await Promise.all(all.map((client) => client.enter()));

  const races: Promise<void>[] = [];
  stage.ledger.onFirst = ({ event, hitl }) => {
    if (event === 'hitl_request_pending' && hitl) races.push(race(stage, server, all, hitl.id, races.length));
  };
  const begun = performance.now();
  await Promise.all(people.map((tabs, index) => speak(stage, tabs, rounds, index)));
  await stage.quiet(server);
  await Promise.all(races);
  const seconds = (performance.now() - begun) / 1000;

  const [{ seq: top } = { seq: 0 }] = await stage.audit(server);
  return {
    clients: all.length,
    'messages, each sent twice at once': users * rounds,
    'requests, each answered by everybody at once': races.length,
    envelopes: top,
    'envelopes per second': Math.round(top / seconds),
    'deliveries checked': stage.ledger.observations,
  };
}

/** Both tabs of a user send each message, as a client does that cannot know whether the first one has arrived. */
async function speak(stage: Stage, tabs: CheckingClient[], rounds: number, index: number): Promise<void> {
  const random = stage.random.fork(index);
  for (let round = 0; round < rounds; round += 1) {
    const frame = stage.message({ say: random.int(0, 3), ask: random.chance(0.3) ? 1 : 0 });
    await Promise.all(tabs.map((tab) => stage.insist(tab, frame)));
  }
}

/** All people answer at once, one of them over REST; one wins, and all others receive who. */
async function race(
  stage: Stage,
  server: ServerProcess,
  all: CheckingClient[],
  id: string,
  nth: number,
): Promise<void> {
  const random = stage.random.fork(`race ${nth}`);
  const status = () => (random.chance(0.5) ? 'approved' : 'denied');
  const answers = await Promise.all([
    overRest(server, id, status()),
    ...all.map((client) => client.ask(stage.answer(id, status()))),
  ]);
  const won = answers.filter(({ event }) => event === 'ack');
  stage.check(won.length === 1, `request ${id} has ${won.length} winners`);
  const outcome = ({ hitl, details }: OnWire): HitlOnWire | undefined => hitl ?? details?.hitl;
  const [winner] = won.map(outcome);
  for (const answer of answers) {
    const told = outcome(answer);
    const isRight = answer.event === 'ack' || answer.code === 'already_resolved';
    stage.check(isRight, `an answer to ${id} was refused with ${answer.code}`);
    stage.check(
      told?.status === winner?.status && told?.responded_by?.user_id === winner?.responded_by?.user_id,
      `of ${id} one was told ${JSON.stringify(told)}, and the winner ${JSON.stringify(winner)}`,
    );
  }
}

/** The answer, in the form that a socket would give it. */
async function overRest({ port }: ServerProcess, id: string, status: string): Promise<OnWire> {
  const response = await fetch(`http://127.0.0.1:${port}/hitl/requests/${id}/respond`, {
    method: 'POST',
    headers: { 'x-user': 'by-rest', 'content-type': 'application/json' },
    body: JSON.stringify({ revision: 1, status }),
  });
  const body = (await response.json()) as { hitl: HitlOnWire } | { error: OnWire };
  return 'hitl' in body ? { event: 'ack', hitl: body.hitl } : { ...body.error, event: 'error' };
}

export const racingPublishers: Scenario = { name: 'racing-publishers', play };
