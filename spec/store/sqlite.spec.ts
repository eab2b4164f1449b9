/** The SQLite store against the contract. */
import { join } from 'node:path';
import { sqliteStore } from '../../lib/store/sqlite';
import { storeContract } from './contract';

storeContract('the SQLite store', (folder) => sqliteStore(join(folder, 'data', 'hitl.db')), {
  durable: true,
});
