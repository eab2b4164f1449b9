/** Clients come back again and again while the app takes its time to say who they are, and others go on talking all the while. */
import type { CheckingClient } from '../checking-client';
import type { Figures, Scenario, Stage } from '../stage';

/** The longest that the app takes to identify a person; many envelopes are committed in the meantime. */
const longestLoginMs = 40;

async function play(stage: Stage): Promise<Figures> {
  const returns = stage.sized(12, 300);
  const tickets = stage.sized(2, 6);
  const readersEach = 6;
  const server = await stage.server();
  const port = () => server.port;
  let isOver = false;
  const readers: CheckingClient[] = [];
  const writers: CheckingClient[] = [];
  const talks: Promise<void>[] = [];
  for (let ticket = 0; ticket < tickets; ticket += 1) {
    const ticketId = `resume-${ticket}`;
    for (let index = 0; index < readersEach; index += 1) {
      const random = stage.random.fork(`login ${ticketId} ${index}`);
      const loginMs = () => random.int(0, longestLoginMs);
      // Two tabs of each user: a reconnect takes its own place, and no other.
      const userId = `reader-${Math.floor(index / 2)}`;
      readers.push(stage.client({ port, ticketId, userId, tab: `tab-${index % 2}`, loginMs }));
    }
    writers.push(stage.client({ port, ticketId, userId: 'writer' }));
  }
  await Promise.all([...readers, ...writers].map((client) => client.enter()));
  for (const writer of writers) talks.push(talk(stage, writer, () => isOver));
  await Promise.all(readers.map((reader, index) => comeAndGo(stage, reader, index, returns)));
  isOver = true;
  await Promise.all(talks);

  const logs = await stage.audit(server);
  const resumed = readers.reduce((sum, { counts }) => sum + counts.resumed, 0);
  stage.check(resumed === readers.length * returns, `${resumed} times resumed`);
  return {
    readers: readers.length,
    'times resumed': resumed,
    envelopes: logs.reduce((sum, { seq }) => sum + seq, 0),
    'deliveries checked': stage.ledger.observations,
  };
}

async function talk(stage: Stage, writer: CheckingClient, isOver: () => boolean): Promise<void> {
  for (let round = 0; !isOver() && round < 100_000; round += 1)
    await stage.insist(writer, stage.message({ say: 1 }));
}

/** Breaks off at any moment, also while it is sent what it missed, and reconnects at once. */
async function comeAndGo(
  stage: Stage,
  reader: CheckingClient,
  index: number,
  returns: number,
): Promise<void> {
  const random = stage.random.fork(`reader ${index}`);
  for (let round = 1; round <= returns; round += 1) {
    const from = reader.seq;
    const more = random.int(0, 8);
    await reader.until(() => reader.seq >= from + more, `to see ${more} more`);
    reader.cut();
    await reader.until(() => reader.counts.resumed === round && reader.isLive, 'to be back');
  }
}

export const resumeRace: Scenario = { name: 'resume-race', play };
