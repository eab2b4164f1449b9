/** A small system to try the kit on: a vault that only its keepers may open, with a model of it and with bugs to be planted. */
import { assign, emit, setup } from 'xstate';
import { type ModelOptions, type TestModel, testModel } from '../../lib/testing';

type VaultEvent = { type: 'enter'; who: string } | { type: 'store'; item: string } | { type: 'close' };

/** What should be true of a vault. */
export const vaultMachine = setup({
  types: {
    context: {} as { items: readonly string[] },
    events: {} as VaultEvent,
    emitted: {} as { type: 'refused'; code: string },
  },
  guards: {
    isKeeper: ({ event }) => event.type === 'enter' && event.who === 'ann',
    hasRoom: ({ context }) => context.items.length < 2,
  },
  actions: {
    keep: assign(({ context, event }) =>
      event.type === 'store' ? { items: [...context.items, event.item] } : {},
    ),
    refuse: emit((_step, { code }: { code: string }) => ({ type: 'refused' as const, code })),
  },
  delays: { autolock: 60_000 },
}).createMachine({
  id: 'vault',
  context: { items: [] },
  initial: 'locked',
  states: {
    locked: {
      on: {
        enter: [
          { guard: 'isKeeper', target: 'open' },
          { actions: { type: 'refuse', params: { code: 'stranger' } } },
        ],
        store: { actions: { type: 'refuse', params: { code: 'locked' } } },
      },
    },
    open: {
      after: { autolock: 'locked' },
      on: {
        close: 'locked',
        store: [
          { guard: 'hasRoom', actions: 'keep' },
          { actions: { type: 'refuse', params: { code: 'full' } } },
        ],
      },
    },
  },
});

/** Bugs, one by one. */
export type Bug =
  | 'anybody may enter'
  | 'one item too many'
  | 'never locks itself'
  | 'forgets what is open'
  | 'storing while locked opens it'
  | 'third item breaks it';

/** A vault as an app might have it. */
export class Vault {
  /** Vaults that were begun and not given back. */
  static inUse = 0;
  private isOpen = false;
  private items: string[] = [];

  constructor(private readonly bug?: Bug) {
    Vault.inUse += 1;
  }

  enter(who: string): string {
    if (this.isOpen) return 'ok';
    // With this bug a stranger is refused, and enters all the same.
    if (this.bug === 'anybody may enter' || who === 'ann') this.isOpen = true;
    return who === 'ann' ? 'ok' : 'stranger';
  }

  store(item: string): string {
    if (!this.isOpen) {
      if (this.bug === 'storing while locked opens it') this.isOpen = true;
      return 'locked';
    }
    if (this.bug === 'third item breaks it' && this.items.length === 2) throw new Error('out of shelf');
    if (this.items.length >= (this.bug === 'one item too many' ? 3 : 2)) return 'full';
    this.items.push(item);
    return 'ok';
  }

  close(): string {
    this.isOpen = false;
    return 'ok';
  }

  /** A minute passes. */
  wait(): string {
    if (this.bug !== 'never locks itself') this.isOpen = false;
    return 'ok';
  }

  look(): object {
    return { state: this.isOpen ? 'open' : 'locked', items: this.items };
  }

  /** The vault as it is after a power cut. */
  restarted(): Vault {
    const next = new Vault(this.bug);
    Vault.inUse -= 1;
    next.isOpen = this.bug !== 'forgets what is open' && this.isOpen;
    next.items = [...this.items];
    return next;
  }

  giveBack(): void {
    Vault.inUse -= 1;
  }
}

export type VaultOptions = ModelOptions<typeof vaultMachine, Vault>;

export const vaultOptions: VaultOptions = {
  events: {
    enter: { cases: [{ who: 'ann' }, { who: 'bob' }], perform: (vault, { who }) => vault.enter(who) },
    store: { cases: [{ item: 'gold' }], perform: (vault, { item }) => vault.store(item) },
    close: { perform: (vault) => vault.close() },
  },
  timers: { autolock: (vault) => vault.wait() },
  reply: ({ emitted }) => emitted[0]?.code ?? 'ok',
  look: (vault) => vault.look(),
  view: ({ value, context }) => ({ state: value, items: context.items }),
};

export function modelOfVault(options: Partial<VaultOptions> = {}): TestModel<typeof vaultMachine, Vault> {
  return testModel(vaultMachine, { ...vaultOptions, ...options });
}

/** Where vaults with this bug come from. */
export function vaults(bug?: Bug) {
  return { start: () => new Vault(bug), stop: (vault: Vault) => vault.giveBack() };
}
