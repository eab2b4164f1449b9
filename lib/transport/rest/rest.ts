/** Serves REST operations behind the same checks as the socket; the files beside it declare them and say what they do. */
import type { Request, RequestHandler, Router } from 'express';
import type { z } from 'zod';
import { HubError, toHubError } from '../../errors';
import type { Clock } from '../../hub/commit/clock';
import type { Occasion } from '../../hub/commit/occasion';
import type { Turnstile } from '../../hub/commit/turnstile';
import type { Logger } from '../../hub/options/logger';
import type { HubPort } from '../../hub/port';
import { assertName } from '../../hub/tickets/client';
import type { ChatUser } from '../../protocol/chat-frames';
import { describeIssue } from '../../protocol/codec';
import type { RequestRecord } from '../../protocol/records';
import { misspeltField, namingFields } from '../../protocol/unknown-field';
import type { Store } from '../../store/store';
import { type Access, isHidden } from '../core/access';
import type { Service } from '../core/auth-options';
import type { Known } from '../core/identities';
import type { OriginPolicy } from '../core/origin';
import { addressOf, peerOf } from '../core/peer';
import { readingTurnstile } from '../core/reading';
import { ready } from '../core/ready';
import { bodyOf, parseBody } from './body';
import { writeLines } from './lines';
import type { Operation } from './operation';

export interface RestParts {
  hub: HubPort;
  store: Store;
  access: Access;
  origins: OriginPolicy;
  clock: Clock;
  logger: Logger;
  /** What the agent is called. */
  agent: ChatUser;
  /** Whether the sender of this request may see live charts. */
  charts(req: Request): Promise<boolean>;
}

const noStore = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** One call of an operation, by an identified user. */
export interface Call<Query, Body> {
  req: Request;
  /** Of a program: its id and name. */
  user: Known;
  /** The program that calls, where it is one. */
  service?: Service | undefined;
  query: Query;
  body: Body;
}
type Caller = Pick<Call<unknown, unknown>, 'req' | 'user' | 'service'>;

/** What is answered: a body with 200, or with the status it names. */
export type Answer = { status?: 201 | 202; body: unknown };

/** Pages of one person that wait for the one before. */
export const maxWaitingPages = 64;

export class Rest {
  private readonly pages: Turnstile;

  constructor(
    private readonly router: Router,
    readonly parts: RestParts,
  ) {
    const refusal = `${maxWaitingPages} of your pages are being read; wait until some have come`;
    this.pages = readingTurnstile(parts.clock, maxWaitingPages, refusal);
  }

  /** Mounts an operation. Its query and body have been read, its caller identified; rights are for `handle` to ask. */
  serve<Query, Body>(
    declared: Operation<Query, Body>,
    handle: (call: Call<Query, Body>) => Promise<Answer>,
  ): void {
    const answer: RequestHandler = (req, res, next) => {
      res.set(noStore);
      this.answer(declared, req, handle, async ({ status = 200, body }) => {
        res.status(status).json(body);
      }).catch((thrown: unknown) => next(toHubError(thrown)));
    };
    if (declared.method === 'get') this.router.get(declared.path, answer);
    else this.router.post(declared.path, this.assertChange, parseBody, answer);
  }

  /** Like `serve`, for a `get` that answers with JSON Lines. */
  serveLines<Query>(
    declared: Operation<Query, undefined>,
    handle: (call: Call<Query, undefined>) => Promise<AsyncGenerator<object>>,
  ): void {
    this.router.get(declared.path, (req, res, next) => {
      res.set(noStore);
      this.answer(declared, req, handle, (items) => writeLines(items, res, this.parts.logger)).catch(
        (thrown: unknown) => next(toHubError(thrown)),
      );
    });
  }

  /** Who asks for a change, and from where. */
  occasion({ req, user }: Pick<Call<unknown, unknown>, 'req' | 'user'>): Occasion {
    return { via: 'rest', by: user, from: addressOf(peerOf(req)) };
  }

  /** As `occasion`, for a change to the request of the address: whether the caller may see it is asked again right before. */
  requestOccasion(call: Caller): Occasion {
    return { ...this.occasion(call), assertAccess: async () => void (await this.visibleRequest(call)) };
  }

  /** The ticket of the address, if this user may see it. @throws HubError `invalid_id`, `forbidden`, `not_found`, `unavailable` */
  async visibleTicket({ req, user }: Pick<Call<unknown, unknown>, 'req' | 'user'>): Promise<string> {
    const ticketId = assertName(String(req.params.ticketId));
    await this.parts.access.authorize(ticketId, user);
    return ticketId;
  }

  /**
   * The request of the address; on a ticket one may not see it is, for that person, not there, and for a program what it has
   * not asked itself. @throws HubError `not_found`, `authentication_required` for a login that has ended, `unavailable`
   */
  async visibleRequest({ req, user, service }: Caller): Promise<RequestRecord> {
    const { hub, access } = this.parts;
    const hidden = new HubError('not_found', { message: 'There is no such request' });
    const record = await hub.hitl.get(String(req.params.id));
    if (service && record.userId !== service.id) throw hidden;
    const { ticketId } = record;
    const allowed = service ? access.authorizeService(ticketId, service) : access.authorize(ticketId, user);
    await allowed.catch((error: unknown) => {
      throw isHidden(error) ? hidden : error;
    });
    return record;
  }

  private async answer<Query, Body, Answered>(
    declared: Operation<Query, Body>,
    req: Request,
    handle: (call: Call<Query, Body>) => Promise<Answered>,
    send: (answered: Answered) => Promise<void>,
  ): Promise<void> {
    const { hub, access } = this.parts;
    if (hub.closing) throw new HubError('closing');
    await ready(hub);
    const service = declared.callers && (await access.identities.service(req));
    if (declared.callers === 'services' && !service) throw new HubError('authentication_required');
    const user = service ? userOf(service) : await access.identities.identify(req);
    // Operations without a query or body have the types `operation` gives them by default.
    const query = declared.query ? read(declared.query, req.query) : ({} as Query);
    const body = declared.body ? read(declared.body, bodyOf(req)) : (undefined as Body);
    const carryOut = async () => send(await handle({ req, user, service, query, body }));
    return declared.isPage ? this.pages.run(user.id, carryOut) : carryOut();
  }

  /** What changes something, sent by a form on another site, would come as another content type, or with that site's Origin. */
  private readonly assertChange: RequestHandler = (req, _res, next) => {
    try {
      this.parts.origins.assertChange(req);
      if (!req.is('application/json'))
        throw new HubError('invalid_frame', { message: 'Send the body as application/json' });
      next();
    } catch (error) {
      next(error);
    }
  };
}

function userOf({ id, name = id }: Service): Known {
  return { id, name, groups: [] };
}

/** @throws HubError `invalid_frame` saying what is wrong */
function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value, namingFields);
  if (!result.success)
    throw new HubError('invalid_frame', { message: describeIssue(result.error.issues[0]) });
  const misspelt = misspeltField(schema, value);
  if (misspelt) throw new HubError('invalid_frame', { message: misspelt });
  return result.data;
}
