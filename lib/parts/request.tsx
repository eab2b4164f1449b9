/** `<Request/>`: one request, wherever it is, with the form in which it is answered. */
import { createContext, type ReactNode, useContext, useRef } from 'react';
import type { RequestView } from '../client';
import { useRequest } from '../react';
import { GoneNote } from './gone-note';
import { useKeys } from './keys';
import { type CardOptions, RequestCard } from './request-card';
import { texts } from './texts';

export interface RequestProps extends CardOptions {
  id: string;
  /** Where it is known; saves asking the server. */
  ticketId?: string | undefined;
  /** As it was when it was last seen; shown until more is known, and where it is settled for good. */
  known?: RequestView | undefined;
  /** Shown until the request is known. */
  fallback?: ReactNode;
}

/** True below a part that hears keys itself, and says what has gone in it. */
export const InPart = createContext(false);

/** Below a `HitlProvider`. What is filled in belongs to the request: another `id` never sees it. */
export function Request(props: RequestProps) {
  const card = <RequestById key={props.id} {...props} />;
  return useContext(InPart) ? card : <Alone>{card}</Alone>;
}

function Alone({ children }: { children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  useKeys(frame, {});
  return (
    <div ref={frame} className="hitl-alone">
      {children}
      <GoneNote frame={frame} />
    </div>
  );
}

function RequestById({ id, ticketId, known, fallback, ...props }: RequestProps) {
  // Field by field: what is not read here does not draw the card again.
  const {
    request: received,
    busy,
    error,
    draft,
    unsent,
    answer,
    claim,
    release,
    edit,
    discard,
  } = useRequest(ticketId === undefined ? { id } : { id, ticketId });
  const request = received ?? known;
  if (request)
    return (
      <RequestCard
        desk={{ request, busy, error, draft, unsent, answer, claim, release, edit, discard }}
        {...props}
      />
    );
  if (error) return <p className="hitl-problem">{texts.errors[error.code] ?? error.message}</p>;
  return <>{fallback}</>;
}
