/** The client as `npm run build` bundles it for `import`, made once for a spec into a folder of its own. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from '../packaging/command';

export interface Bundle {
  /** The module. */
  file: string;
  /** The source files in it, as `lib/client/index.ts`, and the packages. */
  inputs: string[];
  remove(): Promise<void>;
}

export async function bundleClient(): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'express-hitl-client-'));
  const file = join(folder, 'index.mjs');
  const meta = join(folder, 'meta.json');
  await run(root, 'npm', 'run', 'build:client', '--', `--outfile=${file}`, `--metafile=${meta}`);
  const { inputs } = JSON.parse(await readFile(meta, 'utf8'));
  return { file, inputs: Object.keys(inputs), remove: () => rm(folder, { recursive: true }) };
}
