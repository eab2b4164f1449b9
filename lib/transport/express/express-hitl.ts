/** The plugin: makes a hub and the router that carries it; what an app calls first. */
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import express, { type Router } from 'express';
import type { Logger } from 'winston';
import { describe, HubError, toHubError } from '../../errors';
import { type Clock, longestTimerMs, systemClock } from '../../hub/commit/clock';
import type { LogBounds } from '../../hub/commit/trimmer';
import type { RequestHooks } from '../../hub/hooks';
import { Hub } from '../../hub/hub';
import type { Kind } from '../../hub/kinds/kinds';
import { type Duration, toMillis } from '../../hub/options/duration';
import type { Channel } from '../../hub/outbox/channel';
import type { LinkOptions } from '../../hub/outbox/links';
import type { AppRules } from '../../hub/requests/app-rules';
import type { MayGrant } from '../../hub/requests/grants';
import type { ClassicScope } from '../../hub/tickets/prompts';
import { type GuardedTool, guardTool, type Tool } from '../../hub/tools/guard-tool';
import type { ToolRule } from '../../hub/tools/tool-rules';
import type { Agent } from '../../hub/turns/turns';
import type { ChatUser } from '../../protocol/chat-frames';
import type { User } from '../../protocol/records';
import { memoryStore } from '../../store/memory/memory-store';
import type { Store } from '../../store/store';
import { Access, type AccessCallbacks } from '../core/access';
import { InboxSeat } from '../core/inbox-seat';
import { type OriginOptions, OriginPolicy } from '../core/origin';
import { RateLimit, type RateLimitOptions } from '../core/rate-limit';
import { openingTurnstile } from '../core/seat';
import { TicketSeat } from '../core/ticket-seat';
import { serveDocuments } from '../documents/serve';
import { type ChartsOptions, chartsRouter, maySeeCharts } from '../pages/charts/charts-router';
import { type ConsoleOptions, consoleRouter } from '../pages/console';
import { linkRouter } from '../pages/link-router';
import { serveOperations } from '../rest/operations';
import { Rest } from '../rest/rest';
import { restErrors } from '../rest/rest-errors';
import { consoleLogger, unfailing } from './logger';
import { assertAttachOptions, assertDrainOptions, assertExpressOptions } from './options';
import { SocketRoute } from './socket-route';
import { socketRouter } from './socket-router';
import { StreamRoute } from './stream-route';
import { type AttachOptions, Upgrades } from './upgrade';

export interface ExpressHitlOptions extends AccessCallbacks, AppRules, OriginOptions {
  /** Where everything is kept. Default: memory, with a warning, since a restart then forgets every pending request. */
  store?: Store;
  /** Answers chat messages. Default: messages are shown and kept, and nobody answers. */
  agent?: Agent;
  /** What the agent is called: in the console, and as the author of its frames in the classic dialect. Default `{ id: 'agent', name: 'Agent' }`. */
  agentUser?: ChatUser;
  /**
   * The app's own rule on who may give, see and revoke a grant that holds in every ticket. Default: whoever may answer
   * the request it comes with.
   */
  mayGrant?: MayGrant;
  /** Links by which people answer from a mail or a chat; see `Hub.links`. Default: none. */
  links?: LinkOptions;
  /** Ways to people outside the hub, by name: a mail, a chat, `webhookChannel`. Default: none. */
  channels?: Record<string, Channel>;
  /** The app's own kinds of request beside `tool_approval` and `question`, by name. */
  kinds?: Record<string, Kind>;
  /** Told of reminders, escalations and outcomes, to page someone or to go on where nobody waits any more. */
  hooks?: RequestHooks;
  /** Default: a winston logger to the console, level `info`. */
  logger?: Logger;
  /** Clients in one ticket at once. Default 10 (reference A20). */
  maxClientsPerTicket?: number;
  /** Clients of one person in one ticket at once. Default `maxClientsPerTicket`. */
  maxClientsPerUserInTicket?: number;
  /** Clients of one person in all tickets together. Default 256. */
  maxClientsPerUser?: number;
  /**
   * What clients of the classic dialect are sent: with `'ticket'`, the default, the output and prompts of every session of
   * the ticket; with `'session'` those of their own session, and of the others what people write.
   */
  classic?: { scope?: ClassicScope };
  /** How many frames a connection and a user may send; `false` for any number. Default: 300 and 600 in 10 seconds. */
  rateLimit?: RateLimitOptions | false;
  /** How much of each ticket's log is kept, to resume from. Default: 10,000 envelopes, none older than 90 days. */
  log?: LogBounds;
  /** Live charts at `<mount>/charts/`, for those whom `admin` lets in. Default: there are none. */
  charts?: ChartsOptions;
  /** How often peers are pinged; one that is silent for two of these is gone. Default `'30s'`. */
  heartbeat?: Duration;
  /** How long the app's middleware may take to let a socket in. Default `'10s'`. */
  handshakeTimeout?: Duration;
  /** Whether the operator's console is served at `<mount>/console/`, and from where. Default true. */
  console?: boolean | ConsoleOptions;
  /** For tests. Default: the system's. */
  clock?: Clock;
}

export interface ExpressHitl {
  /** REST and the socket route; mount it behind the app's own middleware. */
  router: Router;
  /** The programmatic side. */
  hub: Hub;
  /** The pages behind links alone, to be mounted before a login that guards the router; `router` has them too. */
  linkRouter: Router;
  /**
   * Takes the handshakes of tickets and inboxes on this server, until the hub has closed, and leaves everything else to the
   * app; returns what stops it.
   * @throws HubError `invalid_request` for what is no server, and for a path at which Express mounts nothing
   */
  attach(server: Server | SecureServer, options?: AttachOptions): () => void;
  /** For apps that run express-ws themselves: `app.ws('/chat/:ticketId', hitl.socketHandler)`. Refusals are close codes there. */
  socketHandler: SocketRoute['handler'];
  /** The same for inboxes: `app.ws('/inbox', hitl.inboxHandler)`. */
  inboxHandler: SocketRoute['handler'];
  /** Puts a human between an agent and a tool; see `ToolRule`. Define tools at start, so that edits can be validated. */
  guardTool<Args extends Record<string, unknown>, Result>(
    tool: Tool<Args, Result>,
    rules?: readonly ToolRule<Args>[],
  ): GuardedTool<Args, Result>;
  /** For a server that will be back: ends gently over `over` (default `'10s'`); see `Hub.drain`. */
  drain(options?: { over?: Duration }): Promise<void>;
  /** Ends in good order, and takes its listener from every server it was attached to; see `Hub.close`. */
  close(): Promise<void>;
}

/**
 * A human-in-the-loop hub for an Express app.
 * @throws HubError `invalid_request` for options that cannot be
 */
export function expressHitl(options: ExpressHitlOptions): ExpressHitl {
  assertExpressOptions(options);
  const { maxClientsPerTicket, maxClientsPerUserInTicket, maxClientsPerUser } = options;
  const logger = unfailing(options.logger ?? consoleLogger());
  const clock = options.clock ?? systemClock;
  if (!options.store)
    logger.warn('No store is configured: a restart forgets every session and pending request');
  const store = options.store ?? memoryStore();
  const { agentUser = { id: 'agent', name: 'Agent' } } = options;
  const { agent, mayRespond, mayCancel, mayCancelTurn, mayGrant, hooks, kinds, log, links, channels } =
    options;
  const { classic } = options;
  const access = new Access(options, logger, clock);
  const mayUseTicket = (ticketId: string, person: User) =>
    access.mayStillUse(ticketId, person, links?.person);
  const bounds = { maxClientsPerTicket, maxClientsPerUserInTicket, maxClientsPerUser, log, classic };
  const rules = { mayRespond, mayCancel, mayCancelTurn, mayGrant, mayUseTicket, links, channels };
  const hub = new Hub({ store, clock, logger, agent, ...rules, hooks, kinds, ...bounds });
  const origins = new OriginPolicy(options);
  const handshakeTimeoutMs = toTimer(options.handshakeTimeout ?? '10s');
  const socketParts = {
    hub,
    access,
    origins,
    clock,
    logger,
    agent: agentUser,
    openings: openingTurnstile(clock),
    classicScope: classic?.scope ?? 'ticket',
    heartbeatMs: toTimer(options.heartbeat ?? '30s'),
    handshakeTimeoutMs,
    limit: options.rateLimit === false ? undefined : new RateLimit(options.rateLimit),
  };
  const ticketRoute = new SocketRoute(socketParts, TicketSeat.of);
  const inboxRoute = new SocketRoute(socketParts, InboxSeat.of);
  const upgrades = new Upgrades({
    origins,
    clock,
    logger,
    handshakeTimeoutMs,
    onArrival: (req) => void hub.disconnects.arrivalOf(req),
  });

  const router = express.Router();
  const pages = linkRouter({ hub, access, clock, logger, person: links?.person });
  router.use(pages);
  serveOperations(
    new Rest(router, {
      hub,
      store,
      access,
      origins,
      clock,
      logger,
      agent: agentUser,
      charts: async (req) => options.charts !== undefined && maySeeCharts(options.charts, req),
    }),
  );
  serveDocuments(router);
  router.use(
    socketRouter({
      tickets: ticketRoute,
      inboxes: inboxRoute,
      ticketStreams: new StreamRoute(socketParts, ticketRoute),
      inboxStreams: new StreamRoute(socketParts, inboxRoute),
      logger,
      isClosing: () => hub.closing,
    }),
  );
  const { console: page = true } = options;
  if (page) router.use('/console', consoleRouter(page === true ? {} : page, logger));
  if (options.charts) router.use('/charts', chartsRouter(options.charts, { hub, store, clock, logger }));
  router.use(restErrors(logger));

  startHub({ hub, clock, logger });

  return {
    router,
    hub,
    linkRouter: pages,
    attach: (server, attachOptions) => {
      assertAttachOptions(attachOptions);
      return upgrades.attach(server, attachOptions);
    },
    socketHandler: ticketRoute.handler,
    inboxHandler: inboxRoute.handler,
    guardTool: (tool, rules) => guardTool({ hitl: hub.hitl, clock, logger }, tool, rules),
    drain: async (drainOptions) => {
      assertDrainOptions(drainOptions);
      return hub.drain(drainOptions).finally(() => upgrades.stop());
    },
    close: () => hub.close().finally(() => upgrades.stop()),
  };
}

/** How long after a failed start the next one is tried, where no client tries it before. */
const startAgainMs = 1_000;

/** A failed start is answered to every client with 503, logged, and tried again: it must not end the process by itself. */
function startHub({ hub, clock, logger }: { hub: Hub; clock: Clock; logger: Logger }, logged?: string): void {
  hub.start().catch((thrown: unknown) => {
    if (hub.closing) return;
    const why = describe(toHubError(thrown).cause ?? thrown);
    if (why !== logged) logger.error('The hub could not start', { error: why });
    clock.later(startAgainMs, () => startHub({ hub, clock, logger }, why));
  });
}

function toTimer(duration: Duration): number {
  const ms = Math.ceil(toMillis(duration));
  if (ms > longestTimerMs) throw new HubError('invalid_request', `${duration} is more than 24 days`);
  return ms;
}
