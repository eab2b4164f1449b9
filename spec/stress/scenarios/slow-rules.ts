/** The app's rule about some people takes 300 ms, or throws: these wait for it, and no other person and no deadline does. */
import type { CheckingClient } from '../checking-client';
import type { Random } from '../random';
import type { Figures, Scenario, Stage } from '../stage';
import type { HitlOnWire } from '../wire';

/** How long the rule takes for the slow. */
const ruleMs = 300;
/** Answers that one of the slow sends at once, to one request. */
const answersAtOnce = 60;
/** How long a request may be answered that is never answered. */
const expiresMs = 400;

async function play(stage: Stage): Promise<Figures> {
  const rounds = stage.sized(1, 20);
  const server = await stage.server({ ruleMs, expected: 'rules.mayAnswer failed' });
  const join = async (userId: string, ticketId: string) => {
    const client = stage.client({ port: () => server.port, ticketId, userId });
    await client.enter();
    return client;
  };
  const asker = await join('asker', 'rules');
  const quick = await join('quick', 'rules');
  const slow = await Promise.all(['slow-one', 'slow-two'].map((userId) => join(userId, 'rules')));
  const broken = await Promise.all(['broken-one', 'broken-two'].map((userId) => join(userId, 'rules')));
  const late = await join('late-one', 'rules');
  const elsewhere = await join('watcher', 'elsewhere');
  const quickMs: number[] = [];
  const overMs: number[] = [];
  let refused = 0;
  for (let round = 0; round < rounds; round += 1) {
    const random = stage.random.fork(`round ${round}`);
    const [first, second] = await ask(stage, asker, 2);
    if (!first || !second) throw new Error('There are no requests');
    const everybody = [...slow, ...broken];
    await Promise.all([...everybody, quick, late].map((each) => each.reached(asker.seq)));
    const begun = performance.now();
    const doomed = everybody.map((each) => flood(stage, each, first.id, random));
    const waitsForRule = late.ask(stage.answer(second.id, 'approved'));
    const expiring = expire(stage, elsewhere);
    // Its connection is another, so the slow answers have to be there already.
    await quick.ask(stage.frame('hitl_claim', { request_id: second.id }));
    const answered = await quick.ask(stage.answer(first.id, 'approved'));
    quickMs.push(performance.now() - begun);
    stage.check(answered.event === 'ack', `the quick answer was refused: ${answered.code}`);
    overMs.push(await expiring);
    const waited = await waitsForRule;
    stage.check(waited.event === 'ack', `the late answer was refused: ${waited.code}`);
    for (const codes of await Promise.all(doomed)) refused += codes;
  }
  const logs = await stage.audit(server);
  const resolved = logs.flatMap(({ items }) =>
    items.filter(({ event }) => event === 'hitl_request_resolved'),
  );
  stage.check(resolved.length === rounds * 3, `${resolved.length} requests are resolved`);
  const slowest = Math.max(...quickMs);
  const inARow = ruleMs * answersAtOnce;
  stage.check(slowest < inARow / 4, `a quick answer took ${Math.round(slowest)} ms beside slow ones`);
  const latest = Math.max(...overMs);
  stage.check(latest < inARow / 4, `a deadline came ${Math.round(latest)} ms late`);
  return {
    rounds,
    'answers refused by a slow or broken rule, or overtaken': refused,
    'slowest answer beside them, ms': Math.round(slowest),
    'latest deadline beside them, ms late': Math.round(latest),
    'the slow rules one after the other, ms': inARow * slow.length,
  };
}

/** Requests of one turn, once the asker has seen them all. */
async function ask(stage: Stage, asker: CheckingClient, count: number): Promise<readonly HitlOnWire[]> {
  const { turn_id: turnId = '' } = await stage.insist(asker, stage.message({ ask: count }));
  await asker.until(() => stage.ledger.requestsOf(turnId).length === count, 'to see the requests');
  return stage.ledger.requestsOf(turnId);
}

/** Many answers at once; how many were refused, as each must be. */
async function flood(stage: Stage, who: CheckingClient, id: string, random: Random): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: answersAtOnce }, () =>
      who.ask(stage.answer(id, random.pick(['approved', 'denied'] as const))),
    ),
  );
  for (const { event, code = event } of answers)
    stage.check(
      ['not_allowed', 'already_resolved', 'busy'].includes(code),
      `${who.name}: an answer got ${code}`,
    );
  return answers.length;
}

/** A request that is never answered, in another ticket; how many milliseconds after its time it was over. */
async function expire(stage: Stage, watcher: CheckingClient): Promise<number> {
  const begun = performance.now();
  const { turn_id: turnId = '' } = await stage.insist(watcher, stage.message({ ask: 1, expiresMs }));
  await watcher.until(
    () => stage.ledger.requestsOf(turnId).some(({ id }) => stage.ledger.isSettled(id)),
    'to see it end',
  );
  return performance.now() - begun - expiresMs;
}

export const slowRules: Scenario = { name: 'slow-rules', play };
