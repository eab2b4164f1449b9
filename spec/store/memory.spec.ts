/** The memory store against the contract. */
import { memoryStore } from '../../lib/store/memory';
import { storeContract } from './contract';

storeContract('the memory store', memoryStore, { durable: false });
