/** A hub whose durable agent got stuck, since its code was changed while a turn waited; the specs that steer such turns begin here. */
import { durable } from '../../lib/index';
import type { TurnRecord } from '../../lib/protocol/records';
import { startTestHub, type TestHub, type TestHubOptions } from '../../lib/testing/test-hub';

export interface StuckHub {
  hub: TestHub;
  turnId: string;
  /** Which code the agent has from now on. */
  deploy(code: 'april' | 'may'): void;
  /** What its steps have done, in order. */
  effects: string[];
  /** Resolves with the next record of which this event says so. */
  next(event: 'turn.stuck' | 'turn.ended'): Promise<TurnRecord>;
}

/**
 * Alice's turn has looked something up and asked whether to block; bob has said yes; the code of may looks up something else.
 * @param start makes the hub; default: one with its own clock, and time to get stuck passes at once
 */
export async function startStuckHub(
  options: TestHubOptions = {},
  start: (options: TestHubOptions) => Promise<TestHub> = startTestHub,
): Promise<StuckHub> {
  let deployed: 'april' | 'may' = 'april';
  const effects: string[] = [];
  const agent = durable(async (turn) => {
    turn.setIntent('block the address');
    const step = deployed === 'april' ? 'lookup' : 'geolocate';
    await turn.step(step, () => void effects.push(step));
    const { status } = await turn.approve({
      ...{ key: 'block', tool: 'block_ip', args: { ip: '203.0.113.7' } },
    });
    await turn.say(`${deployed}: ${status}`);
  });
  const hub = await start({ ...options, prepare: (hitl) => void hitl.agent(agent) });
  const next = (event: 'turn.stuck' | 'turn.ended') =>
    new Promise<TurnRecord>((resolve) => {
      const stop = hub.hub.on(event, ({ turn }) => {
        stop();
        resolve(turn);
      });
    });
  const { turnId = '' } = await hub.hub.turns.start({
    ...{ ticketId: 'T-1', content: 'Block it' },
    user: { id: 'alice', name: 'Alice' },
  });
  const request = await new Promise<{ id: string }>((resolve) => {
    const stop = hub.hub.on('request.opened', (event) => {
      stop();
      resolve(event.request);
    });
  });
  await hub.restart();
  deployed = 'may';
  const stuck = next('turn.stuck');
  await hub.hub.requests.answer({
    requestId: request.id,
    by: { id: 'bob', name: 'Bob' },
    status: 'approved',
  });
  await passUntil(hub, stuck);
  return {
    ...{ hub, turnId, effects },
    deploy: (code) => {
      deployed = code;
    },
    next,
  };
}

/** Lets time pass on a clock that is moved by hand, until this has happened: a call that is missing may still come for a while. */
export async function passUntil<T>(hub: TestHub, happened: Promise<T>): Promise<T> {
  let isOver = false;
  const done = happened.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await hub.advance('1s');
    await new Promise((resolve) => setImmediate(resolve));
  }
  return done;
}
