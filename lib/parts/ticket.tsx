/** `<Ticket/>`: a whole ticket; what was said and asked in it, what the agent is at, who is there, and a field to write in. */
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { visibleText } from '../protocol/visible-text';
import { useTicket } from '../react';
import { Composer } from './composer';
import { ConnectionLine } from './connection';
import { GoneNote } from './gone-note';
import { joined, useHistory } from './history';
import { useKeys } from './keys';
import { Presence, TypingLine } from './presence';
import { InPart } from './request';
import type { Me } from './right-to-answer';
import { StreamNote } from './stream-note';
import { texts } from './texts';
import { type Sought, Timeline } from './timeline';
import { timelineRows } from './timeline-rows';
import { TurnBar } from './turn-bar';

export interface TicketProps {
  ticketId: string;
  /** Whom the reader is taken for. Default: the server's word, without groups. */
  me?: Me | undefined;
  /** What the agent is called. Default "Agent". */
  agentName?: string;
  /** Above the timeline beside who is there: a title, links. Default: the ticket's id. */
  title?: ReactNode;
}

/** Below a `HitlProvider`; it fills the height it is given. Another ticket is another component. */
export function Ticket(props: TicketProps) {
  return (
    <InPart.Provider value={true}>
      <TicketView key={props.ticketId} {...props} />
    </InPart.Provider>
  );
}

function TicketView({ ticketId, me, agentName = texts.agent, title }: TicketProps) {
  const ticket = useTicket(ticketId);
  const { state, ending, user, timeline, turns, requests, presence, typing } = ticket;
  const [sought, setSought] = useState<Sought>();
  const begin = timeline[0]?.id ?? '';
  const { history, loadMore } = useHistory(ticketId, state === 'live', begin);
  const older = useMemo(
    () => ({
      messages: new Map(history.messages.map((each) => [each.id, each])),
      requests: new Map(history.requests.map((each) => [each.id, each])),
      turns: new Map(history.turns.map((each) => [each.id, each])),
    }),
    [history],
  );
  const past = useMemo(() => {
    const live = new Set(requests.map(({ id }) => id));
    return new Set([...older.requests.keys()].filter((id) => !live.has(id)));
  }, [older, requests]);
  const rows = useMemo(
    () =>
      timelineRows({
        messages: joined(older.messages, timeline),
        requests: joined(older.requests, requests),
        turns: joined(older.turns, turns),
      }),
    [older, timeline, requests, turns],
  );
  const frame = useRef<HTMLElement>(null);
  useKeys(frame, {});
  return (
    <section ref={frame} className="hitl-ticket" aria-label={texts.ticketNamed(visibleText(ticketId, 128))}>
      <header className="hitl-ticket-head">
        {title ?? <h1>{visibleText(ticketId, 128)}</h1>}
        <span className="hitl-push" />
        <Presence members={presence} />
      </header>
      <ConnectionLine
        state={state}
        ending={ending}
        refusal={ticket.refusal}
        transport={ticket.transport}
        onReconnect={ticket.reconnect}
      />
      <Timeline
        rows={rows}
        ticketId={ticketId}
        agentName={agentName}
        me={me ?? user}
        history={history}
        past={past}
        sought={sought}
        onBeginning={loadMore}
        empty={state === 'live' ? texts.emptyTicket : ''}
      />
      <footer className="hitl-ticket-foot">
        <TurnBar
          turns={turns}
          ticketId={ticketId}
          agentName={agentName}
          onLook={(requestId) => setSought({ requestId })}
        />
        <Composer
          ticketId={ticketId}
          agentName={agentName}
          isClosed={state === 'closed'}
          send={ticket.send}
          sendTyping={ticket.sendTyping}
        />
        <TypingLine people={typing} />
        <StreamNote messages={timeline} agentName={agentName} />
      </footer>
      <GoneNote frame={frame} />
    </section>
  );
}
