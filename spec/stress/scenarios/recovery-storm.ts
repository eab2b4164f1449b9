/** A server comes back and everybody resumes in the same moment, each 100 envelopes behind; beside it the same storm without that. */
import type { CheckingClient } from '../checking-client';
import { crowd, cutAll, inWaves, openBare, perTicket } from '../crowd';
import type { Effort } from '../server-report';
import type { Figures, Scenario, Stage } from '../stage';

/** What everybody has missed: beside the lines of the agent, its turn's beginning and end and the line that asked for it. */
const behind = 100;
const lines = behind - 3;

/** A storm that is not over by then has failed. */
const stormMs = 400_000;

/** One storm: how long until the last client had everything, and the server's memory at its highest. */
interface Storm {
  seconds: number;
  peak: Effort;
}

async function play(stage: Stage): Promise<Figures> {
  const size = stage.sized(100, 10_000);
  // All the clients are played by one process, which may be busy for so long that silence means nothing.
  const settings = { maxClientsPerTicket: perTicket + 1, heartbeatMs: 600_000, patienceMs: stormMs };
  let server = await stage.server(settings);
  const port = () => server.port;
  const readers = crowd(stage, port, size, { patienceMs: stormMs });
  const writers = crowd(stage, port, Math.ceil(size / perTicket), { inEach: 1, name: 'writer' });
  await inWaves(writers, (writer) => writer.enter());
  // The first message of a ticket begins its session; what is measured is the second.
  await inWaves(writers, (writer) => stage.insist(writer, stage.message()));
  await inWaves(writers, (writer) => writer.reached(4));
  await inWaves(readers, (reader) => reader.enter());
  const before = readers.map(({ seq }) => seq);
  await inWaves(readers, (reader) => reader.goAway());
  await inWaves(writers, (writer) => stage.insist(writer, stage.message({ say: lines })));
  await inWaves(writers, (writer) => writer.reached(4 + behind, stormMs));
  await inWaves(writers, (writer) => writer.goAway());
  stage.check(
    before.every((seq) => seq + behind === 4 + behind),
    'not everybody missed the same',
  );

  const storm = async (clients: CheckingClient[]): Promise<Storm> => {
    await server.kill();
    server = await stage.server(settings);
    const begun = performance.now();
    const peak = await server.peakDuring(async () => {
      await Promise.all(clients.map((client) => client.enter(stormMs)));
    });
    const seconds = (performance.now() - begun) / 1000;
    for (const { name, seq, counts, failure } of clients) {
      stage.check(counts.failed === 0, `${name} did not come in at the first try: ${failure}`);
      stage.check(seq === 4 + behind, `${name} stands at ${seq}`);
    }
    await inWaves(clients, (client) => client.goAway());
    return { seconds, peak };
  };
  const resumed = await storm(readers);
  stage.check(
    readers.every(({ counts }) => counts.resumed === 1),
    'somebody was not resumed',
  );
  const nothingMissed = await storm(readers);
  const withSnapshot = await storm(crowd(stage, port, size, { patienceMs: stormMs }));
  await stage.audit(server);
  const bare = await bareStorm(stage, size);

  // What is sent again may not pile up: it is read and written one client after the other.
  const allowed = withSnapshot.peak.rss * 1.5 + 64 * 2 ** 20;
  stage.check(resumed.peak.rss < allowed, `${megabytes(resumed.peak.rss)} at the highest while resuming`);
  return {
    clients: size,
    'envelopes sent again': size * behind,
    'resuming, 100 behind': told(resumed),
    'resuming, nothing missed': told(nothingMissed),
    'coming new, with a snapshot': told(withSnapshot),
    'bare ws, nothing sent': told(bare),
  };
}

async function bareStorm(stage: Stage, size: number): Promise<Storm> {
  const server = await stage.bareServer();
  const begun = performance.now();
  let seconds = 0;
  const peak = await server.peakDuring(async () => {
    const sockets = await openBare(server, size, size);
    seconds = (performance.now() - begun) / 1000;
    await cutAll(sockets);
  });
  return { seconds, peak };
}

function told({ seconds, peak }: Storm): string {
  return `${seconds.toFixed(1)} s, of which the server worked ${peak.cpuSeconds.toFixed(1)} s; at most ${megabytes(peak.rss)} resident, ${megabytes(peak.heapUsed)} heap`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

export const recoveryStorm: Scenario = { name: 'recovery-storm', play };
