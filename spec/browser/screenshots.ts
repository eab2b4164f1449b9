/** Takes the README's pictures of the console over the demo, in light, in dark and on a phone: `npm run screenshots`. */
import { join } from 'node:path';
import { builtConsole } from '../console/built';
import { DemoProcess } from '../examples/demo-process';
import { findChromium, howToGetChromium, launchChromium } from './chromium';
import { Operator } from './operator';

const folder = process.argv[2] ?? join(__dirname, '../../docs/images');
const desktop = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

async function main(): Promise<void> {
  const path = findChromium();
  if (!path) throw new Error(`No Chromium: ${howToGetChromium}`);
  const demo = await DemoProcess.start({ assets: await builtConsole() });
  const browser = await launchChromium(path);
  const shoot = ({ page }: Operator, name: string) => page.screenshot({ path: join(folder, `${name}.png`) });
  try {
    const alice = await Operator.enter(browser, demo.url, 'alice', { ...desktop, colorScheme: 'light' });
    const bob = await Operator.enter(browser, demo.url, 'bob', {
      ...desktop,
      colorScheme: 'dark',
      ticketId: 'T-1002',
    });
    const carol = await Operator.enter(browser, demo.url, 'carol', { ...phone, ticketId: 'T-1003' });
    await alice.say('block 203.0.113.7', 'block_ip');
    await carol.say('block 192.0.2.144', 'block_ip');
    await carol.open('/tickets/T-1006');
    await carol.page.getByRole('heading', { name: 'T-1006' }).waitFor();
    await carol.say('ask', 'How do you classify');
    await bob.say('What do we know?', 'Isolate the laptop');
    await bob.say('block 198.51.100.23', 'block_ip');
    await alice.open('/tickets/T-1002');
    await bob.page
      .getByRole('list', { name: 'Who is here' })
      .getByText('Alice')
      .waitFor({ state: 'attached' });
    await shoot(bob, 'console-dark');

    await bob.card.getByRole('textbox', { name: 'Comment' }).fill('Checking');
    await alice.open('/');
    const rows = alice.page.locator('.hitl-inbox-row');
    await rows.filter({ hasText: 'How do you classify' }).waitFor();
    await rows.filter({ hasText: 'T-1002' }).click();
    await alice.sees('Bob is answering');
    await shoot(alice, 'console-light');

    await carol.open('/');
    await carol.page.locator('.hitl-inbox-row').first().waitFor();
    await shoot(carol, 'console-phone');
  } finally {
    await browser.close();
    await demo.discard();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
