import { memoryStore } from '../../lib/store/memory/memory-store';
import { sqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { Store } from '../../lib/store/store';
import { seededRandom } from '../../lib/testing/seeded-random';
import { isLong } from '../length';
import { seed } from '../seed';
import { type Program, ProgramMaker } from './agent-programs';
import { faultsOf, sumsOf, type Trial, tryProgram } from './killed-turns';

const programs = isLong ? 1_500 : 25;
const stores: readonly [string, () => Store][] = [
  ['memory', memoryStore],
  ['SQLite', () => sqliteStore(':memory:')],
];
