/** `useInbox`: what the user of this page may answer now, of all tickets. */
import { useMemo } from 'react';
import type { RequestAnswer } from '../client';
import type { Connections } from './connections';
import { type InboxFilter, type InboxState, unopened } from './inbox-room';
import { notShown, type Outcome, type RequestOutcome } from './outcome';
import { useConnections } from './provider';
import { type Source, useTracked } from './use-tracked';

/** The functions stay the same; their promises never reject. */
export interface InboxActions {
  /** Answers a request, naming the revision that was shown. A form has it easier with `useRequest`. */
  respond(requestId: string, answer: RequestAnswer): Promise<RequestOutcome>;
  /** "I am on it", for two minutes; again renews. */
  claim(requestId: string): Promise<RequestOutcome>;
  release(requestId: string): Promise<RequestOutcome>;
  /** Asks for the next page; done at once where there is none. */
  loadMore(): Promise<Outcome<object>>;
  /** After the state `closed`: connects again, for a user who has logged in again. */
  reconnect(): void;
}

export type Inbox = InboxState & InboxActions;

/**
 * Opens the inbox while the component is mounted; one connection serves all components with the same filter. Renders
 * again for what is read of the result.
 */
export function useInbox({ type, toolName, ticketId, order }: InboxFilter = {}): Inbox {
  const connections = useConnections();
  const { source, actions } = useMemo(() => {
    const filter = {
      ...(type !== undefined && { type }),
      ...(toolName !== undefined && { toolName }),
      ...(ticketId !== undefined && { ticketId }),
      ...(order !== undefined && { order }),
    };
    return { source: sourceOf(connections, filter), actions: actionsOf(connections, filter) };
  }, [connections, type, toolName, ticketId, order]);
  return Object.assign(useTracked(source), actions);
}

function sourceOf(connections: Connections, filter: InboxFilter): Source<InboxState> {
  return {
    subscribe(listener) {
      const { release } = connections.holdInbox(filter);
      const end = connections.inboxChanges.on(listener);
      return () => {
        end();
        release();
      };
    },
    get: () => connections.inbox(filter)?.state ?? unopened,
    initial: unopened,
  };
}

function actionsOf(connections: Connections, filter: InboxFilter): InboxActions {
  const room = () => connections.inbox(filter);
  return {
    respond: async (id, answer) => room()?.respond(id, answer) ?? notShown(),
    claim: async (id) => room()?.claim(id) ?? notShown(),
    release: async (id) => room()?.release(id) ?? notShown(),
    loadMore: async () => room()?.loadMore() ?? notShown(),
    reconnect: () => room()?.reconnect(),
  };
}
