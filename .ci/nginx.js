/** Sees to it that the spec of the nginx recipe finds one; `.ci/run` calls it, and anybody may: it does nothing where there is one. */
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');

const found = () =>
  [process.env.NGINX ?? '', '/usr/sbin/nginx', '/usr/bin/nginx'].some((path) => path && existsSync(path));
const run = (command, ...args) =>
  spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0;

if (!found() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  console.log('No nginx here: installing the Debian package for the spec of its recipe.');
  run('apt-get', 'update', '-qq') &&
    run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'nginx-light');
}
// Not a failure: the spec says itself what it leaves out.
if (!found()) console.warn('Still no nginx: set NGINX to the path of one.');
