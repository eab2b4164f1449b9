/** Nothing is sent in a room for longer than any window, the server is killed in the meantime; a client that reconnects then has missed nothing. */
import type { Figures, Scenario, Stage } from '../stage';

const dayMs = 86_400_000;

async function play(stage: Stage): Promise<Figures> {
  const rooms = stage.sized(3, 30);
  const days = Array.from({ length: stage.sized(3, 10) }, () => stage.random.int(1, 400));
  let server = await stage.server();
  const port = () => server.port;
  const people = Array.from({ length: rooms }, (_, index) => {
    const ticketId = `quiet-${index}`;
    const staying = stage.client({ port, ticketId, userId: 'staying' });
    return { staying, away: stage.client({ port, ticketId, userId: 'away' }) };
  });
  await Promise.all(people.flatMap(({ staying, away }) => [staying.enter(), away.enter()]));
  let aheadMs = 0;
  for (const quiet of days) {
    for (const { staying, away } of people) {
      // Who was there when it was said, and who was not, must both have it in the end.
      const isThere = stage.random.chance(0.5);
      if (!isThere) await away.goAway(stage.random.pick(['cut', 'close']));
      await stage.insist(staying, stage.message({ say: stage.random.int(0, 5), ask: 1 }));
      if (isThere) await away.goAway(stage.random.pick(['cut', 'close']));
    }
    await server.idle();
    aheadMs += quiet * dayMs;
    if (stage.random.chance(0.5)) {
      await server.kill();
      server = await stage.server({ aheadMs });
    } else await server.command('moveOn', quiet * dayMs);
    await Promise.all(people.map(({ away }) => away.enter()));
  }
  await stage.audit(server);
  const returns = people.length * days.length;
  const resumed = people.reduce((sum, { away }) => sum + away.counts.resumed, 0);
  stage.check(resumed === returns, `${resumed} of ${returns} returns were resumed`);
  // Everything asked in all that time is still open, and a newcomer sees it.
  const newcomers = people.map((_, index) =>
    stage.client({ port, ticketId: `quiet-${index}`, userId: 'newcomer' }),
  );
  await Promise.all(newcomers.map((newcomer) => newcomer.enter()));
  const pending = stage.ledger.shown
    .filter(({ who }) => who.startsWith('newcomer'))
    .map((shown) => shown.pending.length);
  stage.check(
    pending.length === rooms && pending.every((open) => open === days.length),
    `newcomers see ${pending} open requests instead of ${days.length}`,
  );
  return {
    rooms,
    'days of quiet': days.reduce((sum, each) => sum + each, 0),
    'longest, in days': Math.max(...days),
    'times resumed': resumed,
    'requests still open': pending.reduce((sum, each) => sum + each, 0),
  };
}

export const quietRoom: Scenario = { name: 'quiet-room', play };
