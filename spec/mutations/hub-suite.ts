/** What every bug around the machines is tried with: the models on real sockets, restarted, and in two hubs at once. */
import { modelOfRequest } from '../models/request-model';
import { requests } from '../models/request-rules';
import { modelOfTicket } from '../models/ticket-model';
import { modelOfTurns } from '../models/turn-model';
import { seed } from '../seed';
import type { Systems } from './hub-code';
import type { Trial } from './hub-mutants';
import { type Kill, kill } from './suite';

/** How the code with a bug is found out, or nothing if it is not. */
export function hubKillOf(trial: Trial, systems: Systems): Promise<Kill | undefined> {
  const stop = (system: { stop(): void | Promise<void> }) => system.stop();
  if (trial === 'turns') {
    const start = () => systems.TurnsOverSockets.start();
    return kill('turns over sockets', () => modelOfTurns().test({ start, stop }));
  }
  if (trial === 'closed rules') return brokenRule(systems);
  if (trial === 'durable tools') return brokenPromise(systems);
  if (trial === 'killed turns') return brokenTurn(systems);
  if (trial === 'tickets') {
    const start = () => systems.TicketOverSockets.start();
    return kill('tickets over sockets', () => modelOfTicket().test({ start, stop }));
  }
  const rules = requests[trial.requests];
  if (!rules) throw new Error(`There are no requests with ${trial.requests}`);
  const model = modelOfRequest(rules);
  return kill(`requests with ${trial.requests}, ${trial.how}`, async () => {
    if (trial.how === 'in two hubs') {
      const ask = systems.RequestInHubs.ask;
      await model.fuzz({ start: () => ask((_what, work) => work(), rules), stop, seed, runs: 40 });
      await model.races({ start: (schedule) => ask(schedule, rules), stop, seed, runs: 120 });
      return;
    }
    const stage = await systems.RequestStage.open();
    const start = () => systems.RequestOverSockets.ask(stage, rules);
    const restart = (request: { restart?(): void | Promise<void> }) => request.restart?.();
    try {
      await model.test({ start, stop, ...(trial.how === 'restarted' && { restart }) });
    } finally {
      await stage.close();
    }
  });
}

async function brokenRule({ ClosedRules }: Systems): Promise<Kill | undefined> {
  const after = await ClosedRules.broken();
  return after === undefined ? undefined : { by: 'the rules that fail closed', after };
}

async function brokenPromise({ DurableTools }: Systems): Promise<Kill | undefined> {
  const after = await DurableTools.broken();
  return after === undefined ? undefined : { by: 'the promises about tools in durable turns', after };
}

async function brokenTurn({ KilledTurns }: Systems): Promise<Kill | undefined> {
  const after = await KilledTurns.broken(seed);
  return after === undefined ? undefined : { by: 'programs whose processes are killed', after };
}
