/** The clients that are connected, as the app sees them: lists and counts them, sends them a notice, disconnects them; `hub.clients` is this. */
import { z } from 'zod';
import { HubError } from '../errors';
import { type ChatFrame, type ChatUser, chatFrame, noticeOf } from '../protocol/chat-frames';
import { type CloseName, closeCodes } from '../protocol/close-codes';
import type { Clock } from './commit/clock';
import type { HitlTypes, NoTypes } from './kinds/app-types';
import { assertOptions, callback, elsewhere, name, text } from './options/options';
import type { HubPort } from './port';
import { assertName } from './tickets/client';
import { type ClientInfo, toClientInfo } from './tickets/client-info';

/** Something that is shown to those who are connected now, and is not stored. */
export type ClientNotice = (
  | { ticketId: string; clientId?: never }
  | { clientId: string; ticketId?: never }
) & {
  content: string;
  /** Default `'status'`. */
  level?: 'message' | 'status' | 'trace' | 'warning' | 'error' | undefined;
  /** Who says it. */
  from?: ChatUser | undefined;
};

/** Which clients to disconnect: those that match every field given. A field that is `undefined`, as after a session without a user, matches no client. */
export interface Disconnect<App extends HitlTypes = NoTypes> {
  userId?: string | undefined;
  ticketId?: string | undefined;
  clientId?: string | undefined;
  where?: ((client: ClientInfo<App>) => boolean) | undefined;
  /** Default `'session_ended'`: they do not reconnect by themselves. */
  code?: CloseName | undefined;
}

const person = z.object({ id: name, name: text });
const noticeFields = {
  ticketId: elsewhere,
  clientId: text,
  content: text,
  level: z.enum(['message', 'status', 'trace', 'warning', 'error']),
  from: person,
};
const closeName = z.enum(Object.keys(closeCodes) as [CloseName, ...CloseName[]]);
const disconnectFields = { userId: name, ticketId: name, clientId: name, where: callback, code: closeName };
const listFields = { userId: name, ticketId: name };

export class Clients<App extends HitlTypes = NoTypes> {
  /** @internal */
  constructor(
    private readonly port: HubPort,
    private readonly clock: Clock,
  ) {}

  /** Who is connected, open inboxes included. */
  list(query: { ticketId?: string; userId?: string } = {}): readonly ClientInfo<App>[] {
    assertOptions('The query', query, listFields);
    const all = this.port.everybody().map((client) => toClientInfo<App>(client));
    return all.filter(fits(query));
  }

  /** How many are in tickets, or in one. */
  count(query: { ticketId?: string } = {}): number {
    assertOptions('The query', query, { ticketId: name });
    return this.port.rooms.count(query.ticketId);
  }

  /**
   * Sends a notice to every client of a ticket, or to one client. It is not stored, so a client that connects later does not
   * see it; `hub.say` stores. A ticket without connected clients is no error. Returns when the notice is queued.
   * @throws HubError `invalid_request`, `invalid_id`, `client_not_found`; `client_queue_full`, then the client is disconnected
   */
  notify(notice: ClientNotice): void {
    assertOptions('The notice', notice, noticeFields);
    const { ticketId, clientId, content, level = 'status', from } = notice;
    if ((ticketId === undefined) === (clientId === undefined))
      throw new HubError('invalid_request', { message: 'The notice: write either ticketId or clientId' });
    if (typeof content !== 'string')
      throw new HubError('invalid_request', {
        message: 'The notice: content is missing; it is the text that is shown',
      });
    const frame = chatFrame(level, content, this.clock.now(), { user: from });
    if (ticketId !== undefined) this.sendToTicket(ticketId, frame);
    else if (clientId !== undefined) this.sendToClient(clientId, frame);
  }

  /** @throws HubError `invalid_id` @internal */
  sendToTicket(ticketId: string, frame: ChatFrame): void {
    assertName(ticketId);
    this.port.rooms.deliver(ticketId, [noticeOf(ticketId, frame, this.clock.now())]);
  }

  /** @throws HubError `client_not_found`; `client_queue_full`, then the client is disconnected @internal */
  sendToClient(clientId: string, frame: ChatFrame): void {
    const client = this.port.rooms.client(clientId);
    if (!this.port.send(client, noticeOf(client.ticketId, frame, this.clock.now())))
      throw new HubError('client_queue_full');
  }

  /**
   * Closes clients and open inboxes, for good by default: after a logout, or when access was withdrawn. A matching client that
   * is still connecting is refused, and so are frames of a matching client that are not decided yet; `where` may be called
   * until those are done.
   * @returns how many were closed
   * @throws HubError `invalid_request` if no field is given; to disconnect all clients write `where: () => true`
   */
  disconnect(which: Disconnect<App>): number {
    assertOptions('disconnect', which, disconnectFields);
    const { where, code, ...named } = which;
    // A field that is `undefined` by mistake must not match every client.
    if (Object.values(named).some((each) => each === undefined)) return 0;
    if (where === undefined && Object.keys(named).length === 0)
      throw new HubError('invalid_request', {
        message:
          'disconnect: one of userId, ticketId, clientId and where is required; for all clients write where: () => true',
      });
    const isNamed = fits(named);
    return this.port.disconnect((client) => {
      const info = toClientInfo<App>(client);
      return isNamed(info) && (where === undefined || where(info));
    }, code);
  }
}

function fits({ userId, ticketId, clientId }: Pick<Disconnect, 'userId' | 'ticketId' | 'clientId'>) {
  return ({ id, user, ticketId: at }: Pick<ClientInfo, 'id' | 'user' | 'ticketId'>) =>
    (userId === undefined || user.id === userId) &&
    (ticketId === undefined || at === ticketId) &&
    (clientId === undefined || id === clientId);
}
