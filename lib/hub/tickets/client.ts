/** One connected tab, as the hub knows it; the transport makes one per socket and hands over how to reach it. */
import { randomBytes } from 'node:crypto';
import { HubError } from '../../errors';
import type { CloseName } from '../../protocol/close-codes';
import type { DirectEnvelope, EphemeralEnvelope } from '../../protocol/envelopes';
import type { Millis, User } from '../../protocol/records';
import type { Broadcast } from './broadcast';

/** Characters of a ticket or tab id. */
export const maxNameLength = 128;

/** Where a client shows one prompt at a time, and does not know which revision of it (the classic dialect). */
export interface PromptPanel {
  /** The revision of this pending request that was last sent to the client; 1 if none. */
  revisionOf(requestId: string): number;
}

/** How the hub reaches a client. Nothing here may throw or wait. */
export interface Sink {
  /** There in a client that has one. */
  readonly panel?: PromptPanel | undefined;
  /** False: the client's queue is full; the hub takes the client out. */
  deliver(broadcast: Broadcast): boolean;
  /** False: the client's queue is full; the hub takes the client out. */
  send(envelope: DirectEnvelope | EphemeralEnvelope): boolean;
  /** Ends the connection with one of the close codes; repeatable. */
  close(name: CloseName): void;
}

/** One list for all who are in none: an idle client is to cost little. */
const noGroups: readonly string[] = [];

export interface ClientInput {
  ticketId: string;
  user: User;
  /** Which of the user's tabs; the same tab coming back replaces itself. Default `default`. */
  tabId?: string;
  sink: Sink;
  now: Millis;
  /** How presence is sent to it: as the whole list, or as changes. Default `list`. */
  presence?: PresenceMode;
}

export type PresenceMode = 'list' | 'changes';

/** Reference A16–A17, A81. */
export class Client {
  readonly clientId: string;
  readonly ticketId: string;
  readonly user: Required<User>;
  readonly tabId: string;
  readonly sink: Sink;
  readonly presence: PresenceMode;
  private session: string | undefined;

  /** @throws HubError `invalid_id` for a ticket or tab id that is empty, too long or has control characters @internal */
  constructor(input: ClientInput) {
    this.ticketId = assertName(input.ticketId);
    this.tabId = assertName(input.tabId || 'default');
    this.user = {
      ...input.user,
      id: input.user.id,
      name: input.user.name ?? input.user.id,
      groups: input.user.groups?.length ? input.user.groups : noGroups,
    };
    this.sink = input.sink;
    this.presence = input.presence ?? 'list';
    const seconds = Math.floor(input.now / 1000);
    this.clientId = `client_${this.ticketId}_${this.user.id}_${this.tabId}_${seconds}_${randomBytes(8).toString('hex')}`;
  }

  getClientId(): string {
    return this.clientId;
  }

  /** From now on the client's messages belong to this session. */
  attachSession(sessionId: string): void {
    this.session = sessionId;
  }

  /** None until the first message, or until one was resumed. */
  sessionId(): string | undefined {
    return this.session;
  }
}

/** @throws HubError `invalid_id` */
export function assertName(name: string): string {
  if (typeof name !== 'string') throw new HubError('invalid_id', { message: 'An id is a text' });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (name.length === 0 || name.length > maxNameLength || /[\u0000-\u001f\u007f-\u009f]/.test(name)) {
    throw new HubError('invalid_id', {
      message: `An id has 1 to ${maxNameLength} characters and no control characters`,
    });
  }
  return name;
}
