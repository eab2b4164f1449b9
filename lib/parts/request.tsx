/** `<Request/>`: one request, wherever it is, with the form in which it is answered. */
import type { ReactNode } from 'react';
import { useRequest } from '../react';
import { RequestCard, type RequestCardProps } from './request-card';
import { texts } from './texts';

export interface RequestProps extends Pick<RequestCardProps, 'me' | 'size' | 'more' | 'onAnswered'> {
  id: string;
  /** Where it is known; saves asking the server. */
  ticketId?: string | undefined;
  /** Shown until the request is known. */
  fallback?: ReactNode;
}

/** Below a `HitlProvider`. What is filled in belongs to the request: another `id` never sees it. */
export function Request({ id, ticketId, fallback, ...props }: RequestProps) {
  const desk = useRequest(ticketId === undefined ? { id } : { id, ticketId });
  const { request, error } = desk;
  if (request) return <RequestCard key={id} desk={{ ...desk, request }} {...props} />;
  if (error) return <p className="hitl-problem">{texts.errors[error.code] ?? error.message}</p>;
  return <>{fallback}</>;
}
