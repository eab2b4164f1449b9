/**
 * Releases a version: `npm run release -- <version>`, with `--dry-run` up to the last step. Nothing is changed before
 * every check holds, CI has passed in a fresh clone, and what was packed there has been judged.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checks, type Release, tagOf } from './checks';

/** Of this repository, whatever is released. */
const bin = (name: string) => join(__dirname, '../../node_modules/.bin', name);

/** Runs a command, whose output is shown. @throws Error if it fails */
function run(cwd: string, program: string, ...args: string[]): void {
  console.log(`\n== ${program} ${args.join(' ')}`);
  const { status, error } = spawnSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}`);
}

/** Asks every check, and shows what it says. @returns whether the release may go on */
async function ask(release: Release, isDry: boolean): Promise<boolean> {
  let isGood = true;
  for (const { name, run: check, onlyInCi } of checks) {
    const wrong = await check(release);
    const isFatal = wrong !== undefined && !(isDry && onlyInCi);
    console.log(
      wrong === undefined ? `ok      ${name}` : `${isFatal ? 'WRONG ' : 'later '}  ${name}: ${wrong}`,
    );
    if (isFatal) isGood = false;
  }
  return isGood;
}

/** Packs HEAD in a fresh clone, where CI has passed. @returns the path of the tarball */
function pack({ folder }: Release, scratch: string): string {
  const clone = join(scratch, 'clone');
  run(folder, 'git', 'clone', '--quiet', '--no-hardlinks', folder, clone);
  run(clone, 'bash', '.ci/run');
  run(clone, 'npm', 'pack', '--pack-destination', scratch);
  const [tarball = ''] = readdirSync(scratch).filter((name) => name.endsWith('.tgz'));
  return join(scratch, tarball);
}

async function release(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      remote: { type: 'string', default: 'origin' },
    },
    allowPositionals: true,
  });
  const [version, ...others] = positionals;
  if (!version || others.length > 0)
    throw new Error('npm run release -- <version> [--dry-run] [--remote <name>]');
  const given: Release = { folder: process.cwd(), version, remote: values.remote, env: process.env };
  if (!(await ask(given, values['dry-run']))) throw new Error('nothing was released');
  const scratch = mkdtempSync(join(tmpdir(), 'express-hitl-release-'));
  try {
    const tarball = pack(given, scratch);
    run(scratch, bin('publint'), 'run', '--strict', tarball);
    run(scratch, bin('attw'), tarball);
    const tag = tagOf(given);
    const channel = version.includes('-') ? ['--tag', 'next'] : [];
    const last = {
      tag: ['git', 'tag', '--annotate', tag, '--message', tag],
      publish: ['npm', 'publish', tarball, '--provenance', '--access', 'public', ...channel],
      push: ['git', 'push', given.remote, `refs/tags/${tag}`],
    } as const;
    if (values['dry-run']) {
      for (const command of Object.values(last)) console.log(`would   ${command.join(' ')}`);
      return;
    }
    run(given.folder, ...last.tag);
    try {
      run(given.folder, ...last.publish);
    } catch (error) {
      run(given.folder, 'git', 'tag', '--delete', tag);
      throw error;
    }
    run(given.folder, ...last.push);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

release().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
