import { promises } from './durable-tools';

test.each(promises)('In durable turns $promise', ({ check }) => check());
