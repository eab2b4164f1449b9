/** Wires a hub together: makes its parts, and says who follows a commit and in which order; the hub's internal port calls it. */
import type { RequestRecord, User } from '../protocol/records';
import type { Store } from '../store/store';
import { AfterCommit } from './commit/after-commit';
import type { Clock } from './commit/clock';
import { Funnel } from './commit/funnel';
import { Steps } from './commit/steps';
import { Sweep } from './commit/sweep';
import { type LogBounds, Trimmer } from './commit/trimmer';
import { Disconnects } from './disconnects';
import { Events } from './events';
import { Inbox } from './inbox/inbox';
import type { InboxClient } from './inbox/inbox-client';
import type { Kinds as AppKinds } from './kinds/app-types';
import { Kinds } from './kinds/kinds';
import { Lifecycle } from './lifecycle';
import type { Logger } from './options/logger';
import type { Channel } from './outbox/channel';
import { Channels } from './outbox/channels';
import { type LinkOptions, Links } from './outbox/links';
import type { RuleOptions } from './requests/app-rules';
import { Claims } from './requests/claims';
import { Deadlines } from './requests/deadlines';
import { Grants } from './requests/grants';
import { Hitl } from './requests/hitl';
import { RequestActors } from './requests/request-actors';
import { Waiters } from './requests/waiters';
import type { Client } from './tickets/client';
import { type ClassicScope, Prompts } from './tickets/prompts';
import { Rooms } from './tickets/rooms';
import { Streams } from './turns/streams';
import type { Agent } from './turns/turn';
import { type AgentOrCode, Turns } from './turns/turns';

/** How many clients may be connected: of the option `limits`. */
export interface ClientLimits {
  /** In one ticket at once. Default 10. */
  clientsPerTicket?: number | undefined;
  /** Of these, of one person. Default: all of them; for others at most half of the places count as taken by one person. */
  clientsPerUserInTicket?: number | undefined;
  /** Of one person in all tickets together. Default 256. */
  clientsPerUser?: number | undefined;
}

/** How long what is stored stays: the option `retention`. */
export interface RetentionOptions {
  /** How much of each ticket's log is stored for clients to resume from. Default: 10,000 envelopes, none older than 90 days. */
  log?: LogBounds | undefined;
}

export interface HubOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Answers chat messages; or `setAgent`. Without one, messages are shown and stored, and no turn runs. */
  agent?: Agent | undefined;
  rules?: RuleOptions | undefined;
  /** Whether a person may use a ticket now: a grant that holds everywhere covers only what its givers may use. Default: they may. */
  mayUseTicket?: ((ticketId: string, person: User) => boolean | Promise<boolean>) | undefined;
  /** Whether a turn may go on for this person, after a time in which they may have lost their access. Default: it may. */
  mayContinue?: ((ticketId: string, person: Required<User>) => Promise<boolean>) | undefined;
  /** The app's own kinds of request, by name. */
  kinds?: AppKinds | undefined;
  /** Links by which people answer from a mail or a chat. */
  links?: LinkOptions | undefined;
  /** Ways to people outside the hub, by name. */
  channels?: Record<string, Channel> | undefined;
  limits?: ClientLimits | undefined;
  retention?: RetentionOptions | undefined;
  /** What clients with one panel for prompts are sent. Default: of their whole ticket. */
  classic?: { scope?: ClassicScope | undefined } | undefined;
}

/** More than a browser opens to one host. */
const defaultClientsPerUser = 256;

export type HubParts = ReturnType<typeof compose>;

/** @throws HubError `invalid_request` for options that cannot be */
export function compose(options: HubOptions) {
  const { store, clock, logger, rules = {}, limits = {}, mayUseTicket } = options;
  const agents: { agent: AgentOrCode | undefined } = { agent: options.agent && { plain: options.agent } };
  const steps = new Steps(clock);
  const after = new AfterCommit(logger);
  const funnel = new Funnel(store, after, logger);
  const disconnects = new Disconnects();
  const events = new Events(logger, clock);
  const waiters: Waiters = new Waiters((isWaiting) => sweep.note(isWaiting));

  const maxClients = limits.clientsPerTicket ?? 10;
  const rooms = new Rooms({
    clock,
    steps,
    bounds: {
      maxClients,
      maxClientsOfUser: limits.clientsPerUserInTicket ?? maxClients,
      maxClientsOfUserInAll: limits.clientsPerUser ?? defaultClientsPerUser,
    },
  });
  const prompts = new Prompts({
    store,
    funnel,
    rooms,
    clock,
    logger,
    scope: options.classic?.scope ?? 'ticket',
  });
  const inbox = new Inbox({ store, funnel });
  const channelNames = Object.keys(options.channels ?? {});
  const actors = new RequestActors({ store, steps, funnel, clock, logger, channels: channelNames });
  const deadlines = new Deadlines({
    ...{ clock, logger },
    due: (until, limit) => store.dueRequests(until, limit),
    next: (after) => store.nextDue(after),
    fire: (id) => actors.fireDue(id),
  });
  const grants = new Grants({ store, actors, clock, logger, rules, mayUseTicket });
  const hitl = new Hitl({
    ...{ store, actors, grants, waiters, clock, logger, rules },
    kinds: new Kinds(options.kinds, (why) => logger.warn(why)),
    revisionShown: (...shown) => rooms.revisionShown(...shown),
  });
  const settle = (record: RequestRecord) => {
    waiters.settle(record);
    hitl.forget(record.id);
  };
  const sweep = new Sweep({
    clock,
    logger,
    awaited: () => waiters.requests(),
    read: (id) => hitl.get(id),
    settle,
    lookForDeadlines: () => deadlines.look(),
  });
  const claims = new Claims({ store, actors, clock, logger, isIn: (...place) => rooms.isIn(...place) });
  const links = new Links(options.links, { hitl, clock });
  const channels = new Channels(options.channels ?? {}, {
    ...{ store, clock, logger, links, random: Math.random },
    commit: (commit) => funnel.commit(commit),
    onFailed: (...failed) => events.deliveryFailed(...failed),
  });
  const streams = new Streams({ store, funnel, clock, rooms });
  const turns = new Turns({
    ...{ store, funnel, clock, logger, hitl, streams, steps, rules },
    agent: () => agents.agent,
    mayContinue: options.mayContinue ?? (async () => true),
  });
  const trimmer = new Trimmer(options, options.retention?.log);

  // Who follows a commit, in this order: first what clients are sent, then what this node does, the app's listeners last.
  after.add('log bounds', ({ commit, envelopes }) => trimmer.note(commit.ticketId, envelopes));
  after.add('rooms', ({ commit, envelopes }) => rooms.deliver(commit.ticketId, envelopes));
  after.add('classic prompts', ({ commit, envelopes }) => prompts.note(commit.ticketId, envelopes));
  after.add('inboxes', ({ requests }) => {
    for (const { before, record } of requests) inbox.note(before, record);
  });
  after.add('channels', ({ commit }) => {
    if (commit.deliveries?.length) channels.wake();
  });
  after.add('deadlines', ({ requests }) => {
    for (const { dueAt } of requests) if (dueAt !== undefined) deadlines.note(dueAt);
  });
  after.add('waiters', ({ requests }) => {
    for (const { emitted, record } of requests) if (emitted.includes('hitl_request_resolved')) settle(record);
  });
  after.add('turns', (committed) => turns.note(committed));
  after.add('old grants', ({ commit }) => {
    if (commit.grants?.some(({ type }) => type === 'give')) grants.tidy();
  });
  after.add('a missing agent', warnOfMissingAgent(agents, logger));
  after.add('listeners', (committed) => events.committed(committed));
  rooms.watch(claims);
  rooms.watch(events);

  const everybody = (): (Client | InboxClient)[] => [...rooms.clients(), ...inbox.clients()];
  const lifecycle = new Lifecycle({
    ...{ store, clock, rooms, claims, prompts, turns, deadlines, waiters, sweep, funnel, channels, steps },
    everybody,
  });
  return {
    ...{ hitl, grants, links, channels, turns, streams, inbox, rooms, claims, steps, disconnects, events },
    ...{ lifecycle, agents, everybody },
  };
}

/** Says once that a person has written and that there is no agent, since what to do about it is easily overlooked. */
function warnOfMissingAgent(agents: { agent: AgentOrCode | undefined }, logger: Logger) {
  let hasWarned = false;
  return ({
    commit,
  }: {
    commit: { messages?: readonly { type: string }[] | undefined; ticketId: string };
  }) => {
    if (hasWarned || agents.agent || !commit.messages?.some(({ type }) => type === 'user')) return;
    hasWarned = true;
    logger.warn('A message has come and there is no agent to answer it: register one with hitl.agent(…)', {
      ticketId: commit.ticketId,
    });
  };
}
