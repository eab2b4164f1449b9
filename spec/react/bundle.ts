/** The hooks and the client as `npm run build` bundles them for `import`, side by side, made once for a spec into a folder of its own. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from '../packaging/command';

export interface Bundles {
  /** The modules. */
  react: string;
  client: string;
  /** The source files in that of the hooks, as `lib/react/index.ts`. */
  inputs: string[];
  /** What it leaves to be imported. */
  imports: string[];
  remove(): Promise<void>;
}

export async function bundleReact(): Promise<Bundles> {
  const folder = await mkdtemp(join(tmpdir(), 'express-hitl-react-'));
  const [react, client] = [join(folder, 'react/index.mjs'), join(folder, 'client/index.mjs')];
  const meta = join(folder, 'meta.json');
  await run(root, 'npm', 'run', 'build:client', '--', `--outfile=${client}`);
  await run(root, 'npm', 'run', 'build:react', '--', `--outfile=${react}`, `--metafile=${meta}`);
  const { inputs, outputs } = JSON.parse(await readFile(meta, 'utf8'));
  const [output] = Object.entries<{ imports: { path: string }[] }>(outputs).flatMap(([path, made]) =>
    path.endsWith('.mjs') ? [made] : [],
  );
  const imports = [...new Set(output?.imports.map(({ path }) => path))].sort();
  return {
    react,
    client,
    inputs: Object.keys(inputs),
    imports,
    remove: () => rm(folder, { recursive: true }),
  };
}
