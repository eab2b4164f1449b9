/** Writes `docs/openapi.json` and `docs/asyncapi.json`; with `--check` it fails if they are stale: `npm run documents`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documents } from '../../../lib/transport/documents/serve';

const folder = join(__dirname, '../../../docs');
const check = process.argv.includes('--check');

for (const [name, document] of Object.entries(documents)) {
  const path = join(folder, name);
  const text = `${JSON.stringify(document(), null, 2)}\n`;
  if (!check) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`docs/${name} is stale: npm run documents`);
    process.exitCode = 1;
  }
}
