/** How much the console is to load. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { builtConsole } from './built';

test('its JavaScript stays below 150 kB when it is compressed', async () => {
  const folder = join(await builtConsole(), 'assets');
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const bytes = scripts.map((name) => gzipSync(readFileSync(join(folder, name))).length);
  const size = bytes.reduce((sum, each) => sum + each, 0);
  expect(size).toBeGreaterThan(50_000);
  expect(size).toBeLessThan(150_000);
}, 60_000);
