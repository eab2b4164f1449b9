/** Finds the Chromium on this machine and starts it without a window; the browser specs and the screenshots use it. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

/** What to do where there is none. */
export const howToGetChromium =
  'install the Debian package chromium, run `npx playwright-core install chromium`, or set CHROMIUM to the path of one';

/** The path of the first there is: `$CHROMIUM` or, where that is not set, Debian's; then playwright's own. */
export function findChromium(): string | undefined {
  return [process.env.CHROMIUM ?? '/usr/bin/chromium', chromium.executablePath()].find(existsSync);
}

/**
 * `describe` for what needs a browser. Without one it is left out, which one line says; under CI that is a failure.
 * @param folder named in that line
 * @param body is handed what starts the browser
 */
export function describeInChromium(
  folder: string,
  name: string,
  body: (launch: (options?: LaunchOptions) => Promise<Browser>) => void,
): void {
  const path = findChromium();
  if (!path && !process.env.CI) {
    process.stderr.write(
      `Left out, since there is no Chromium here: ${folder}. To run it, ${howToGetChromium}.\n`,
    );
  }
  (path || process.env.CI ? describe : describe.skip)(name, () =>
    body(async (options) => {
      if (!path) throw new Error(`There is no Chromium here: ${howToGetChromium}`);
      return launchChromium(path, options);
    }),
  );
}

export function launchChromium(executablePath: string, options: LaunchOptions = {}): Promise<Browser> {
  return chromium.launch({
    ...options,
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
