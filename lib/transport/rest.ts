/** Reading tickets and answering requests over HTTP, behind the same checks as the socket; the router mounts it. */
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import type { Logger } from 'winston';
import { z } from 'zod';
import { HubError, toHubError } from '../errors';
import { assertName } from '../hub/client';
import type { Clock } from '../hub/clock';
import type { Hub } from '../hub/hub';
import { maxFrameBytes, verdictSchema } from '../protocol/client-frames';
import { assertPlain, describeIssue, jsonBytes } from '../protocol/codec';
import type { RequestRecord } from '../protocol/records';
import { requestStatusSchema, requestView, sessionView } from '../protocol/views';
import type { Store } from '../store/store';
import type { Access } from './access';
import type { OriginPolicy } from './origin';
import { refuse } from './refusal';

export interface RestParts {
  hub: Hub;
  store: Store;
  access: Access;
  origins: OriginPolicy;
  clock: Clock;
  logger: Logger;
}

const limit = (fallback: number, most: number) => z.coerce.number().int().min(1).max(most).default(fallback);
const listQuery = z.object({
  status: requestStatusSchema.optional(),
  ticket_id: z.string().optional(),
  limit: limit(50, 200),
  cursor: z.string().max(512).optional(),
});
const timelineQuery = z.object({ after: z.coerce.number().int().min(0).default(0), limit: limit(100, 500) });
const sessionsQuery = z.object({ limit: limit(50, 200) });

/** Adds the REST routes to a router. */
export function mountRest(router: Router, parts: RestParts): void {
  const { hub, store, access, origins, clock } = parts;
  const view = (record: RequestRecord) => requestView(record, clock.now());

  const route = (handle: (req: Request, res: Response) => Promise<void>): RequestHandler => {
    return (req, res, next) => {
      res.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
      if (hub.closing) next(new HubError('closing'));
      else
        hub
          .start()
          .then(() => handle(req, res))
          .catch(next);
    };
  };

  router.get(
    '/hitl/requests',
    route(async (req, res) => {
      const user = await access.identify(req);
      const { status, ticket_id: ticketId, limit: most, cursor } = read(listQuery, req.query);
      if (ticketId !== undefined) await access.authorize(assertName(ticketId), user);
      const page = await hub.hitl.list(
        { ...(status && { status }), ...(ticketId && { ticketId }) },
        most,
        cursor,
      );
      const tickets = [...new Set(page.items.map((record) => record.ticketId))];
      const open = new Set<string>();
      for (const id of tickets) if (id === ticketId || (await access.mayUse(id, user))) open.add(id);
      const items = page.items.filter((record) => open.has(record.ticketId)).map(view);
      res.json({ items, ...(page.nextCursor && { next_cursor: page.nextCursor }) });
    }),
  );

  router.get(
    '/hitl/requests/:id',
    route(async (req, res) => {
      const user = await access.identify(req);
      res.json({ hitl: view(await visibleRequest(req, user)) });
    }),
  );

  router.post(
    '/hitl/requests/:id/respond',
    // An answer from a form on another site would come as another content type, or with that site's Origin.
    (req, _res, next) => {
      try {
        origins.assertChange(req);
        if (!req.is('application/json'))
          throw new HubError('invalid_frame', 'Send the answer as application/json');
        next();
      } catch (error) {
        next(error);
      }
    },
    express.json({ limit: maxFrameBytes }),
    route(async (req, res) => {
      const user = await access.identify(req);
      assertPlain(req.body);
      // A parser of the app's own, with its own limit, may have been first.
      if (jsonBytes(req.body) > maxFrameBytes) throw tooLarge();
      const { status, response, revision } = read(verdictSchema, req.body);
      const { id } = await visibleRequest(req, user);
      const answer = {
        by: user,
        status,
        ...(response && { response }),
        ...(revision !== undefined && { revision }),
      };
      res.json({ hitl: view(await hub.hitl.respond(id, answer)) });
    }),
  );

  router.get(
    '/tickets/:ticketId/timeline',
    route(async (req, res) => {
      const ticketId = await visibleTicket(req);
      const { after, limit: most } = read(timelineQuery, req.query);
      const { items, epoch, seq } = await store.log(ticketId, after, most);
      res.json({ items, epoch, seq });
    }),
  );

  router.get(
    '/tickets/:ticketId/sessions',
    route(async (req, res) => {
      const ticketId = await visibleTicket(req);
      const { limit: most } = read(sessionsQuery, req.query);
      const items = (await store.sessions(ticketId, most)).map((session) =>
        sessionView(session, clock.now()),
      );
      res.json({ items });
    }),
  );

  async function visibleTicket(req: Request): Promise<string> {
    const user = await access.identify(req);
    const ticketId = assertName(String(req.params.ticketId));
    await access.authorize(ticketId, user);
    return ticketId;
  }

  /** A request on a ticket one may not see is, for that person, not there. */
  async function visibleRequest(
    req: Request,
    user: Parameters<Access['authorize']>[1],
  ): Promise<RequestRecord> {
    const record = await hub.hitl.get(String(req.params.id));
    await access.authorize(record.ticketId, user).catch((error: unknown) => {
      const hidden = toHubError(error).status < 500;
      throw hidden ? new HubError('not_found', 'There is no such request') : error;
    });
    return record;
  }
}

/** The last handler of the router: our errors as coded JSON, those of the app's own middleware left to the app. */
export function restErrors(logger: Logger): ErrorRequestHandler {
  return (thrown, req, res, next) => {
    if (res.headersSent) return next(thrown);
    const error = fromBodyParser(thrown) ?? toHubError(thrown);
    if (error.code === 'internal') {
      const cause = error.cause instanceof Error ? error.cause.message : typeof error.cause;
      logger.error('A request failed', { path: req.path, error: cause });
    }
    refuse(res, error);
  };
}

function fromBodyParser(thrown: unknown): HubError | undefined {
  const type = typeof thrown === 'object' && thrown !== null && 'type' in thrown ? thrown.type : undefined;
  if (type === 'entity.too.large') return tooLarge();
  if (typeof type === 'string') return new HubError('invalid_frame', 'The body is not acceptable JSON');
  return thrown instanceof URIError
    ? new HubError('invalid_id', 'The address is not properly percent-encoded')
    : undefined;
}

function tooLarge(): HubError {
  return new HubError('too_large', `The body is larger than ${maxFrameBytes} bytes`);
}

/** @throws HubError `invalid_frame` saying what is wrong */
function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new HubError('invalid_frame', describeIssue(result.error.issues[0]));
  return result.data;
}
