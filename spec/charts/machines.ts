/** The machines that the chart specs go over: all of ours, and one that uses everything. */
import type { AnyStateMachine } from 'xstate';
import { executionMachine } from '../../lib/actors/execution-machine';
import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { sessionMachine } from '../../lib/actors/session-machine';
import { ticketMachine } from '../../lib/actors/ticket-machine';
import { turnMachine } from '../../lib/actors/turn-machine';
import { chartOf } from '../../lib/charts/chart-of';
import { everythingMachine } from './everything';

/** The machines of this package. */
export const ours: readonly AnyStateMachine[] = [
  ticketMachine,
  sessionMachine,
  hitlRequestMachine,
  executionMachine,
  turnMachine,
];

/** All of them by name, as `test.each` takes them. */
export const charts = [...ours, everythingMachine].map((machine) => [machine.id, chartOf(machine)] as const);
