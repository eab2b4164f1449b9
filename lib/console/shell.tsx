/** The console's frame: where one can go, who one is, and the page one is on. */
import { useEffect, useRef, useState } from 'react';
import { useDraftText } from '../parts/drafts';
import { Face } from '../parts/face';
import { GoneNote } from '../parts/gone-note';
import { Icon } from '../parts/icon';
import { Inbox } from '../parts/inbox';
import { useInboxItems } from '../parts/inbox-items';
import { keySettings, useKeys } from '../parts/keys';
import { texts } from '../parts/texts';
import { visibleText } from '../protocol/visible-text';
import { Grants } from './grants';
import { Help } from './help';
import { useMe } from './me';
import { mount } from './mount';
import { canNotify, useNews } from './news';
import { setPreferences, usePreferences } from './preferences';
import { goTo, hrefOf, routeOf, useRoute } from './route';
import { TicketPage } from './ticket-page';

export function Shell() {
  const me = useMe();
  if (me === 'signed out') {
    return (
      <main className="hitl signed-out">
        <Icon name="lock" />
        <h1>{texts.signedOut}</h1>
        <p className="hitl-soft">{texts.signedOutHint}</p>
        <button type="button" className="hitl-button" onClick={() => location.reload()}>
          {texts.tryAgain}
        </button>
      </main>
    );
  }
  return <SignedIn me={me} />;
}

function SignedIn({ me }: { me: Exclude<ReturnType<typeof useMe>, 'signed out'> }) {
  const route = useRoute();
  const { theme, keys, notify, tickets } = usePreferences();
  const [helps, setHelps] = useState(false);
  const inbox = useInboxItems({ order: 'newest' });
  const total = inbox.counts?.total ?? 0;
  useNews(inbox.state === 'connecting' ? undefined : inbox.items, total, notify);
  const frame = useRef<HTMLDivElement>(null);
  useKeys(frame, { '?': () => setHelps(true), g: () => goTo({ page: 'inbox' }) });
  useEffect(() => {
    keySettings.areOn = keys;
  }, [keys]);
  const charts = me?.charts ? `${mount}/charts/` : undefined;
  const waiting = (ticketId: string) => inbox.items.filter((each) => each.ticket_id === ticketId).length;
  const isAt = (page: string) => (route.page === page ? 'page' : undefined);
  return (
    <div
      ref={frame}
      className="hitl shell"
      data-theme={theme === 'system' ? undefined : theme}
      data-page={route.page}
    >
      <nav className="side" aria-label={texts.console}>
        <p className="brand">
          <span className="brand-mark">
            <Icon name="check" />
          </span>
          <b>{texts.console}</b>
        </p>
        <a href={hrefOf({ page: 'inbox' })} aria-current={isAt('inbox')}>
          <Icon name="inbox" /> <span>{texts.inbox}</span>
          {total > 0 && <span className="hitl-count">{total}</span>}
        </a>
        <a href={hrefOf({ page: 'grants' })} aria-current={isAt('grants')}>
          <Icon name="grant" /> <span>{texts.grants}</span>
        </a>
        <div className="side-tickets">
          <h2>{texts.tickets}</h2>
          {tickets.map((ticketId) => (
            <a
              key={ticketId}
              href={hrefOf({ page: 'ticket', ticketId, tab: 'timeline' })}
              aria-current={route.page === 'ticket' && route.ticketId === ticketId ? 'page' : undefined}
            >
              <Icon name="ticket" /> <span>{visibleText(ticketId, 60)}</span>
              {waiting(ticketId) > 0 && <span className="hitl-count">{waiting(ticketId)}</span>}
            </a>
          ))}
          <OpenTicket />
        </div>
        <div className="side-foot">
          <NotifyButton isOn={notify} />
          <ThemeButton theme={theme} />
          <button type="button" className="hitl-quiet" onClick={() => setHelps(true)} title={texts.help}>
            <Icon name="keyboard" />
            <span className="hitl-hidden">{texts.help}</span>
          </button>
          {me && (
            <p className="who" title={me.user.groups.map((each) => visibleText(each, 60)).join(', ')}>
              <Face name={me.user.name} id={me.user.id} /> <span>{visibleText(me.user.name, 60)}</span>
            </p>
          )}
        </div>
      </nav>
      <main className="main">
        {route.page === 'ticket' ? (
          <TicketPage
            ticketId={route.ticketId}
            tab={route.tab}
            me={me?.user}
            agentName={me?.agent.name ?? texts.agent}
            charts={charts}
          />
        ) : route.page === 'grants' ? (
          <Grants />
        ) : (
          <Inbox
            me={me?.user}
            hint={me?.inbox_tickets === false ? texts.noInboxTickets : undefined}
            selected={route.id}
            onSelect={select}
            ticketHref={(ticketId) => hrefOf({ page: 'ticket', ticketId, tab: 'timeline' })}
          />
        )}
      </main>
      <GoneNote frame={frame} />
      {helps && <Help onClose={() => setHelps(false)} />}
    </div>
  );
}

/** Going through the list leaves no trail for the back button. */
function select(id: string | undefined): void {
  // The reader may have left the inbox in this very moment.
  if (routeOf(location.hash).page === 'inbox') goTo({ page: 'inbox', id }, true);
}

function OpenTicket() {
  const [text, setText] = useDraftText('open ticket');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const ticketId = text.trim();
        if (ticketId === '') return;
        setText('');
        goTo({ page: 'ticket', ticketId, tab: 'timeline' });
      }}
    >
      <input
        aria-label={texts.openTicket}
        placeholder={texts.openTicketHint}
        maxLength={128}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
    </form>
  );
}

/** Asks only when it is pressed. */
function NotifyButton({ isOn }: { isOn: boolean }) {
  if (!('Notification' in window)) return null;
  const shown = isOn && canNotify();
  const isRefused = Notification.permission === 'denied';
  const name = isRefused ? texts.notifyRefused : shown ? texts.notifyOff : texts.notifyOn;
  return (
    <button
      type="button"
      className="hitl-quiet"
      aria-pressed={shown}
      disabled={isRefused}
      title={name}
      onClick={async () =>
        setPreferences({ notify: !shown && (await Notification.requestPermission()) === 'granted' })
      }
    >
      <Icon name="bell" />
      <span className="hitl-hidden">{name}</span>
    </button>
  );
}

function ThemeButton({ theme }: { theme: 'system' | 'light' | 'dark' }) {
  const isDark =
    theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  const name = isDark ? texts.toLight : texts.toDark;
  return (
    <button
      type="button"
      className="hitl-quiet"
      title={name}
      onClick={() => setPreferences({ theme: isDark ? 'light' : 'dark' })}
    >
      <Icon name={isDark ? 'sun' : 'moon'} />
      <span className="hitl-hidden">{name}</span>
    </button>
  );
}
