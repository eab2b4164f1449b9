/** Access is given and withdrawn while people talk, answer, cancel, type and reconnect: a person without access changes nothing, and all others go on. */
import { askOnce } from '../../transport/raw-socket';
import type { CheckingClient } from '../checking-client';
import type { Random } from '../random';
import type { ServerProcess } from '../server-process';
import type { Figures, Scenario, Stage } from '../stage';
import type { HitlOnWire, LoggedOnWire, OnWire, SentFrame } from '../wire';

/** The longest that the app takes to say who may use a ticket; access is withdrawn in the meantime too. */
const accessMs = 12;

/** What a person sent and how it was answered; undefined: the connection ended first. */
interface Sent {
  frame: SentFrame;
  answer: OnWire | undefined;
}

async function play(stage: Stage): Promise<Figures> {
  const rounds = stage.sized(8, 150);
  const tickets = stage.sized(2, 6);
  const server = await stage.server({ accessMs, ruleMs: accessMs });
  const pairs = Array.from({ length: tickets }, (_, index) => {
    const join = (userId: string, mayBeSentAway: boolean) =>
      stage.client({ port: () => server.port, ticketId: `withdrawn-${index}`, userId, mayBeSentAway });
    return { staying: join(`staying-${index}`, false), watched: join(`late-${index}`, true) };
  });
  await Promise.all(pairs.flatMap(({ staying, watched }) => [staying.enter(), watched.enter()]));
  const sent = (
    await Promise.all(pairs.map((pair, index) => flip(stage, server, { ...pair, index, rounds })))
  ).flat();
  const logs = await stage.audit(server);

  holdRefused(
    stage,
    sent,
    logs.flatMap(({ items }) => items),
  );
  const refused = sent.filter(({ answer }) => answer?.event === 'error').length;
  const acked = sent.filter(({ answer }) => answer?.event === 'ack').length;
  for (const { staying } of pairs)
    stage.check(staying.counts.opened === 1, `${staying.name} was disconnected`);
  return {
    'times access was withdrawn': tickets * rounds,
    'frames acked': acked,
    'frames refused': refused,
    'frames whose connection ended first': sent.length - acked - refused,
    'times resumed': pairs.reduce((sum, { watched }) => sum + watched.counts.resumed, 0),
    'deliveries checked': stage.ledger.observations,
  };
}

interface Pair {
  staying: CheckingClient;
  watched: CheckingClient;
  index: number;
  rounds: number;
}

/** Once per round: everything at once, access is withdrawn at any moment of it, nothing is done any more; then it is given back. */
async function flip(
  stage: Stage,
  server: ServerProcess,
  { staying, watched, index, rounds }: Pair,
): Promise<Sent[]> {
  const userId = `late-${index}`;
  const sent: Sent[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const random = stage.random.fork(`${index} ${round}`);
    const { request, turnId } = await askAndWait(stage, staying);
    await watched.until(() => watched.seq >= staying.seq, 'to see the request');
    const under = busy(stage, watched, random, sent);
    await new Promise((resolve) => setTimeout(resolve, random.int(0, 6 * accessMs)));
    const goodbye = random.pick(['none', 'forbidden', 'session_ended'] as const);
    await server.setAccess({ userId, may: false, ...(goodbye !== 'none' && { goodbye }) });
    // From here on nothing may be done in this person's name.
    const late = [
      stage.message(),
      stage.answer(request.id, 'denied'),
      stage.frame('hitl_claim', { request_id: request.id }),
      stage.frame('hitl_cancel', { request_id: request.id, reason: 'late' }),
      stage.frame('turn_cancel', { turn_id: turnId }),
    ];
    watched.say({ type: 'typing' });
    const answers = await Promise.all(late.map((frame) => watched.askOnce(frame)));
    for (const [place, answer] of answers.entries())
      stage.check(
        answer?.event !== 'ack',
        `${watched.name}: ${late[place]?.type} was taken after access was withdrawn`,
      );
    late.forEach((frame, place) => {
      sent.push({ frame, answer: answers[place] });
    });
    const status = await overRest(server, userId, request.id);
    stage.check(status === 404, `an answer over REST was answered ${status}`);
    await watched.until(() => !watched.wantsIn, 'to be sent away');
    const path = `/ws/chat/ticket/${watched.ticketId}`;
    const refusal = await askOnce(server.port, { path, headers: { 'X-User': userId } });
    stage.check(refusal.status === 403, `a handshake was answered ${refusal.status}`);
    await under;
    // A person who stays finds everything as it was: the request is theirs to answer, and the turn goes on.
    const answer = await staying.ask(stage.answer(request.id, 'approved'));
    stage.check(answer.event === 'ack', `${staying.name}: the answer was refused: ${answer.code}`);
    await server.setAccess({ userId, may: true });
    await watched.enter();
  }
  return sent;
}

/** A turn that waits for its request. */
async function askAndWait(
  stage: Stage,
  staying: CheckingClient,
): Promise<{ request: HitlOnWire; turnId: string }> {
  const { turn_id: turnId = '' } = await stage.insist(staying, stage.message({ wait: true }));
  let request: HitlOnWire | undefined;
  await staying.until(() => {
    [request] = stage.ledger.requestsOf(turnId);
    return request !== undefined;
  }, 'to see its request');
  if (!request) throw new Error('There is no request');
  return { request, turnId };
}

/** Talks, claims, answers own requests, cancels own turns, types and breaks off, for as long as the connection is good. */
async function busy(stage: Stage, watched: CheckingClient, random: Random, sent: Sent[]): Promise<void> {
  const ask = async (frame: SentFrame) => {
    const answer = await watched.askOnce(frame);
    sent.push({ frame, answer });
    return answer;
  };
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      watched.say({ type: 'typing' });
      const said = await ask(stage.message({ ask: 1, thinkMs: random.int(0, 2 * accessMs) }));
      if (!said?.turn_id) return;
      const [request] = stage.ledger.requestsOf(said.turn_id);
      await Promise.all([
        ask(stage.frame('turn_cancel', { turn_id: said.turn_id })),
        request && ask(stage.frame('hitl_claim', { request_id: request.id })),
        request && ask(stage.answer(request.id, random.pick(['approved', 'denied'] as const))),
      ]);
    }),
  );
}

async function overRest({ port }: ServerProcess, userId: string, id: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/hitl/requests/${id}/respond`, {
    method: 'POST',
    headers: { 'x-user': userId, 'content-type': 'application/json' },
    body: JSON.stringify({ revision: 1, status: 'denied' }),
  });
  await response.text();
  return response.status;
}

/** What was refused has left no trace; each frame was sent once. */
function holdRefused(stage: Stage, sent: readonly Sent[], items: readonly LoggedOnWire[]): void {
  const said = new Set(
    items.map(({ message }) => (typeof message === 'object' ? message.content : undefined)),
  );
  const answered = new Map(
    items.map(({ event, hitl }) => [
      event === 'hitl_request_resolved' && hitl?.id,
      hitl?.responded_by?.user_id,
    ]),
  );
  const denials = ['forbidden', 'authentication_required', 'not_found', 'unavailable'];
  for (const { frame, answer } of sent) {
    if (answer?.event !== 'error') continue;
    stage.check(
      denials.includes(answer.code ?? '') ||
        ['already_resolved', 'turn_ended', 'claimed_by_other'].includes(answer.code ?? ''),
      `${frame.type} ${frame.id} was refused with ${answer.code}`,
    );
    if (frame.type === 'message')
      stage.check(!said.has(frame.content), `${frame.id} was refused and is in the log`);
    const isMine = answered.get(frame.request_id ?? '')?.startsWith('late-') ?? false;
    if (frame.type === 'hitl_respond' && denials.includes(answer.code ?? ''))
      stage.check(!isMine, `the answer ${frame.id} was refused and is in the log`);
  }
}

export const withdrawnAccess: Scenario = { name: 'withdrawn-access', play };
