/** `useTurn`: what a turn waits for and since when, and what became of what one does about it. */
import { act, screen, waitFor } from '@testing-library/react';
import { portOf } from '../../lib/hub/hub';
import type { TurnRecord } from '../../lib/protocol/records';
import { type Turn, useTurn } from '../../lib/react';
import { startTestHub, type TestHub, type TestHubOptions } from '../../lib/testing/test-hub';
import { putTurn, stuck } from '../transport/put-turn';
import { passUntil, startStuckHub } from '../transport/stuck-hub';
import { leavePages, openPage } from './page';

let hub: TestHub;
afterEach(async () => {
  await leavePages();
  await hub.close();
});

async function start(options?: TestHubOptions): Promise<void> {
  hub = await startTestHub(options);
}

let turn: Turn;
let renders = 0;
beforeEach(() => {
  renders = 0;
});

function Line({ id }: { id: string }) {
  turn = useTurn({ id, ticketId: 'T-1' });
  renders += 1;
  const { status, reason, waits_for: wait, problem } = turn.turn ?? {};
  const words = [
    status ?? 'unknown',
    reason,
    wait && `since ${wait.since.slice(0, 10)}`,
    problem?.message,
    turn.waitsFor.length > 0 && `for ${turn.waitsFor.map(({ type }) => type).join(' ')}`,
    turn.busy && `busy: ${turn.busy}`,
    turn.error && `error: ${turn.error.code}`,
  ];
  return <p>{words.filter(Boolean).join(', ')}</p>;
}

const ask = (turnId: string, ticketId = 'T-1') =>
  portOf(hub.hub).hitl.request({
    ...{ ticketId, sessionId: `s-${ticketId}`, turnId, userId: 'alice' },
    ...{ type: 'question', payload: { question: 'Well?' } },
  });
/** A turn that waits for a question of its own. */
async function waiting(): Promise<TurnRecord> {
  const { id } = await putTurn(hub.store);
  const asked = await ask(id);
  const turnRecord = await hub.store.turn(id);
  if (!turnRecord?.waitsFor) throw new Error('no turn');
  return putTurn(hub.store, { ...turnRecord, waitsFor: { ...turnRecord.waitsFor, requestIds: [asked.id] } });
}

test('says what it waits for and since when, until that is answered', async () => {
  await start();
  const { id, waitsFor } = await waiting();
  await ask('another');
  openPage(hub, <Line id={id} />);
  await screen.findByText('waiting, since 2026-01-01, for question');
  expect(turn.waitsFor.map((request) => request.id)).toEqual(waitsFor?.requestIds);
  await portOf(hub.hub).hitl.respond(`${waitsFor?.requestIds}`, {
    by: { id: 'bob' },
    status: 'approved',
    response: { answer: 'yes' },
  });
  await screen.findByText('waiting, since 2026-01-01');
});

test('of a running turn it is what that has asked', async () => {
  await start({ agent: (each) => each.ask({ question: 'Well?' }) });
  const bob = await hub.connect({ user: 'bob' });
  const { turn_id } = await bob.ask({ type: 'message', content: 'go' });
  openPage(hub, <Line id={turn_id} />);
  await screen.findByText('running, for question');
  await act(async () => {
    expect(await turn.cancel()).toEqual({ ok: true, turnId: turn_id });
  });
  await screen.findByText('aborted, cancelled');
});

test('renders for its own turn only, and its functions stay the same', async () => {
  await start();
  const { id } = await waiting();
  const other = await putTurn(hub.store, stuck);
  openPage(hub, <Line id={id} />);
  await screen.findByText('waiting, since 2026-01-01, for question');
  const before = renders;
  const { retry, startOver, cancel } = turn;
  await hub.hub.turns.cancel({ turnId: other.id });
  const bob = await hub.connect({ user: 'bob' });
  await bob.ask({ type: 'message', content: 'hello' });
  await hub.hub.turns.cancel({ turnId: id });
  await screen.findByText('aborted, cancelled');
  // It and its request end in one frame of the screen, or in two.
  expect(renders - before).toBeLessThanOrEqual(3);
  expect([turn.retry, turn.startOver, turn.cancel]).toEqual([retry, startOver, cancel]);
});

test.each([
  ['retry', 'retry'],
  ['startOver', 'start_over'],
  ['cancel', 'cancel'],
] as const)(
  '`%s` by a person who may not fails as a value and an error, and is sent once',
  async (action, name) => {
    let asked = 0;
    await start({
      rules: {
        mayCancelTurn: () => {
          asked += 1;
          return false;
        },
      },
    });
    const { id } = await putTurn(hub.store, stuck);
    const { show } = openPage(hub, <Line id={id} />);
    const words = `stuck, ${stuck.problem?.message}`;
    await screen.findByText(words);
    let both: Promise<unknown>[] = [];
    act(() => {
      both = [turn[action](), turn[action]()];
    });
    await screen.findByText(`${words}, busy: ${name}`);
    expect(await Promise.all(both)).toMatchObject([
      { ok: false, error: { code: 'not_allowed', details: { rule: 'app' } } },
      { ok: false, error: { code: 'not_allowed' } },
    ]);
    expect(both[0]).toBe(both[1]);
    await screen.findByText(`${words}, error: not_allowed`);
    expect(asked).toBe(1);
    const other = await putTurn(hub.store, { ticketId: 'T-1' });
    show(<Line id={other.id} />);
    await waitFor(() => expect(turn.error).toBeUndefined());
  },
);

test('a stuck turn goes on where it was once its code fits, and from its top where it is started over', async () => {
  for (const action of ['retry', 'startOver'] as const) {
    const stage = await startStuckHub();
    hub = stage.hub;
    openPage(hub, <Line id={stage.turnId} />);
    await screen.findByText(/^stuck, /);
    if (action === 'retry') stage.deploy('april');
    const ended = stage.next('turn.ended');
    await act(async () => {
      expect(await turn[action]()).toEqual({ ok: true, turnId: stage.turnId });
    });
    await passUntil(hub, ended);
    await screen.findByText('completed');
    expect(stage.effects).toEqual(action === 'retry' ? ['lookup'] : ['lookup', 'geolocate']);
    await leavePages();
    if (action === 'retry') await hub.close();
  }
});

test('a turn that is not stuck is not tried again, and what has ended is not known', async () => {
  await start();
  const { id } = await waiting();
  openPage(hub, <Line id={id} />);
  await screen.findByText(/^waiting/);
  await act(async () => {
    expect(await turn.retry()).toMatchObject({ ok: false, error: { code: 'turn_stuck' } });
  });
  await screen.findByText(/error: turn_stuck$/);
  const ended = await putTurn(hub.store, stuck);
  await hub.hub.turns.cancel({ turnId: ended.id });
  await leavePages();
  openPage(hub, <Line id={ended.id} />);
  await screen.findByText('unknown');
});
