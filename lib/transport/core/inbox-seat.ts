/** The seat of a client at its inbox: what it is shown, in order and only of tickets it may use, and what its frames ask for. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { describe, HubError } from '../../errors';
import { type InboxChange, InboxClient, type InboxLook, type InboxPage } from '../../hub/inbox/inbox-client';
import { changesOf } from '../../protocol/changes-alone';
import type { InboxFrame } from '../../protocol/client-frames';
import { decodeInboxFrame, describeIssue, subprotocol } from '../../protocol/codec';
import type { DirectEnvelope, Pong } from '../../protocol/envelopes';
import type { InboxEnvelope } from '../../protocol/inbox-envelopes';
import type { RequestRecord } from '../../protocol/records';
import { requestView } from '../../protocol/request-view';
import { toWireTime } from '../../protocol/wire-time';
import { isHidden } from './access';
import { type Connection, maxQueuedFrames } from './connection';
import type { Handshake } from './handshake';
import type { Known } from './identities';
import { inboxFilterSchema, inboxOrderSchema, toInboxFilter } from './inbox-query';
import { queryOf } from './query';
import { type CursorOf, openCursor, sealCursor } from './sealed-cursor';
import { type Asked, Seat, type SeatParts } from './seat';

const querySchema = inboxFilterSchema.extend({
  order: inboxOrderSchema.default('oldest'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  updates: z.string().optional(),
});

/** Requests that one client may know to be in its inbox; with one more it has to reconnect and begin again. */
export const maxShown = 10_000;

/** A page to be shown: the first of the connection, or in answer to a frame. */
interface Shown {
  page: InboxPage;
  re?: string;
}

export class InboxSeat extends Seat {
  readonly client: InboxClient;
  /** Names this connection's count of envelopes. */
  private readonly epoch = randomBytes(9).toString('base64url');
  private seq = 0;
  private total = 0;
  private capped = false;
  /** The requests that the client knows to be in its inbox, and at which revision. */
  private readonly shown = new Map<string, number>();
  /** What is to be sent, in order; the app is asked about its tickets first. */
  private queue: (Shown | InboxChange)[] = [];
  private isTelling = false;

  private constructor(
    parts: SeatParts,
    connection: Connection,
    { expiresAt, ...user }: Known,
    look: InboxLook,
    req: Handshake,
    /** It asked for what changes of the requests that it knows, alone. */
    private readonly wantsChanges: boolean,
  ) {
    super(parts, connection, req, expiresAt);
    const sink = {
      send: (envelope: DirectEnvelope) => connection.send(envelope),
      close: connection.close.bind(connection),
      changed: (change: InboxChange) => this.put(change),
    };
    this.client = new InboxClient(user, look, sink, parts.clock.now());
  }

  /**
   * A seat at the caller's own inbox.
   * @throws HubError `unsupported_subprotocol` for the classic dialect, `invalid_frame` for a query that is none,
   *   `invalid_id`, `forbidden` and `not_found` for a ticket that is named, `unavailable`
   */
  static async of(parts: SeatParts, req: Handshake, user: Known, connection: Connection): Promise<InboxSeat> {
    if (connection.dialect !== subprotocol)
      throw new HubError('unsupported_subprotocol', {
        message: `Offer ${subprotocol}; there is no inbox in the classic dialect`,
      });
    const query = querySchema.safeParse(Object.fromEntries(queryOf(req)));
    if (!query.success)
      throw new HubError('invalid_frame', { message: describeIssue(query.error.issues[0]) });
    const { order, limit, updates } = query.data;
    const filter = toInboxFilter(query.data);
    if (filter.ticketId !== undefined) await parts.access.authorize(filter.ticketId, user);
    const owner = await parts.access.inboxOf(user);
    return new InboxSeat(
      parts,
      connection,
      user,
      { owner, filter, order, limit },
      req,
      updates === 'changes',
    );
  }

  protected register(): void {
    this.parts.hub.registerInbox(this.client);
  }

  get isIn(): boolean {
    return this.parts.hub.inbox.has(this.client);
  }

  protected unregister(): void {
    this.parts.hub.inbox.unregister(this.client);
  }

  open(): Promise<void> {
    const { hub, openings } = this.parts;
    return openings.run(this.client.user.id, () => hub.inbox.read(this.client, (page) => this.put({ page })));
  }

  send(envelope: DirectEnvelope | InboxEnvelope): void {
    if (!this.connection.send(envelope)) this.dismiss('resync');
  }

  get pongFor(): string {
    return this.client.clientId;
  }

  async pong(): Promise<Pong> {
    return { event: 'pong', seq: this.seq };
  }

  protected read(text: string): Asked {
    const frame = decodeInboxFrame(text);
    const assertAccess = this.accessOf(async () => {
      if ('request_id' in frame) await this.assertVisible(frame.request_id);
    });
    return { work: () => this.carryOut(frame, assertAccess), ...('id' in frame && { re: frame.id }) };
  }

  private async carryOut(frame: InboxFrame, assertAccess: () => Promise<void>): Promise<void> {
    const { inbox } = this.parts.hub;
    switch (frame.type) {
      case 'ping':
        return this.send(await this.pong());
      case 'inbox_more':
        return inbox.read(
          this.client,
          (page) => this.put({ page, re: frame.id }),
          openCursor(this.list, frame.cursor),
        );
      default:
        return this.onRequest(frame, assertAccess);
    }
  }

  /** A request on a ticket that one may not use is, for that person, not there. @throws HubError `not_found`, `unavailable` */
  private async assertVisible(requestId: string): Promise<void> {
    const { hub, access } = this.parts;
    const { ticketId } = await hub.hitl.get(requestId);
    await access.authorize(ticketId, this.client.user).catch((error: unknown) => {
      throw isHidden(error) ? new HubError('not_found', { message: 'There is no such request' }) : error;
    });
  }

  /** Whose cursors these are. */
  private get list(): CursorOf {
    return { list: 'inbox', userId: this.client.user.id };
  }

  private put(item: Shown | InboxChange): void {
    this.queue.push(item);
    // A client that waits for the app's answer for so long resyncs from the start.
    if (this.queue.length > maxQueuedFrames) this.dismiss('resync');
    else if (!this.isTelling) void this.tellAll();
  }

  /** Never rejects. */
  private async tellAll(): Promise<void> {
    this.isTelling = true;
    try {
      while (this.queue.length > 0 && this.isIn) {
        const items = this.queue.splice(0);
        const records = items.flatMap((each) => ('page' in each ? each.page.items : [each.record]));
        const visible = new Set(await this.parts.access.visibleAtOnce(records, this.client.user));
        // It may have been removed while the app was asked.
        if (!this.isIn) return;
        for (const each of items) {
          if ('page' in each) this.show(each, visible);
          else this.tellChange(each, visible.has(each.record));
        }
        if (this.shown.size > maxShown) this.dismiss('resync');
      }
    } catch (thrown) {
      this.parts.logger.error('An inbox could not be shown', { error: describe(thrown) });
      this.dismiss('unavailable');
    } finally {
      this.isTelling = false;
      this.queue = [];
    }
  }

  private show({ page, re }: Shown, visible: ReadonlySet<RequestRecord>): void {
    const { client, parts } = this;
    this.total = page.total;
    this.capped = page.isCapped;
    const records = page.items.filter((record) => visible.has(record));
    for (const { id, revision } of records) this.shown.set(id, revision);
    const shown = {
      items: records.map((record) => this.view(record)),
      ...(page.nextCursor !== undefined && { next_cursor: sealCursor(this.list, page.nextCursor) }),
      ...this.totals(),
    };
    if (re !== undefined) {
      if (!this.connection.answer({ event: 'ack', re, ...shown })) this.dismiss('resync');
      return;
    }
    const snapshot: InboxEnvelope = {
      event: 'inbox_snapshot',
      ...this.base(),
      client_id: client.clientId,
      user: { id: client.user.id, name: client.user.name },
      heartbeat_ms: parts.heartbeatMs,
      ...shown,
    };
    if (!this.connection.goLive([snapshot], 0)) this.dismiss('resync');
  }

  private tellChange({ type, record }: InboxChange, isVisible: boolean): void {
    if (!this.capped && type === 'added') this.total += 1;
    if (!this.capped && type === 'removed') this.total -= 1;
    // Of requests that it does not know, a client is sent only those that it may see.
    if (!isVisible && !this.shown.has(record.id)) return;
    const isKnown = this.shown.get(record.id) === record.revision;
    if (isVisible && type !== 'removed') this.shown.set(record.id, record.revision);
    else this.shown.delete(record.id);
    this.seq += 1;
    const leavesOut = this.wantsChanges && isKnown && type !== 'added';
    const hitl = isVisible && (leavesOut ? changesOf(this.view(record)) : { hitl: this.view(record) });
    if (type === 'removed' || !hitl) {
      const gone = { request_id: record.id, ...hitl, ...this.totals() };
      this.send({ event: 'inbox_removed', ...this.base(), ...gone });
    } else if (type === 'added')
      this.send({ event: 'inbox_added', ...this.base(), ...hitl, ...this.totals() });
    else this.send({ event: 'inbox_updated', ...this.base(), ...hitl });
  }

  private view(record: RequestRecord) {
    return requestView(record, this.parts.clock.now());
  }

  private base() {
    const now = this.parts.clock.now();
    return { epoch: this.epoch, seq: this.seq, timestamp: toWireTime(now, now) };
  }

  private totals() {
    return { total: this.total, capped: this.capped };
  }
}
