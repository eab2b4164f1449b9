/** What this page does with each request: what has been filled in, what is under way, what went wrong; held by id, so that nothing of one request gets into another. */
import type { RequestResponse, RequestView, TicketError } from '../client';
import type { RequestOutcome } from './outcome';

export type Doing = 'answer' | 'claim' | 'release';

/** The form of one request as far as it is filled in: the fields of its `response`. */
export type Draft = Readonly<RequestResponse>;

/** Fields of a response that were filled in for an earlier revision of the request, and were not sent. */
export interface Unsent {
  readonly response: Draft;
  readonly revision: number | undefined;
}

export interface Desk {
  readonly draft: Draft;
  /** The revision that the draft was made for. */
  readonly draftOf: number | undefined;
  /** What of the draft stays when the request is amended: the comment. */
  readonly comment: Draft;
  /** The others of its fields. */
  readonly edits: Unsent | undefined;
  /** What was filled in for an earlier revision, until it is used again or discarded. */
  readonly older: Unsent | undefined;
  /** What was sent and has no answer yet. */
  readonly doing: Readonly<Partial<Record<Doing, Promise<RequestOutcome>>>>;
  /** Why the last thing that was tried failed; gone with the next try. */
  readonly error: TicketError | undefined;
  /** The request as the server sent it in an answer to this page. */
  readonly received: RequestView | undefined;
}

const blank: Draft = {};

/** The desk of a request to which nothing was done. */
export const clearDesk: Desk = {
  draft: blank,
  draftOf: undefined,
  comment: blank,
  edits: undefined,
  older: undefined,
  doing: {},
  error: undefined,
  received: undefined,
};

/** Requests of which something is held; of more, the one longest untouched is forgotten. */
export const maxDesks = 200;

export class Desks {
  /** The one touched last is last. */
  private readonly byId = new Map<string, Desk>();
  private readonly listeners = new Set<() => void>();

  get(id: string): Desk {
    return this.byId.get(id) ?? clearDesk;
  }

  /** Notified at once, since a field shows what is typed into it. */
  put(id: string, changed: Partial<Desk>): void {
    const desk = { ...this.get(id), ...changed };
    this.byId.delete(id);
    this.byId.set(id, desk);
    const [oldest] = this.byId.keys();
    if (this.byId.size > maxDesks && oldest !== undefined) this.byId.delete(oldest);
    for (const listener of [...this.listeners]) listener();
  }

  /** The draft for this revision of a request. */
  draft(id: string, revision: number | undefined): Draft {
    const { draft, draftOf, comment } = this.get(id);
    return revision === draftOf ? draft : comment;
  }

  /** What was filled in for another revision than this one. */
  unsent(id: string, revision: number | undefined): Unsent | undefined {
    const { draftOf, edits, older } = this.get(id);
    return revision === draftOf ? older : (edits ?? older);
  }

  /** Replaces fields of the draft; one that is `undefined` is taken out. */
  edit(id: string, revision: number | undefined, changed: RequestResponse): void {
    const older = this.unsent(id, revision);
    this.put(id, { ...drafted({ ...this.draft(id, revision), ...changed }, revision), older });
  }

  /** Takes out of the draft what was sent as it stands there now; what was filled in in the meantime stays. */
  clear(id: string, sent: RequestResponse): void {
    const { draft, draftOf } = this.get(id);
    const left = Object.entries(draft).filter(([name, value]) => value !== sent[name]);
    this.put(id, drafted(Object.fromEntries(left), draftOf));
  }

  /** Forgets what was filled in for other revisions than this one. */
  discard(id: string, revision: number | undefined): void {
    this.put(id, { ...drafted(this.draft(id, revision), revision), older: undefined });
  }

  on(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}

function drafted(fields: RequestResponse, draftOf: number | undefined) {
  const all = Object.entries(fields).filter(([, value]) => value !== undefined);
  const others = all.filter(([name]) => name !== 'comment');
  const { comment } = fields;
  return {
    draft: Object.fromEntries(all),
    draftOf,
    comment: typeof comment === 'string' ? { comment } : blank,
    edits: others.length > 0 ? { response: Object.fromEntries(others), revision: draftOf } : undefined,
  };
}
