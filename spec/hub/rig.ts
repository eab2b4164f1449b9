/** A hub without sockets for the specs of this folder: its store can be made to fail or wait, its clients record what they receive. */
import { Writable } from 'node:stream';
import { createLogger, transports } from 'winston';
import { HubError } from '../../lib/errors';
import { Hub, portOf } from '../../lib/hub/hub';
import type { HubOptions, HubPort } from '../../lib/hub/port';
import { type Broadcast, isLogged, type Outbound } from '../../lib/hub/tickets/broadcast';
import type { Client, Sink } from '../../lib/hub/tickets/client';
import type { Accepted } from '../../lib/hub/turns/turns';
import type { CloseName } from '../../lib/protocol/close-codes';
import type { DirectEnvelope, EphemeralEnvelope, LoggedEnvelope } from '../../lib/protocol/envelopes';
import { memoryStore } from '../../lib/store/memory/memory-store';
import type { Store } from '../../lib/store/store';
import { ManualClock } from '../../lib/testing/manual-clock';

/** Called before the store's method of the same name, with what that is called with; throws or waits in its place. */
export type Trouble = { [Name in keyof Store]?: (...args: Parameters<Store[Name]>) => unknown };

/** The store, with `trouble` before it. */
export function troubled(store: Store, trouble: Trouble): Store {
  return new Proxy(store, {
    get: (_target, name: keyof Store) => {
      const before = (...args: unknown[]) => Reflect.apply(trouble[name] ?? (() => {}), undefined, args);
      return async (...args: unknown[]) => {
        await before(...args);
        return Reflect.apply(store[name], store, args);
      };
    },
  });
}

export function diskFull(): never {
  throw new Error('disk full');
}

/** A promise that a test settles when it wants. */
export function gate<T = void>(): { open: (value: T) => void; opened: Promise<T> } {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Lets everything run that can run without time passing. */
export async function idle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What a client was sent, and how it was closed. */
export class Ears implements Sink {
  /** With everybody else. */
  readonly heard: Outbound[] = [];
  /** Alone. */
  readonly told: (DirectEnvelope | EphemeralEnvelope)[] = [];
  readonly closed: CloseName[] = [];
  /** From now on its queue is full. */
  isFull = false;

  deliver(broadcast: Broadcast): boolean {
    this.heard.push(...broadcast.outbounds);
    return !this.isFull;
  }

  send(envelope: DirectEnvelope | EphemeralEnvelope): boolean {
    this.told.push(envelope);
    return !this.isFull;
  }

  close(name: CloseName): void {
    this.closed.push(name);
  }

  /** The `seq` of every logged envelope. */
  get seqs(): number[] {
    return this.heard.filter(isLogged).map(({ seq }) => seq);
  }
}

export interface Guest {
  client: Client;
  ears: Ears;
}

export class Rig {
  readonly clock = new ManualClock();
  readonly trouble: Trouble = {};
  /** What was logged as an error. */
  readonly errors: Record<string, unknown>[] = [];
  /** As the app has it. */
  app!: Hub;
  /** As the transport has it. */
  hub: HubPort;

  /** @param kept the store itself, which stays readable when a hub has closed its own view of it */
  constructor(
    private readonly options: Partial<HubOptions> = {},
    readonly kept: Store = memoryStore(),
  ) {
    this.hub = this.newHub();
  }

  /** A hub on the same store, not started; it does not receive what the one before has in memory. */
  newHub(): HubPort {
    let closed = false;
    const view = troubled(this.kept, this.trouble);
    const store = new Proxy(view, {
      get: (_target, name: keyof Store) => {
        if (name === 'close')
          return async () => {
            closed = true;
            await this.trouble.close?.();
          };
        return closed ? async () => Promise.reject(new HubError('unavailable')) : view[name];
      },
    });
    const stream = new Writable({
      objectMode: true,
      write: (entry, _encoding, done) => {
        this.errors.push(entry);
        done();
      },
    });
    const logger = createLogger({ level: 'error', transports: [new transports.Stream({ stream })] });
    this.app = new Hub({ store, clock: this.clock, logger, ...this.options });
    this.hub = portOf(this.app);
    return this.hub;
  }

  /** A client that has joined. */
  join(userId = 'ann', tabId = 'tab', ticketId = 'T'): Guest {
    const guest = this.knock(userId, tabId, ticketId);
    this.hub.register(guest.client);
    return guest;
  }

  /** A client that is not in yet. */
  knock(userId = 'ann', tabId = 'tab', ticketId = 'T'): Guest {
    const ears = new Ears();
    const user = { id: userId, name: userId.toUpperCase() };
    return { ears, client: this.hub.newClient(ticketId, user, tabId, ears) };
  }

  say({ client }: Guest, content: string): Promise<Accepted> {
    return this.hub.turns.message(client, content);
  }

  async log(ticketId = 'T'): Promise<readonly LoggedEnvelope[]> {
    return (await this.kept.log(ticketId, 0, 100_000)).items;
  }

  /** The ticket's log, one short line per envelope. */
  async story(ticketId = 'T'): Promise<string[]> {
    return (await this.log(ticketId)).map(toLine);
  }
}

function toLine(envelope: LoggedEnvelope): string {
  switch (envelope.event) {
    case 'session_message_added':
      return `${envelope.message.type}: ${envelope.message.content}`;
    case 'session_message_updated':
      return `${envelope.message.type} now: ${envelope.message.content}`;
    case 'turn_ended':
      return ['turn_ended', envelope.status, envelope.reason].filter(Boolean).join(' ');
    case 'hitl_request_resolved':
      return `hitl_request_resolved ${envelope.hitl.status}`;
    default:
      return envelope.event;
  }
}
