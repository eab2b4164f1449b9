/** Finds the Chromium on this machine and starts it without a window; the browser specs and the screenshots use it. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** What to do where there is none. */
export const howToGetChromium =
  'install the Debian package chromium, run `npx playwright-core install chromium`, or set CHROMIUM to the path of one';

/** The path of the first there is: `$CHROMIUM` or, where that is not set, Debian's; then playwright's own. */
export function findChromium(): string | undefined {
  return [process.env.CHROMIUM ?? '/usr/bin/chromium', chromium.executablePath()].find(existsSync);
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
