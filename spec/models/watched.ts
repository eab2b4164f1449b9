/** Counts what a machine goes through in all tests of a file, wherever its actors run. */
import type { AnyStateMachine } from 'xstate';
import { Coverage, type MachineWatch, watchMachine } from '../../lib/testing';

/** The coverage, which grows while the tests of the file run. */
export function watched(machine: AnyStateMachine): Coverage {
  const coverage = new Coverage(machine);
  let watch: MachineWatch | undefined;
  beforeAll(() => {
    watch = watchMachine(machine, coverage);
  });
  afterAll(() => watch?.stop());
  return coverage;
}
