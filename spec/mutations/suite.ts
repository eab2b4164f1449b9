/** What every planted bug is tried with: the models of the machines, on the machines alone. */
import { ModelFailure } from '../../lib/testing';
import { DurableTurnAlone } from '../models/durable-turn-alone';
import { ages, modelOfDurableTurn } from '../models/durable-turn-model';
import { RequestAlone } from '../models/request-alone';
import { modelOfRequest } from '../models/request-model';
import { requests } from '../models/request-rules';
import { SessionAlone } from '../models/session-alone';
import { modelOfSession } from '../models/session-model';
import { TicketAlone } from '../models/ticket-alone';
import { modelOfTicket } from '../models/ticket-model';
import { modelOfTurns } from '../models/turn-model';
import { TurnsAlone } from '../models/turns-alone';
import type { ActorCode } from './mutant-code';
import type { Mutant } from './mutants';

/** How a bug was found out: by what, and after which events. */
export interface Kill {
  by: string;
  after: string;
}

/** The models with their paths, each made once, when it is first asked: to explore one takes longer than to walk it. */
const requestModels = Object.entries(requests).map(([name, rules]) => {
  const made = once(() => {
    const model = modelOfRequest(rules);
    return { model, paths: model.edgePaths() };
  });
  return { name, rules, made };
});
const ticketModel = modelOfTicket();
const turnModel = modelOfTurns();
const durableModels = [ages.greatest, null].map((greatest) => ({
  greatest,
  model: modelOfDurableTurn(greatest),
}));
const sessionModel = modelOfSession();

/** Which models say anything of a file. */
function modelsFor(file: string): readonly ((code: ActorCode) => Promise<Kill | undefined>)[] {
  if (file.startsWith('ticket'))
    return [(code) => kill('ticket', () => ticketModel.test({ start: () => new TicketAlone(code) }))];
  if (file.startsWith('session'))
    return [(code) => kill('sessions', () => sessionModel.test({ start: () => new SessionAlone(code) }))];
  if (file.startsWith('turn'))
    return [
      (code) => kill('turns', () => turnModel.test({ start: () => new TurnsAlone(code) })),
      ...durableModels.map(({ greatest, model }) => (code: ActorCode) => {
        const start = () => new DurableTurnAlone(code, greatest);
        return kill('a durable turn', () => model.test({ start }));
      }),
    ];
  return requestModels.map(({ name, rules, made }) => (code) => {
    const { model, paths } = made();
    const start = () => new RequestAlone(code, rules);
    return kill(`requests with ${name}`, () => model.test({ start, paths }));
  });
}

/** How the machines with this bug are found out, or nothing if they are not. */
export async function killOf({ file }: Pick<Mutant, 'file'>, code: ActorCode): Promise<Kill | undefined> {
  for (const model of modelsFor(file)) {
    const killed = await model(code);
    if (killed) return killed;
  }
  return undefined;
}

/** What a test that must fail says, or nothing if it holds. */
export async function kill(by: string, test: () => Promise<unknown>): Promise<Kill | undefined> {
  try {
    await test();
    return undefined;
  } catch (error) {
    if (error instanceof ModelFailure) return { by, after: error.path.name };
    // A machine that cannot even be started or restored is found out too.
    return { by, after: error instanceof Error ? `nothing: ${error.message}` : 'nothing' };
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
