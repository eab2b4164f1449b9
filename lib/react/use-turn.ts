/** `useTurn`: one turn of a ticket, what it waits for, and what one may do about it. */
import { useMemo, useState } from 'react';
import type { RequestView, TicketError, ViewedTurn } from '../client';
import { notShown, type Outcome, outcomeOf } from './outcome';
import { useConnections } from './provider';
import type { TicketState } from './ticket-room';
import { useTicketValue } from './use-ticket';

/** What one does about a turn. */
export type TurnDoing = 'retry' | 'start_over' | 'cancel';

export interface TurnState {
  /** None before the ticket is known, and of a turn that had ended by then. */
  readonly turn: ViewedTurn | undefined;
  /** Oldest first: of a waiting turn the pending requests that it names, of a running one those that it asked. */
  readonly waitsFor: readonly RequestView[];
  /** What was sent and has no answer yet. */
  readonly busy: TurnDoing | undefined;
  /** Why the last thing that was tried failed, gone with the next try. */
  readonly error: TicketError | undefined;
}

/** The functions stay the same and give promises that never reject; called again while under way they give the same one. */
export interface TurnActions {
  /** A stuck turn goes on where it was, with the agent's code as it is now. */
  retry(): Promise<Outcome<{ turnId: string }>>;
  /** A stuck turn begins again at its top; answers to the very same questions are used again. */
  startOver(): Promise<Outcome<{ turnId: string }>>;
  /** Ends it, whatever it is at. */
  cancel(): Promise<Outcome<{ turnId: string }>>;
}

export type Turn = TurnState & TurnActions;

/** Follows one turn of a ticket, which it joins while the component is mounted. What is tried and fails is this component's own. */
export function useTurn({ id, ticketId }: { id: string; ticketId: string }): Turn {
  const connections = useConnections();
  const turn = useTicketValue(ticketId, (ticket) => turnOf(ticket, id));
  const waitsFor = useTicketValue(ticketId, (ticket) => waitedForBy(turnOf(ticket, id), ticket), isSameList);
  const [tried, setTried] = useState<Tried>({ of: undefined });
  const { of, actions } = useMemo(() => {
    // Of each turn another object, so that what ends late says nothing of another one.
    const of = {};
    const doing: Partial<Record<TurnDoing, Promise<Outcome<{ turnId: string }>>>> = {};
    const act = (what: TurnDoing, send: () => Promise<Outcome<{ turnId: string }>>) => {
      const under = doing[what];
      if (under) return under;
      setTried({ of, busy: what });
      const outcome = send().then((done) => {
        delete doing[what];
        const error = done.ok ? undefined : done.error;
        setTried((now) => {
          if (now.of !== of) return now;
          return { of, busy: now.busy === what ? undefined : now.busy, error };
        });
        return done;
      });
      doing[what] = outcome;
      return outcome;
    };
    const post = (change: string) =>
      outcomeOf(connections.rest(`/hitl/turns/${encodeURIComponent(id)}/${change}`, { body: {} }), () => ({
        turnId: id,
      }));
    const cancel = async () => connections.tickets.get(ticketId)?.cancelTurn(id) ?? notShown();
    const actions: TurnActions = {
      retry: () => act('retry', () => post('retry')),
      startOver: () => act('start_over', () => post('start_over')),
      cancel: () => act('cancel', cancel),
    };
    return { of, actions };
  }, [connections, ticketId, id]);
  const { busy, error } = tried.of === of ? tried : nothingTried;
  return { turn, waitsFor, busy, error, ...actions };
}

interface Tried {
  /** Which turn it was tried with. */
  of: object | undefined;
  busy?: TurnDoing | undefined;
  error?: TicketError | undefined;
}

const nothingTried: Tried = { of: undefined };
const none: readonly RequestView[] = [];

function turnOf({ turns }: TicketState, id: string): ViewedTurn | undefined {
  return turns.find((turn) => turn.id === id);
}

function waitedForBy(turn: ViewedTurn | undefined, { pending }: TicketState): readonly RequestView[] {
  if (turn?.status === 'running') return pending.filter(({ turn_id }) => turn_id === turn.id);
  const named = new Set(turn?.waits_for?.request_ids);
  return named.size === 0 ? none : pending.filter(({ id }) => named.has(id));
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}
