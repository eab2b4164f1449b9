/** The seat of a client in a ticket: how it joins, what it is sent first, and what its frames ask for, in both dialects. */
import { HubError, toHubError } from '../../errors';
import type { Client, PresenceMode } from '../../hub/tickets/client';
import { cancelAck, messageAck } from '../../hub/turns/accepted';
import type { ClassicFrame, ClientFrame } from '../../protocol/client-frames';
import { decodeClassicFrame, decodeClientFrame } from '../../protocol/codec';
import type { DirectEnvelope, Pong } from '../../protocol/envelopes';
import { toWireTime } from '../../protocol/wire-time';
import type { Connection } from './connection';
import type { Handshake } from './handshake';
import type { Known } from './identities';
import { pongOf } from './pong';
import { queryOf } from './query';
import { closeNameFor } from './refusal';
import { type Asked, Seat, type SeatParts } from './seat';

/** What the address says beside the ticket. */
interface Query {
  tabId: string;
  sessionId: string | undefined;
  after: { epoch: string; seq: number } | undefined;
  presence: PresenceMode;
  updates: 'whole' | 'changes';
}

/** What a newly joined client still has to be sent. */
interface More {
  cursor: string;
  /** Resolves once what was sent before has gone to the network. */
  gone: Promise<void>;
}

export class TicketSeat extends Seat {
  /** Once the client has all pending requests, it is sent only their changes. */
  private readonly wantsChanges: boolean;

  private constructor(
    parts: SeatParts,
    connection: Connection,
    readonly client: Client,
    req: Handshake,
    expiresAt: Known['expiresAt'],
    /** Until it is opened. */
    private query: Query | undefined,
  ) {
    super(parts, connection, req, expiresAt);
    this.wantsChanges = query?.updates === 'changes';
  }

  /** A seat in the ticket of the address, for a user who may use it. @throws HubError `invalid_id`, `forbidden`, `not_found`, `unavailable` */
  static async of(
    parts: SeatParts,
    req: Handshake,
    user: Known,
    connection: Connection,
  ): Promise<TicketSeat> {
    const query = readQuery(req);
    const client = parts.hub.newClient(ticketIdOf(req), user, query.tabId, connection, query.presence);
    await parts.access.authorize(client.ticketId, user);
    if (connection.dialect === 'classic' && parts.classicScope === 'session')
      connection.hearOnly(() => client.sessionId());
    return new TicketSeat(parts, connection, client, req, user.expiresAt, query);
  }

  protected register(): void {
    this.parts.hub.register(this.client);
  }

  get isIn(): boolean {
    return this.parts.hub.isRegistered(this.client);
  }

  protected unregister(): void {
    this.parts.hub.unregister(this.client);
  }

  async open(): Promise<void> {
    let more = await this.sendFirst();
    while (more && this.isIn) {
      await more.gone;
      more = await this.sendMore(more.cursor);
    }
  }

  /** Sends what comes first. From here on it is in the memory of the socket only, however long sending takes. */
  private async sendFirst(): Promise<More | undefined> {
    const { client, connection } = this;
    const { hub, openings, heartbeatMs, clock, classicScope } = this.parts;
    const { sessionId, after }: Partial<Query> = this.query ?? {};
    // The client may stay for days, and its query is not held for so long.
    this.query = undefined;
    const failure = sessionId ? await hub.resumeSession(client, sessionId) : undefined;
    if (connection.dialect === 'classic' && classicScope === 'session') await hub.recallSession(client);
    const opening = await openings.run(client.user.id, () => hub.opening(client.ticketId, after));
    const { position } = opening;
    const welcome: DirectEnvelope = {
      event: 'welcome',
      ticket_id: client.ticketId,
      epoch: position.epoch,
      seq: position.seq,
      client_id: client.clientId,
      user: { id: client.user.id, name: client.user.name },
      resumed: 'missed' in opening,
      heartbeat_ms: heartbeatMs,
      timestamp: toWireTime(clock.now(), 0),
    };
    const session = sessionId ? [this.sessionAnswer(sessionId, failure)] : [];
    const version = client.presence === 'changes' && { presence_version: opening.presenceVersion };
    const rest =
      'missed' in opening
        ? [...opening.missed, { ...opening.presence, ...version }]
        : [{ ...opening.snapshot, ...version }];
    const first = [welcome, ...session, ...rest];
    const cursor = 'missed' in opening ? undefined : opening.more;
    const goLive = (done?: () => void) => {
      const keepsUp = connection.goLive(first, position.seq, done);
      connection.catchUp(hub.deltas(client.ticketId));
      return keepsUp;
    };
    if (cursor === undefined) this.knowsAll();
    else return { cursor, gone: this.given(goLive) };
    if (!goLive()) this.dismiss('resync');
    return undefined;
  }

  /** One more page of what is pending, once the one before has gone: who does not read costs no more. */
  private async sendMore(cursor: string): Promise<More | undefined> {
    const { client, connection } = this;
    // What the client is sent while the page is read may be newer than the page.
    const newer = connection.collectRequests();
    const { hub, openings } = this.parts;
    const { page, more } = await openings
      .run(client.user.id, () => hub.openingPage(client.ticketId, cursor))
      .finally(() => connection.stopCollecting());
    const requests = page.requests.filter(({ id }) => !newer.has(id));
    const gone = this.given((done) => connection.answer({ ...page, requests }, done));
    if (more !== undefined) return { cursor: more, gone };
    this.knowsAll();
    return undefined;
  }

  /** The opening has been sent, or is about to be. */
  private knowsAll(): void {
    if (this.wantsChanges) this.connection.hearChanges();
  }

  /** Resolves once what is sent has gone to the network. A client that falls behind is closed. */
  private given(send: (done: () => void) => boolean): Promise<void> {
    return new Promise((resolve) => {
      if (send(resolve)) return;
      this.dismiss('resync');
      resolve();
    });
  }

  send(envelope: DirectEnvelope): void {
    this.parts.hub.send(this.client, envelope);
  }

  get pongFor(): string {
    return this.client.ticketId;
  }

  pong(): Promise<Pong> {
    return pongOf(this.parts.hub, this.client.ticketId);
  }

  protected read(text: string): Asked {
    const assertAccess = this.accessOf(() => this.askAccess());
    if (this.connection.dialect === 'classic') {
      const frame = decodeClassicFrame(text);
      return { work: () => this.carryOutClassic(frame, assertAccess) };
    }
    const frame = decodeClientFrame(text);
    const work = async () => {
      await this.carryOut(frame, assertAccess);
      // These two are sent by the machine, all else by a person.
      if (frame.type !== 'ping' && frame.type !== 'presence') this.parts.hub.heard(this.client);
    };
    return { work, ...('id' in frame && { re: frame.id }) };
  }

  private async carryOutClassic(frame: ClassicFrame, assertAccess: () => Promise<void>): Promise<void> {
    if (frame.type === 'ping') return this.send(await this.pong());
    await this.parts.hub.turns.message(this.client, frame.content ?? '', { assertAccess });
    this.parts.hub.heard(this.client);
  }

  private async carryOut(frame: ClientFrame, assertAccess: () => Promise<void>): Promise<void> {
    const { client } = this;
    const { hub } = this.parts;
    switch (frame.type) {
      case 'ping':
        return this.send(await this.pong());
      case 'typing':
        await assertAccess();
        if (this.isIn) hub.sendTyping(client);
        return;
      case 'presence':
        await assertAccess();
        if (this.isIn) hub.sendPresence(client);
        return;
      case 'turn_cancel':
        return this.once(frame.id, assertAccess, async (occasion) => {
          await hub.turns.cancel(client.ticketId, frame.turn_id, { ...occasion, by: client.user });
          return cancelAck(frame.turn_id);
        });
      case 'message':
        // Asked when it is the message's turn, so that messages stay in their order.
        return this.onceKept(frame.id, assertAccess, async (occasion) => {
          return messageAck(await hub.turns.message(client, frame.content, occasion));
        });
      default:
        return this.onRequest(frame, assertAccess, () => this.assertHere(frame.request_id));
    }
  }

  /** A request of another ticket is none of this client's. @throws HubError `not_found` */
  private async assertHere(requestId: string): Promise<void> {
    const { ticketId } = await this.parts.hub.hitl.get(requestId);
    if (ticketId !== this.client.ticketId)
      throw new HubError('not_found', { message: 'There is no such request' });
  }

  /** @throws HubError `unavailable`; what `auth.authorize` says now, and then the client is closed */
  private async askAccess(): Promise<void> {
    const { ticketId, user } = this.client;
    try {
      await this.parts.access.authorize(ticketId, user);
    } catch (thrown) {
      const error = toHubError(thrown);
      if (error.status < 500) this.farewell = closeNameFor(error);
      throw error;
    }
  }

  private sessionAnswer(sessionId: string, failure: string | undefined): DirectEnvelope {
    if (failure === undefined) {
      const timestamp = new Date(this.parts.clock.now()).toISOString();
      return {
        event: 'session_resumed',
        timestamp,
        ticket_id: this.client.ticketId,
        session_id: sessionId,
      };
    }
    const { code, message } = new HubError('session_resume_failed').toBody();
    return { event: 'error', code, message, details: { reason: failure } };
  }
}

function ticketIdOf(req: Handshake): string {
  const { ticketId } = req.params;
  if (typeof ticketId !== 'string')
    throw new HubError('internal', { message: 'The socket route needs :ticketId in its path' });
  return ticketId;
}

/** @throws HubError `invalid_id` for an `after` that is none */
function readQuery(req: Handshake): Query {
  const params = queryOf(req);
  const after = params.get('after');
  const match = after === null ? undefined : /^(?<epoch>[\w-]{1,64}):(?<seq>\d{1,15})$/.exec(after);
  if (match === null)
    throw new HubError('invalid_id', { message: 'after must be <epoch>:<seq> as the last envelope said' });
  const { epoch = '', seq = '0' } = match?.groups ?? {};
  return {
    tabId: params.get('tab') || 'default',
    sessionId: params.get('session_id') || undefined,
    presence: params.get('presence') === 'changes' ? 'changes' : 'list',
    updates: params.get('updates') === 'changes' ? 'changes' : 'whole',
    after: match ? { epoch, seq: Number(seq) } : undefined,
  };
}
