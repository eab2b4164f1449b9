/** Sees to it that the browser specs find a Chromium; `.ci/run` calls it, and anybody may: it does nothing where there is one. */
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { chromium } = require('playwright-core');

const system = process.env.CHROMIUM ?? '/usr/bin/chromium';
const found = () => existsSync(system) || existsSync(chromium.executablePath());
const run = (command, ...args) =>
  spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0;

if (!found()) {
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (mayInstall) {
    console.log('No Chromium here: installing the Debian package for the browser specs.');
    run('apt-get', 'update', '-qq') &&
      run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium');
  } else {
    console.log('No Chromium here: fetching one for the browser specs.');
    const cli = join(require.resolve('playwright-core/package.json'), '..', 'cli.js');
    run(process.execPath, cli, 'install', 'chromium');
  }
  // Not a failure: every other spec runs without it, and the browser specs say themselves what they lack.
  if (!found()) console.warn('Still no Chromium: set CHROMIUM to the path of one.');
}
