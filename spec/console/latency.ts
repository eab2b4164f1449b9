/** Measures the console beside a bare socket: a request that is committed → seen, a click → settled on a second page; prints medians in milliseconds. */
import { findChromium, howToGetChromium, launchChromium } from '../browser/chromium';
import { Operator } from './operator';
import { ask, stageHub } from './stage';

const rounds = 15;

/** Says on the page's own clock, which is this machine's, when an element is first there. */
const seen = (selector: string) => `new Promise((resolve) => {
  const look = () => document.querySelector(${JSON.stringify(selector)}) ? resolve(Date.now()) : requestAnimationFrame(look);
  look();
})`;

async function main(): Promise<void> {
  const path = findChromium();
  if (!path) throw new Error(`No Chromium: ${howToGetChromium}`);
  const hub = await stageHub();
  const browser = await launchChromium(path);
  const times: Record<string, number[]> = {};
  const note = (name: string, ms: number) => {
    const all = times[name] ?? [];
    times[name] = [...all, ms];
  };
  try {
    const socket = await hub.connect({ user: null, headers: { cookie: 'user=bare' } });
    const inbox = await Operator.enter(browser, hub.url, 'alice');
    const ticket = await Operator.enter(browser, hub.url, 'bob', { at: '/tickets/T-1' });
    await ask(hub);
    await ticket.page.locator('[data-request]').first().waitFor();
    for (let round = 0; round < rounds; round += 1) {
      const mark = `round ${round}`;
      const heard = (event: string) =>
        socket.next(({ event: named, hitl }) => named === event && hitl?.payload?.tool_name === mark);
      const pending = heard('hitl_request_pending').then(() => Date.now());
      const from = Date.now();
      const asking = ask(hub, { payload: { tool_name: mark, tool_args: { round } } });
      const { id } = await asking;
      const kept = Date.now();
      note('kept', kept - from);
      const [bare, row, line] = await Promise.all([
        pending,
        inbox.page.evaluate(seen(`[data-row="${id}"]`)) as Promise<number>,
        ticket.page.evaluate(seen(`[data-request="${id}"]`)) as Promise<number>,
      ]);
      note('asked → bare socket', bare - from);
      note('asked → seen in the inbox', row - from);
      note('asked → seen in the ticket', line - from);

      const settled = heard('hitl_request_resolved').then(() => Date.now());
      const gone = ticket.page.evaluate(
        seen(`[data-request="${id}"][data-status="approved"]`),
      ) as Promise<number>;
      await inbox.open(id);
      await inbox.card(id).getByRole('button', { name: 'Approve' }).waitFor();
      const clicked = (await inbox.page.evaluate(
        `(document.querySelector('[data-request="${id}"] [data-decide=approved]').click(), Date.now())`,
      )) as number;
      note('click → bare socket', (await settled) - clicked);
      note('click → settled on the second page', (await gone) - clicked);
    }
  } finally {
    await browser.close();
    await hub.close();
  }
  for (const [name, all] of Object.entries(times)) {
    const sorted = all.toSorted((a, b) => a - b);
    console.log(`${name}: median ${sorted[Math.floor(sorted.length / 2)]} ms, most ${sorted.at(-1)} ms`);
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
