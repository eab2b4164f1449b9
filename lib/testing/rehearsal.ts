/** Replays a journal with an agent's code on the engine of the hub, which does nothing of what the code asks for beyond it; saved journals and the replay of prefixes use it. */
import { HubError } from '../errors';
import type { Clock } from '../hub/commit/clock';
import type { Logger } from '../hub/options/logger';
import type { AgentCode } from '../hub/turns/durable/agent-code';
import { type Divergence, patienceMs } from '../hub/turns/durable/journal';
import { startLeg } from '../hub/turns/durable/leg';
import { Run, type RunCall } from '../hub/turns/durable/run';
import { RunPort } from '../hub/turns/durable/run-port';
import type { MessageStream, StreamOptions } from '../hub/turns/message-stream';
import type { MessageRecord } from '../protocol/records';
import type { Fit, SavedJournal } from './fit';

/** What came of a replay. */
export interface Rehearsed {
  /** Nothing: the code fits. */
  departure: Extract<Fit, { fits: false }> | undefined;
  /** What the code says in other words than before, by kind: allowed of new code, and a sign of chance in the same. */
  reworded: readonly string[];
}

/** The engine's run, which is never asked to perform anything. */
class Rehearsal extends Run {
  /** New calls, in the order in which they were made. */
  readonly made = new Set<string>();
  onMade: () => void = () => {};

  override call<T>(what: string, base: string, call: RunCall<T>): Promise<T> {
    const perform = (id: string) => {
      this.made.add(id);
      this.onMade();
      return new Promise<never>(() => {});
    };
    return super.call(what, base, { ...call, perform });
  }
}

/** What is written by hand goes nowhere; what it says comes from the journal. */
class RehearsalPort extends RunPort {
  override openStream(options: StreamOptions): MessageStream {
    const whole = this.stream(nothingToRead, options);
    whole.catch(() => {});
    return { message: whole, write: async () => {}, end: () => whole, abort: async () => {} };
  }
}

const nothingToRead = async function* () {};

/**
 * @param upTo how many entries are replayed; the code has to do the next one then. Default: all of them; what comes then is free
 * @param mustEnd after all of them the code has to return
 */
export async function rehearse(
  code: AgentCode,
  saved: SavedJournal,
  { upTo = saved.entries.length, mustEnd = false }: { upTo?: number; mustEnd?: boolean } = {},
): Promise<Rehearsed> {
  const { turn } = saved;
  const why = code.whyUnknown(turn.run?.version);
  if (why !== undefined) return { departure: departure(0, 'its beginning', [], why), reworded: [] };
  const abort = new AbortController();
  const { signal } = abort;
  const reworded: string[] = [];
  const logger = loggerOf((what) => {
    const said = /continued says (a \w+) in other words/.exec(what)?.[1];
    if (said !== undefined) reworded.push(said);
  });
  const state: { diverged?: Divergence; ended?: boolean; over?: boolean } = {};
  let look: () => void = () => {};
  const runner = {
    ...{ id: turn.id, ticketId: turn.ticketId, sessionId: turn.sessionId, signal },
    generation: () => 0,
    leg: turn.run?.leg ?? 0,
    begunAt: turn.run?.legBegunAt ?? turn.queuedAt,
  };
  const world = worldOf(saved, logger);
  const run = new Rehearsal(world, runner, {
    awake: async () => {},
    onDivergence: (divergence) => {
      state.diverged = divergence;
      look();
    },
    onLost: () => {},
    onOverflow: () => {},
    onChange: () => look(),
  });
  run.onMade = () => look();
  const user = turn.user ?? { id: turn.userId, name: turn.userId, groups: [] };
  const port = new RehearsalPort(world, run, user, () => {});
  const about = { user, message: saved.message };
  const start = await startLeg(world, turn, about, { code, port, signal });
  if ('why' in start) return { departure: departure(0, 'its state', [], start.why), reworded };
  if ('wait' in start) return { departure: undefined, reworded };
  const next = saved.entries[upTo];
  try {
    run.load(saved.entries.slice(0, upTo));
    const found = await new Promise<Rehearsed['departure']>((resolve) => {
      look = () => {
        const { diverged } = state;
        if (diverged)
          return resolve(departure(diverged.n - 1, diverged.recorded, diverged.instead, 'is not made'));
        if (run.isReplaying) return;
        if (next && !isOfOthers(next.call)) {
          if (run.made.has(next.call)) return resolve(undefined);
          if (state.over) return resolve(departure(upTo, next.call, [...run.made], 'is not made'));
          return;
        }
        if (next || !mustEnd) return resolve(undefined);
        if (state.ended) return resolve(undefined);
        if (state.over) return resolve(departure(upTo, 'the end', [...run.made], 'does not come'));
      };
      const endPatience = clock.later(patienceMs, () => {
        state.over = true;
        look();
      });
      signal.addEventListener('abort', endPatience, { once: true });
      const returned = async () => {
        // Misses what was recorded and not made.
        void run.complete();
        await run.whenCaughtUp(() => {});
        // What the code's last words have begun comes with them.
        for (let turns = 0; turns < 3; turns += 1) await new Promise((resume) => setImmediate(resume));
        state.ended = run.made.size === 0;
        state.over = true;
        look();
      };
      code.call(start.turn, turn.run?.version).then(returned, returned);
    });
    return { departure: found, reworded };
  } finally {
    look = () => {};
    run.end();
    abort.abort(new HubError('closing'));
  }
}

/** The machine's time; its timers hold the process open, since a check waits for them. */
const clock: Clock = {
  now: Date.now,
  later(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** Entries that the code does not make: answers, and what an earlier leg has left. */
function isOfOthers(call: string): boolean {
  return call.startsWith('answer:') || call.startsWith('kept:');
}

function departure(
  after: number,
  recorded: string,
  instead: readonly string[],
  how: string,
): Extract<Fit, { fits: false }> {
  const others = instead.length > 0 ? `; instead: ${instead.join(', ')}` : '; nothing instead';
  const where = after === 0 ? 'At the beginning' : `After entry ${after}`;
  return { fits: false, after, recorded, instead, message: `${where}: ${recorded} ${how}${others}` };
}

/** What a replay reads, from what was saved; nothing of it can be changed. */
function worldOf({ requests, messages, state }: SavedJournal, logger: Logger) {
  const get = async (id: string) => {
    const found = requests.find((each) => each.id === id);
    if (!found)
      throw new HubError('not_found', { message: `The request ${id} was not saved with the journal` });
    return structuredClone(found);
  };
  const store = {
    message: async (id: string) => structuredClone(messages.find((each) => each.id === id)) as MessageRecord,
    messages: async () => structuredClone(messages),
    turnState: async () => structuredClone(state),
  };
  const parts = { store, hitl: { get, attend: () => {}, turnAway: () => {} }, clock, logger };
  // What else a run needs is for what it performs, which a rehearsal does not.
  return parts as unknown as ConstructorParameters<typeof RunPort>[0] &
    ConstructorParameters<typeof Run>[0] &
    Parameters<typeof startLeg>[0];
}

function loggerOf(warn: (what: string) => void): Logger {
  const nothing = () => {};
  return { debug: nothing, info: nothing, warn, error: nothing };
}
