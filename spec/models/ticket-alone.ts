/** A ticket as an actor alone, without a hub; it can be persisted and restored, though no hub does that with tickets. */
import type * as TicketMachineModule from '../../lib/actors/ticket-machine';
import { LiveActor } from '../../lib/hub/commit/live-actor';
import {
  bounds,
  neverHere,
  type Tab,
  type TicketDeed,
  type TicketSight,
  type TicketSystem,
  tabs,
  type Whereabouts,
} from './ticket-model';

/** The machine and what reads it; the mutation check hands over versions with a bug. */
export type TicketActorCode = Pick<typeof TicketMachineModule, 'ticketMachine' | 'presenceOf'>;

type Emitted = ReturnType<LiveActor<TicketActorCode['ticketMachine']>['send']>[number];

export class TicketAlone implements TicketSystem {
  private live: LiveActor<TicketActorCode['ticketMachine']>;
  private joins = 0;
  /** The client of each tab's last connection. */
  private clients: Partial<Record<Tab, string>> = {};
  private whereabouts: Record<Tab, Whereabouts> = { ...neverHere };
  /** What each connected client was sent last. */
  private readonly told = new Map<Tab, string[]>();

  constructor(private readonly code: TicketActorCode) {
    this.live = this.born();
  }

  async perform(deed: TicketDeed): Promise<string> {
    switch (deed.type) {
      case 'join': {
        // A hub that closes has no room any more once the last client has left it, and admits none.
        if (this.live.snapshot.status === 'done') return 'closing';
        this.joins += 1;
        const clientId = `c${this.joins}`;
        const [userId = '', tabId = ''] = deed.tab.split(' ');
        const emitted = this.live.send({ type: 'join', clientId, userId, name: userId, tabId, inAll: 0 });
        const refused = emitted.find(({ type }) => type === 'refused');
        if (refused?.type === 'refused')
          return 'bound' in refused ? `${refused.code} ${refused.bound}` : refused.code;
        this.listen(emitted);
        return this.joined(deed.tab, clientId, emitted);
      }
      case 'leave':
        this.listen(this.live.send({ type: 'leave', clientId: this.clients[deed.tab] ?? 'nobody' }));
        if (this.whereabouts[deed.tab] === 'in') this.whereabouts[deed.tab] = 'left';
        return 'ok';
      case 'drain':
        this.listen(this.live.send({ type: 'drain' }));
        return 'ok';
      case 'end':
        this.moveAll('sent away');
        return 'ok';
      case 'restart':
        this.moveAll('cut off');
        this.live = this.born();
        return 'ok';
    }
  }

  async look(): Promise<TicketSight> {
    const inside = tabs.filter((tab) => this.whereabouts[tab] === 'in');
    const { context, value } = this.live.snapshot;
    const { members } = context;
    const known = [...members.values()].map(({ clientId }) => clientId).sort();
    const mine = inside.map((tab) => this.clients[tab] ?? '').sort();
    // A client that was disconnected at the end is not awaited by the ticket any more.
    if (value !== 'draining' && known.join() !== mine.join())
      throw new Error(`It holds ${known}, not ${mine}`);
    const [presence = [], ...others] = inside.map((tab) => this.told.get(tab) ?? []);
    for (const other of others)
      if (other.join() !== presence.join()) throw new Error(`One was told ${presence}, another ${other}`);
    return { presence, clients: inside.length, tabs: this.whereabouts };
  }

  /** Persisted and restored; its members are a `Map`, which only a structured clone preserves. */
  restart(): void {
    this.live = LiveActor.restore(this.code.ticketMachine, structuredClone(this.live.persisted()));
  }

  stop(): void {}

  private born() {
    const [live] = LiveActor.begin(this.code.ticketMachine, { ticketId: 'T-1', ...bounds });
    return live;
  }

  private joined(tab: Tab, clientId: string, emitted: readonly Emitted[]): string {
    const replaced = emitted.find(({ type }) => type === 'client_replaced');
    const older = this.clients[tab];
    if (replaced?.type === 'client_replaced' && replaced.clientId !== older)
      throw new Error(`${replaced.clientId} was replaced, not ${older}`);
    if (!replaced && !emitted.some((each) => each.type === 'presence_changed'))
      throw new Error('It was let in without a word');
    this.clients[tab] = clientId;
    this.whereabouts[tab] = 'in';
    // A newcomer is sent the presence, whether or not the others are.
    this.told.set(tab, this.present());
    return replaced ? 'ok, the older one was replaced' : 'ok';
  }

  private listen(emitted: readonly Emitted[]): void {
    if (!emitted.some(({ type }) => type === 'presence_changed')) return;
    for (const tab of tabs) this.told.set(tab, this.present());
  }

  private present(): string[] {
    const { context } = this.live.snapshot;
    return this.code
      .presenceOf(context)
      .map(({ user, clients }) => `${user.id} ${clients}`)
      .sort();
  }

  private moveAll(to: Whereabouts): void {
    for (const tab of tabs) if (this.whereabouts[tab] === 'in') this.whereabouts[tab] = to;
  }
}
