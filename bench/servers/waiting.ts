/** A hub with a durable agent whose turns wait for people, without sockets: how long its start takes, and what is in memory; the bench starts it again and again on one file. */
import { createLogger, transports } from 'winston';
import { durable, expressHitl, sqliteStore } from '../../lib/index';
import { costOf, memory, serve } from './serving';

const [file = ''] = process.argv.slice(3);
const hitl = expressHitl({
  // Written in less time than it takes to have each turn on the disk; the start only reads.
  store: sqliteStore(file, { synchronous: 'normal' }),
  auth: { identify: () => null, authorize: () => 'forbidden' },
  logger: createLogger({ silent: true, transports: [new transports.Console()] }),
});
hitl.agent(
  durable(
    async (turn) => {
      const { status } = await turn.approve({ tool: 'block_ip', args: { ip: turn.message.content } });
      await turn.say(status);
    },
    { releaseAfter: '1s' },
  ),
);
const { hub } = hitl;
/** Turns that begin at once. */
const atOnce = 500;

/** Begins so many more turns, each of a person and a ticket of its own. Resolves when all of them wait. */
async function begin({ turns }: { turns: number }): Promise<void> {
  let resting = 0;
  let count: () => void = () => {};
  const allRest = new Promise<void>((resolve) => {
    count = () => {
      resting += 1;
      if (resting === turns) resolve();
    };
  });
  const stop = hub.on('turn.waiting', count);
  for (let at = 0; at < turns; at += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, turns - at) }, (_each, index) => `${at + index}`);
    await Promise.all(
      some.map((n) => hub.turns.start({ ticketId: `T-${n}`, user: { id: `user-${n}` }, content: n })),
    );
  }
  await allRest;
  stop();
}

/** How many turns have not ended, as the store has it. */
async function unfinished(): Promise<number> {
  return (await hub.turns.versions()).reduce((sum, { turns }) => sum + turns, 0);
}

async function main(): Promise<void> {
  const { wall, cpu } = await costOf(() => hitl.start());
  const close = () => hitl.close();
  serve({ startMs: wall, cpuMs: cpu / 1e3 }, { begin, unfinished, memory, close });
}
void main();
