/** Writes `llms.txt`: `npm run llms`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { llmsText } from './llms';
import { root } from './places';

writeFileSync(join(root, 'llms.txt'), llmsText());
