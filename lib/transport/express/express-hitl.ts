/** The plugin: makes a hub and the router that carries it; what an app calls first. */
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import express, { type Request, type Router } from 'express';
import { describe, HubError, toHubError } from '../../errors';
import { type Clock, longestTimerMs, systemClock } from '../../hub/commit/clock';
import type { ClientLimits, RetentionOptions } from '../../hub/compose';
import { Hub, portOf } from '../../hub/hub';
import type { HitlTypes, Kinds, NoTypes } from '../../hub/kinds/app-types';
import type { ObjectSchema, SchemaInput, SchemaOutput } from '../../hub/kinds/standard-schema';
import type { Tool } from '../../hub/kinds/tool';
import { type Duration, toMillis } from '../../hub/options/duration';
import { Hints } from '../../hub/options/hints';
import type { Logger } from '../../hub/options/logger';
import type { Channel } from '../../hub/outbox/channel';
import type { LinkOptions } from '../../hub/outbox/links';
import type { HubPort } from '../../hub/port';
import type { RuleOptions } from '../../hub/requests/app-rules';
import type { ClassicScope } from '../../hub/tickets/prompts';
import { makeTool, type ToolOptions } from '../../hub/tools/make-tool';
import type { DurableAgent } from '../../hub/turns/durable/durable';
import type { Agent } from '../../hub/turns/turn';
import type { ChatUser } from '../../protocol/chat-frames';
import type { User } from '../../protocol/records';
import { isMemoryStore, memoryStore } from '../../store/memory/memory-store';
import type { Store } from '../../store/store';
import { Access } from '../core/access';
import type { AuthOptions } from '../core/auth-options';
import { Identities } from '../core/identities';
import { InboxSeat } from '../core/inbox-seat';
import { type OriginOptions, OriginPolicy } from '../core/origin';
import { type FrameLimits, RateLimit } from '../core/rate-limit';
import { openingTurnstile } from '../core/seat';
import { TicketSeat } from '../core/ticket-seat';
import { serveDocuments } from '../documents/serve';
import { type ChartsOptions, chartsRouter, maySeeCharts } from '../pages/charts/charts-router';
import { type ConsoleOptions, consoleRouter } from '../pages/console';
import { linkRouter } from '../pages/link-router';
import { serveOperations } from '../rest/operations';
import { Rest } from '../rest/rest';
import { restErrors } from '../rest/rest-errors';
import { type HandledHub, withHandler } from './handler-reference';
import { consoleLogger, unfailing } from './logger';
import { notMiddleware } from './not-middleware';
import { assertAttachOptions, assertDrainOptions, assertExpressOptions } from './options';
import { type SocketHandler, SocketRoute } from './socket-route';
import { socketRouter } from './socket-router';
import { StreamRoute } from './stream-route';
import { type AttachOptions, Upgrades } from './upgrade';

/** How much is too much. */
export interface LimitOptions extends ClientLimits {
  /** Frames that a connection and a user may send; `false` for any number. Default: 300 and 600 in 10 seconds. */
  frames?: FrameLimits | false | undefined;
}

/** Who may connect, and how connections are watched. */
export interface HttpOptions extends OriginOptions {
  /** How often peers are pinged; one that is silent for two of these is gone. Default `'30s'`. */
  heartbeat?: Duration | undefined;
  /** How long the app's middleware may take to let a socket in. Default `'10s'`. */
  handshakeTimeout?: Duration | undefined;
}

/** The pages below the mount. */
export interface PageOptions {
  /** Whether the operator's console is served at `<mount>/console/`, and from where. Default true. */
  console?: boolean | ConsoleOptions | undefined;
  /** Live charts at `<mount>/charts/`, for those whom `maySee` lets in. Default: there are none. */
  charts?: ChartsOptions | undefined;
}

// biome-ignore lint/complexity/noBannedTypes: no kinds at all
export interface ExpressHitlOptions<K extends Kinds = {}, U extends User = User> {
  /** Who sends a request, and what they may see. */
  auth: AuthOptions<Request, U>;
  /** The app's own rules on who may answer, cancel, grant and read the audit. Default: each request's policy alone. */
  rules?: RuleOptions<NoInfer<{ kinds: K; user: U }>>;
  /** How many clients and frames there may be. */
  limits?: LimitOptions;
  /** Which pages may connect, and how connections are watched. */
  http?: HttpOptions;
  /** Which pages are served. */
  pages?: PageOptions;
  /** How long what is stored stays. */
  retention?: RetentionOptions;
  /** Links by which people answer from a mail or a chat; needs `auth.findUser`. Default: none. */
  links?: LinkOptions;
  /** Ways to people outside the hub, by name: a mail, a chat, `webhookChannel`. Default: none. */
  channels?: Record<string, Channel<NoInfer<{ kinds: K; user: U }>>>;
  /** The app's own kinds of request beside `tool_approval` and `question`, by name. */
  kinds?: K;
  /** Where everything is stored. Default: memory, with a warning, since a restart then forgets every pending request. */
  store?: Store;
  /** Answers chat messages; from another file, `hitl.agent`. Default: messages are shown and stored, and no agent answers. */
  agent?: Agent<NoInfer<{ kinds: K; user: U }>>;
  /** What the agent is called: in the console, and as the author of its frames in the classic dialect. Default `{ id: 'agent', name: 'Agent' }`. */
  agentName?: ChatUser;
  /**
   * What clients of the classic dialect are sent: with `'ticket'`, the default, the output and prompts of every session of
   * the ticket; with `'session'` those of their own session, and of the others what people write.
   */
  classic?: { scope?: ClassicScope };
  /** winston, `console`, or anything with `debug`, `info`, `warn` and `error`. Default: winston to the console, level `info`. */
  logger?: Logger;
  /** For tests. Default: the system's. */
  clock?: Clock;
}

export interface ExpressHitl<App extends HitlTypes = NoTypes> {
  /** REST, sockets and pages; mount it behind the app's own middleware. */
  readonly router: Router;
  /** The programmatic side. */
  readonly hub: HandledHub<App>;
  /** Types only: `type App = typeof hitl.$types`. */
  readonly $types: App;
  /** The pages behind links alone, to be mounted before a login that guards the router; `router` has them too. */
  readonly linkRouter: Router;
  /**
   * For apps that run express-ws themselves: `app.ws('/chat/:ticketId', hitl.sockets.ticket)`, and `inbox` for inboxes.
   * Refusals are close codes there.
   */
  readonly sockets: { readonly ticket: SocketHandler; readonly inbox: SocketHandler };
  /**
   * Registers the agent that answers chat messages, where it is written in another file than the options; gives it back.
   * @throws HubError `invalid_request` for a second one, and once the hub has started
   */
  agent(agent: DurableAgent<App>): DurableAgent<App>;
  agent(agent: Agent<App>): Agent<App>;
  /**
   * Takes the handshakes of tickets and inboxes on this server, until the hub has closed, and leaves everything else to the
   * app; begins to start the hub, and tries again until that succeeds. Returns what stops it.
   * @throws HubError `invalid_request` for what is no server, and for a path at which Express mounts nothing
   */
  attach(server: Server | SecureServer, options?: AttachOptions): () => void;
  /** A tool with people in front: `turn.callTool(tool, args)`. Make tools at the start, so that edits can be validated. */
  tool<S extends ObjectSchema, Result>(
    options: ToolOptions<S, Result, App>,
  ): Tool<SchemaInput<S> & object, SchemaOutput<S> & object, Awaited<Result>>;
  /**
   * Opens the store, ends turns that a process which is gone left behind, and catches up with deadlines; `attach` and the first
   * client do it too. Repeatable.
   * @throws HubError `storage_failed`, `unavailable`, `closing`
   */
  start(): Promise<void>;
  /**
   * Ends like `close`, but gently, for a server that restarts: clients are sent `going_away`, each with its own time to
   * reconnect, so that they do not all reconnect at once; turns may finish in the meantime; then clients are closed with 1012.
   * @param options `over`: how long that may take, and over what time clients reconnect; default `'10s'`
   */
  drain(options?: { over?: Duration }): Promise<void>;
  /**
   * Ends in good order: no client joins any more, turns end as aborted, pending requests stay for the next start, clients
   * are closed with 1001, the store is closed, and every server it was attached to is left. Repeatable; cuts a `drain` short.
   */
  close(): Promise<void>;
}

/**
 * A human-in-the-loop hub for an Express app.
 * @throws HubError `invalid_request` for options that cannot be
 */
// biome-ignore lint/complexity/noBannedTypes: no kinds at all
export function expressHitl<K extends Kinds = {}, U extends User = User>(
  given: ExpressHitlOptions<K, U>,
): ExpressHitl<{ kinds: K; user: U }> {
  type App = { kinds: K; user: U };
  assertExpressOptions(given);
  // Inside, kinds and users are as they come.
  const options = given as unknown as ExpressHitlOptions;
  const { auth, rules = {}, limits = {}, http = {}, pages = {}, retention, classic } = options;
  const logger = unfailing(options.logger ?? consoleLogger());
  const clock = options.clock ?? systemClock;
  const hints = Hints.of(logger);
  const store = options.store ?? memoryStore();
  hintAtMemory(options.store, hints);
  const { agentName = { id: 'agent', name: 'Agent' }, agent, kinds, links, channels } = options;
  // Only Express leads requests here, so each of them is what the app's callbacks expect.
  const asked = auth as unknown as AuthOptions;
  const access = new Access(new Identities(asked, logger, clock), asked, rules, logger);
  const hub = new Hub<App>({
    ...{ store, clock, logger, agent, rules, kinds, links, channels, limits, retention, classic },
    mayUseTicket: (ticketId, person) => access.mayStillUse(ticketId, person),
    mayContinue: (ticketId, person) => access.mayContinue(ticketId, person),
  });
  const port = portOf(hub);
  const origins = new OriginPolicy(http);
  const handshakeTimeoutMs = toTimer(http.handshakeTimeout ?? '10s');
  const socketParts = {
    hub: port,
    access,
    origins,
    clock,
    logger,
    agent: agentName,
    openings: openingTurnstile(clock),
    classicScope: classic?.scope ?? 'ticket',
    heartbeatMs: toTimer(http.heartbeat ?? '30s'),
    handshakeTimeoutMs,
    limit: limits.frames === false ? undefined : new RateLimit(limits.frames),
  };
  const ticketRoute = new SocketRoute(socketParts, TicketSeat.of);
  const inboxRoute = new SocketRoute(socketParts, InboxSeat.of);
  const upgrades = new Upgrades({
    origins,
    clock,
    logger,
    handshakeTimeoutMs,
    onArrival: (req) => void port.disconnects.arrivalOf(req),
  });

  const router = express.Router();
  const linkPages = linkRouter({ hub: port, access, clock, logger });
  const { console: page = true, charts } = pages;
  router.use(linkPages);
  serveOperations(
    new Rest(router, {
      hub: port,
      store,
      access,
      origins,
      clock,
      logger,
      agent: agentName,
      charts: async (req) => charts !== undefined && maySeeCharts(charts, req),
    }),
  );
  serveDocuments(router);
  router.use(
    socketRouter({
      tickets: ticketRoute,
      inboxes: inboxRoute,
      ticketStreams: new StreamRoute(socketParts, ticketRoute),
      inboxStreams: new StreamRoute(socketParts, inboxRoute),
      hints,
      whyNotTaken: (url) => upgrades.whyNotTaken(url),
      isClosing: () => port.closing,
    }),
  );
  if (page) router.use('/console', consoleRouter(page === true ? {} : page, logger));
  if (charts) router.use('/charts', chartsRouter(charts, { hub: port, store, clock, logger }));
  router.use(restErrors(logger));

  const sockets = { ticket: ticketRoute.handler, inbox: inboxRoute.handler };
  let isStarting = false;
  return notMiddleware({
    router,
    // Compared member by member, the same type takes the compiler too deep.
    hub: withHandler(hub, { router, origins, ticket: sockets.ticket }) as never,
    linkRouter: linkPages,
    sockets,
    agent: (<A extends Agent<App> | DurableAgent<App>>(registered: A) => {
      port.setAgent(registered as unknown as Agent | DurableAgent);
      return registered;
    }) as ExpressHitl<App>['agent'],
    attach: (server: Server | SecureServer, attachOptions?: AttachOptions) => {
      assertAttachOptions(attachOptions);
      const detach = upgrades.attach(server, attachOptions);
      // A second server of the same hub starts nothing again.
      if (!isStarting) startHub({ hub: port, clock, logger });
      isStarting = true;
      return detach;
    },
    tool: <S extends ObjectSchema, Result>(toolOptions: ToolOptions<S, Result, App>) =>
      makeTool({ hitl: port.hitl, clock, logger }, toolOptions),
    $types: undefined as unknown as App,
    start: () => port.start(),
    drain: async (drainOptions?: { over?: Duration }) => {
      assertDrainOptions(drainOptions);
      return port.drain(drainOptions).finally(() => upgrades.stop());
    },
    close: () => port.close().finally(() => upgrades.stop()),
  });
}

/** Warns of a store that forgets: where it is the default that the app did not choose, and in production. */
function hintAtMemory(given: Store | undefined, hints: Hints): void {
  const isProduction = process.env.NODE_ENV === 'production';
  if (given && !(isProduction && isMemoryStore(given))) return;
  const what = given ? 'The store is memoryStore()' : 'No store is configured';
  const where = isProduction ? ', in production (NODE_ENV)' : '';
  hints.give(
    'memory',
    `${what}${where}: a restart forgets every session and pending request; write store: sqliteStore('./data/hitl.db')`,
  );
}

/** How long after a failed start the next one is tried, where no client tries it before. */
const startAgainMs = 1_000;

/** A failed start is answered to every client with 503, logged, and tried again: it must not end the process by itself. */
function startHub(
  { hub, clock, logger }: { hub: HubPort; clock: Clock; logger: Logger },
  logged?: string,
): void {
  hub.start().catch((thrown: unknown) => {
    if (hub.closing) return;
    const why = describe(toHubError(thrown).cause ?? thrown);
    if (why !== logged) logger.error('The hub could not start', { error: why });
    clock.later(startAgainMs, () => startHub({ hub, clock, logger }, why));
  });
}

function toTimer(duration: Duration): number {
  const ms = Math.ceil(toMillis(duration));
  if (ms > longestTimerMs)
    throw new HubError('invalid_request', { message: `${duration} is more than 24 days` });
  return ms;
}
