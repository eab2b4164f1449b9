/** Says that something new waits: in the window's title, in its icon, and, for those who want it, on the desktop. */
import { useEffect, useRef } from 'react';
import type { RequestView } from '../client';
import { subjectOf, titleOf } from '../parts/subject';
import { texts } from '../parts/texts';
import { visibleText } from '../protocol/visible-text';
import { goTo } from './route';

/** Together they are one notification. */
const mostAtOnce = 3;

/** @param items what waits, none before it is known */
export function useNews(items: readonly RequestView[] | undefined, total: number, notify: boolean): void {
  const known = useRef<ReadonlySet<string>>(undefined);
  useEffect(() => {
    document.title = total > 0 ? `(${total}) ${texts.console}` : texts.console;
    const icon = document.querySelector<HTMLLinkElement>(
      `link[rel=icon][data-for=${total > 0 ? 'news' : 'rest'}]`,
    );
    if (icon) document.head.append(icon);
  }, [total]);
  useEffect(() => {
    if (!items) return;
    const before = known.current;
    known.current = new Set(items.map(({ id }) => id));
    // What was there when the page came is no news.
    const news = before ? items.filter(({ id }) => !before.has(id)) : [];
    if (news.length === 0 || !notify || !document.hidden || !canNotify()) return;
    if (news.length > mostAtOnce) showNotification('several', texts.newRequests(news.length), '');
    else for (const request of news) showNotification(request.id, titleOf(request), bodyOf(request), request);
  }, [items, notify]);
}

/** Whether the browser has them, and the reader has said yes. */
export function canNotify(): boolean {
  return 'Notification' in window && Notification.permission === 'granted';
}

function showNotification(tag: string, title: string, body: string, request?: RequestView): void {
  const shown = new Notification(title, { tag: `hitl ${tag}`, body });
  shown.onclick = () => {
    window.focus();
    goTo({ page: 'inbox', id: request?.id });
    shown.close();
  };
}

function bodyOf(request: RequestView): string {
  return `${subjectOf(request).kind} · ${visibleText(request.ticket_id, 60)}`;
}
