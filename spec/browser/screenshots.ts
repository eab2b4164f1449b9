/** Takes the README's pictures of the demo, in light, in dark and on a phone: `npm run screenshots`. */
import { join } from 'node:path';
import { DemoProcess } from '../examples/demo-process';
import { findChromium, howToGetChromium, launchChromium } from './chromium';
import { Operator } from './operator';

const folder = join(__dirname, '../../docs/images');
const desktop = { viewport: { width: 1280, height: 912 }, deviceScaleFactor: 1.5 };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true };

async function main(): Promise<void> {
  const path = findChromium();
  if (!path) throw new Error(`No Chromium: ${howToGetChromium}`);
  const demo = await DemoProcess.start();
  const browser = await launchChromium(path);
  const shoot = ({ page }: Operator, name: string) => page.screenshot({ path: join(folder, `${name}.png`) });
  try {
    const alice = await Operator.enter(browser, demo.url, 'alice', { ...desktop, colorScheme: 'light' });
    const bob = await Operator.enter(browser, demo.url, 'bob', { ...desktop, colorScheme: 'dark' });
    await alice.say('block 203.0.113.7', 'block_ip');
    await bob.answer('Approve', 'Checked, go ahead');
    await alice.sees('is blocked at the edge');
    await bob.say('ask', 'How do you classify');
    await alice.page.getByText('True positive').click();
    await shoot(alice, 'demo-light');

    await bob.open('T-1002');
    await bob.say('What do we know?', 'Isolate the laptop');
    await bob.say('block 198.51.100.23', 'block_ip');
    await alice.open('T-1002');
    await bob.page.getByTitle('Alice').or(bob.page.getByText('Alice')).first().waitFor();
    await shoot(bob, 'demo-dark');

    const carol = await Operator.enter(browser, demo.url, 'carol', { ...phone, ticketId: 'T-1002' });
    await carol.sees('1 waiting');
    await shoot(carol, 'demo-phone');
  } finally {
    await browser.close();
    await demo.discard();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
