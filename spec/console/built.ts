/** The console as `npm run build:console` makes it, once for all specs that serve it and again when its sources change. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../packaging/command';

const cache = join(root, 'node_modules/.cache/express-hitl-console');

/** A folder for the option `console: { assets }`. */
export async function builtConsole(): Promise<string> {
  const digest = sourcesDigest();
  const folder = join(cache, digest);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'new-'));
  await run(root, 'npm', 'run', 'build:console', '--', `--outDir=${fresh}`);
  // Another worker may have been as fast; its build is the same.
  if (existsSync(folder)) rmSync(fresh, { recursive: true });
  else renameSync(fresh, folder);
  return folder;
}

function sourcesDigest(): string {
  const hash = createHash('sha256');
  for (const file of ['vite.config.mts', 'package-lock.json']) hash.update(readFileSync(join(root, file)));
  const paths = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\/lib\/(console|parts|react|client|protocol)\b/.test(entry.parentPath),
    )
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) hash.update(path).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}
