/** Durable agents with one fault each, and one without; the spec of the checks says which of them finds it. */
import { setTimeout as pause } from 'node:timers/promises';
import { durable } from '../../lib/index';

export const effects: string[] = [];

export const sound = durable(async (turn) => {
  await turn.trace('a');
  const x = await turn.step('look', () => {
    effects.push('look');
    return Math.random();
  });
  const [one, two] = await Promise.all([
    turn.approve({ tool: 'first', args: { x } }),
    turn.approve({ tool: 'second', args: { at: turn.now(), by: turn.uuid() } }),
  ]);
  await Promise.all([turn.step('p', () => Date.now()), turn.step('q', () => pause(3))]);
  await turn.sleep('2h');
  const either = await Promise.race([
    turn.ask({ question: 'Which?', options: ['x', 'y'] }).then(({ status }) => status),
    turn.sleep('1h').then(() => 'late'),
  ]);
  const report = turn.stream({ type: 'trace' });
  for (let line = 0; line < 3; line += 1) await report.write(await turn.step('line', () => `${line}\n`));
  await report.end();
  await turn.stream(async function* () {
    effects.push('stream');
    yield 'all';
    await pause(1);
    yield ' of it';
  });
  await turn.say(`${one.status} ${two.status} ${either}`);
});

export const legs = durable(async (turn) => {
  const round = ((turn.state as number | undefined) ?? 0) + 1;
  await turn.say(`round ${round}`);
  if (round === 3) return;
  const asked = await turn.open({ kind: 'tool_approval', tool: 'next', args: { round } });
  return turn.again(round as never, { when: [asked] });
});

export const timeAsked = durable(async (turn) => {
  await turn.trace('a');
  await turn.approve({ tool: 't', args: { at: performance.now() } });
  await turn.say('x');
});

export const timeSaid = durable(async (turn) => {
  await turn.trace(`at ${performance.now()}`);
  await turn.approve({ tool: 't', args: {} });
  await turn.say('x');
});

let calls = 0;
export const processWide = durable(async (turn) => {
  await turn.trace('a');
  calls += 1;
  if (calls > 1) await turn.step('cached', () => 1);
  else await turn.step('fetched', () => 1);
  await turn.say('x');
});

let answers = 0;
const model = {
  async call() {
    answers += 1;
    return { id: `call-${answers}` };
  },
};
export const modelOutside = durable(async (turn) => {
  const call = await model.call();
  await turn.approve({ tool: 't', args: {}, key: `tool:t:${call.id}` });
  await turn.say('x');
});

export const chance = durable(async (turn) => {
  for (let round = 0; round < 12; round += 1)
    if (Math.random() < 0.5) await turn.step('heads', () => 1);
    else await turn.step('tails', () => 2);
  await turn.say('x');
});

export const plainTimer = durable(async (turn) => {
  const first = await Promise.race([
    turn.approve({ tool: 't', args: {} }).then(() => 'answer'),
    new Promise((resolve) => setTimeout(() => resolve('timer'), 1)),
  ]);
  await turn.step(`after ${first}`, () => 1);
});

/** In a function of the app, as most are. */
async function ageOf(since: number) {
  await null;
  const now = new Date();
  return now.getTime() - since;
}

export const helped = durable(async (turn) => {
  await turn.say(`${(await ageOf(0)) > 0}`);
  await fetch('http://127.0.0.1:1').catch(() => {});
  AbortSignal.timeout(1);
  await turn.say(crypto.randomUUID().slice(0, 0));
  setInterval(() => {}, 1_000).unref();
  await turn.step('allowed', async () => [Date.now(), Math.random(), crypto.randomUUID(), await ageOf(0)]);
});
