/** `<Request/>`: one request, wherever it is, with the form in which it is answered. */
import type { ReactNode } from 'react';
import type { RequestView } from '../client';
import { useRequest } from '../react';
import { RequestCard, type RequestCardProps } from './request-card';
import { texts } from './texts';

export interface RequestProps extends Pick<RequestCardProps, 'me' | 'size' | 'more' | 'onAnswered'> {
  id: string;
  /** Where it is known; saves asking the server. */
  ticketId?: string | undefined;
  /** As it was when it was last seen; shown until more is known, and where it is settled for good. */
  known?: RequestView | undefined;
  /** Shown until the request is known. */
  fallback?: ReactNode;
}

/** Below a `HitlProvider`. What is filled in belongs to the request: another `id` never sees it. */
export function Request({ id, ticketId, known, fallback, ...props }: RequestProps) {
  // Field by field: what is not read here does not draw the card again.
  const {
    request: told,
    busy,
    error,
    draft,
    answer,
    claim,
    release,
    edit,
  } = useRequest(ticketId === undefined ? { id } : { id, ticketId });
  const request = told ?? known;
  if (request)
    return (
      <RequestCard key={id} desk={{ request, busy, error, draft, answer, claim, release, edit }} {...props} />
    );
  if (error) return <p className="hitl-problem">{texts.errors[error.code] ?? error.message}</p>;
  return <>{fallback}</>;
}
