/** Every read of a store as a question whose answer is the same for each store that is right: lists are walked to their end, epochs are only compared with themselves. */
import { isHubError } from '../../lib/errors';
import type { LoggedEnvelope } from '../../lib/protocol/envelopes';
import {
  bounded,
  maxLogBytes,
  maxPageBytes,
  maxPageSize,
  maxStateBytes,
} from '../../lib/store/shared/limits';
import type {
  AuditFilter,
  GrantFilter,
  InboxFilter,
  InboxOrder,
  InboxOwner,
  LogPosition,
  Page,
  RequestFilter,
  Store,
  TurnFilter,
} from '../../lib/store/store';
import { bytesOf, faultsOfPages, walked } from './walked-pages';

/** A store with what is known of it. */
export interface Asked {
  store: Store;
  /** Whether the ticket's log has had this epoch whenever it was read. */
  isKept(ticketId: string, epoch: string): boolean;
}

/** A question to a store. */
export interface Read {
  name: string;
  /** To be printed. */
  args: readonly unknown[];
  ask(of: Asked): Promise<unknown>;
}

/** Of a record, whose JSON is stored; of an envelope, of which large parts may be elsewhere. */
const slackOfRecord = 64;
const slackOfEnvelope = 1_024;

/** The reads whose answers are no lists with cursors and have no epochs. */
type Plain = Exclude<
  keyof Store,
  | ('open' | 'close' | 'commit' | 'trim' | 'dropGrants' | 'noteDelivery')
  | ('position' | 'log' | 'state' | 'turns' | 'requests' | 'inbox' | 'audit' | 'grants' | 'grantUses')
>;

/** A read with one answer; a refusal is one too. */
export function plain<Name extends Plain>(name: Name, ...args: Parameters<Store[Name]>): Read {
  const ask = async ({ store }: Asked) => {
    try {
      // The compiler does not see that the arguments are those of this very method.
      return inAnyOrder(name, await (store[name] as (...all: unknown[]) => Promise<unknown>)(...args));
    } catch (thrown) {
      if (isHubError(thrown)) return { refused: thrown.code };
      throw thrown;
    }
  };
  return { name, args, ask };
}

/** Where the order is nobody's promise. */
function inAnyOrder(name: Plain, answer: unknown): unknown {
  if (name === 'claims') return (answer as Awaited<ReturnType<Store['claims']>>).toSorted();
  if (name !== 'turnVersions') return answer;
  const versions = answer as Awaited<ReturnType<Store['turnVersions']>>;
  const since = versions.map((each) => each.since);
  const isInOrder = since.every((each, nth) => nth === 0 || (since[nth - 1] ?? 0) <= each);
  return { isInOrder, versions: versions.map((each) => JSON.stringify(Object.entries(each).sort())).sort() };
}

function listRead<T>(
  name: string,
  args: readonly unknown[],
  limit: number,
  pageAt: (store: Store, cursor: string | undefined) => Promise<Page<T>>,
  maxBytes = maxPageBytes,
): Read {
  const size = bounded(limit, 1, maxPageSize);
  const bounds = { size, maxBytes, slack: slackOfRecord };
  return { name, args, ask: ({ store }) => walked((cursor) => pageAt(store, cursor), bounds) };
}

export function turns(filter: TurnFilter, limit: number): Read {
  return listRead('turns', [filter, limit], limit, (store, cursor) => store.turns(filter, limit, cursor));
}

export function requests(filter: RequestFilter, limit: number, maxBytes?: number): Read {
  const pageAt = (store: Store, cursor?: string) => store.requests(filter, limit, cursor, maxBytes);
  return listRead('requests', [filter, limit, maxBytes], limit, pageAt, maxBytes);
}

export function inbox(owner: InboxOwner, filter: InboxFilter, order: InboxOrder, limit: number): Read {
  const pageAt = (store: Store, cursor?: string) => store.inbox(owner, filter, order, limit, cursor);
  return listRead('inbox', [owner, filter, order, limit], limit, pageAt);
}

export function audit(filter: AuditFilter, limit: number): Read {
  return listRead('audit', [filter, limit], limit, (store, cursor) => store.audit(filter, limit, cursor));
}

export function grants(filter: GrantFilter, limit: number): Read {
  return listRead('grants', [filter, limit], limit, (store, cursor) => store.grants(filter, limit, cursor));
}

export function grantUses(id: string, limit: number): Read {
  return listRead('grantUses', [id, limit], limit, (store, cursor) => store.grantUses(id, limit, cursor));
}

/** With a cursor that no list gives. */
export function strangeCursor(cursor: string): Read {
  const ask = async ({ store }: Asked) => {
    const asked = [
      store.turns({}, 1, cursor),
      store.requests({}, 1, cursor),
      store.inbox({ userId: 'ann', groups: [], tickets: 'all' }, {}, 'oldest', 1, cursor),
      store.audit({ ticketId: 'T-1' }, 1, cursor),
      store.grants({}, 1, cursor),
    ];
    const answers = await Promise.allSettled(asked);
    return answers.map((each) => (each.status === 'rejected' ? each.reason.code : 'read'));
  };
  return { name: 'a strange cursor', args: [cursor], ask };
}

export function position(ticketId: string): Read {
  const ask = async (of: Asked) => placed(of, ticketId, await of.store.position(ticketId));
  return { name: 'position', args: [ticketId], ask };
}

/** A part of a log. */
export function log(ticketId: string, after: number, limit: number): Read {
  const ask = async (of: Asked) => {
    const { items, ...place } = await of.store.log(ticketId, after, limit);
    return { ...placed(of, ticketId, place), items: items.map((item) => entryOf(of, item)) };
  };
  return { name: 'log', args: [ticketId, after, limit], ask };
}

/** A log from its beginning, page by page. */
export function logInPages(ticketId: string, limit: number, maxBytes?: number): Read {
  const ask = async (of: Asked) => {
    const pages: LoggedEnvelope[][] = [];
    let after = 0;
    let place: LogPosition;
    do {
      const { items, ...now } = await of.store.log(ticketId, after, limit, maxBytes);
      place = now;
      const last = items.at(-1);
      if (!last) break;
      pages.push([...items]);
      after = last.seq;
    } while (after < place.seq);
    const bodies = pages.map((page) =>
      page.map(({ ticket_id: _ticket, epoch: _epoch, seq: _seq, ...body }) => body),
    );
    const bounds = { size: limit, maxBytes: maxBytes ?? Infinity, slack: slackOfEnvelope };
    const entries = pages.flat().map((item) => entryOf(of, item));
    return { ...placed(of, ticketId, place), entries, faults: faultsOfPages(bodies, bounds) };
  };
  return { name: 'log in pages', args: [ticketId, limit, maxBytes], ask };
}

export function state(ticketId: string, limit: number): Read {
  const ask = async (of: Asked) => {
    const {
      epoch,
      seq,
      first,
      messages,
      requests: pending,
      nextCursor,
      ...more
    } = await of.store.state(ticketId, limit);
    const filter = { ticketId, status: 'pending' } as const;
    const rest =
      nextCursor === undefined
        ? { items: [], faults: [] }
        : await walked(
            (cursor) => of.store.requests(filter, maxPageSize, cursor),
            { size: maxPageSize, maxBytes: maxPageBytes, slack: slackOfRecord },
            nextCursor,
          );
    const bounds = { size: Infinity, maxBytes: maxStateBytes, slack: slackOfRecord };
    const cut = rest.items.length > 0 ? [pending, rest.items] : [pending];
    const isTooLarge =
      messages.length > 1 && bytesOf(messages) > maxLogBytes + messages.length * slackOfRecord;
    return {
      ...placed(of, ticketId, { epoch, seq, first }),
      ...more,
      messages: surely(messages.toReversed(), maxLogBytes),
      requests: [...pending, ...rest.items],
      faults: [...rest.faults, ...faultsOfPages(cut, bounds), ...(isTooLarge ? ['too many messages'] : [])],
    };
  };
  return { name: 'state', args: [ticketId, limit], ask };
}

/** Those of the first that are within so many bytes however they are counted. */
function surely<T>(items: readonly T[], maxBytes: number): T[] {
  let bytes = 0;
  return items.filter((item, nth) => {
    bytes += bytesOf([item]) + slackOfRecord;
    return nth === 0 || bytes <= maxBytes;
  });
}

function placed(of: Asked, ticketId: string, { epoch, ...place }: LogPosition) {
  return { ...place, isSameLog: of.isKept(ticketId, epoch) };
}

/** To the order of the fields, which every client of the ticket is sent. */
export function entryOf(of: Asked, { ticket_id, epoch, seq, ...body }: LoggedEnvelope) {
  return { seq, ticket_id, isSameLog: of.isKept(ticket_id, epoch), text: JSON.stringify(body) };
}
