/** Serves the page behind a link and takes its answer; the link itself is the credential, so no login stands before it. */
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express';
import type { Logger } from 'winston';
import { HubError, toHubError } from '../errors';
import type { Hub } from '../hub/hub';
import type { LinkOptions, LinkTerms } from '../hub/links';
import type { RequestRecord, User } from '../protocol/records';
import type { Access } from './access';
import { endedPage, linkPagePolicy, messagePage, requestPage } from './link-page';
import { ready } from './ready';

export interface LinkRouterParts {
  hub: Hub;
  access: Access;
  logger: Logger;
  /** None where the app has no links. */
  person: LinkOptions['person'] | undefined;
}

/** Bytes of the form; a comment and an answer of 4,000 characters each fit. */
const maxFormBytes = 65_536;

/** A router of its own, to be mounted before the app's login: `app.use('/soc', hitl.linkRouter)`. */
export function linkRouter(parts: LinkRouterParts): Router {
  const router = express.Router();
  const form = express.urlencoded({ extended: false, limit: maxFormBytes });
  router.get('/hitl/links/:token', (req, res) => void answered(parts, res, () => shown(parts, req)));
  router.post('/hitl/links/:token', form, (req, res) => void answered(parts, res, () => taken(parts, req)));
  const refuseForm: ErrorRequestHandler = (error, req, res, next) =>
    req.path.startsWith('/hitl/links/')
      ? void answered(parts, res, async () => [400, messagePage('That was too much', 'Please write less.')])
      : next(error);
  router.use(refuseForm);
  return router;
}

interface Opened {
  terms: LinkTerms;
  request: RequestRecord;
  user: Required<User>;
}

async function shown(parts: LinkRouterParts, req: Request): Promise<[number, string]> {
  const { terms, request, user } = await open(parts, req);
  if (request.status !== 'pending') return [200, endedPage(request)];
  if (isStale(terms, request)) return stale;
  if (request.verdicts.some(({ by }) => by.userId === user.id)) return counted;
  return [200, requestPage(request, user.name)];
}

async function taken(parts: LinkRouterParts, req: Request): Promise<[number, string]> {
  const { terms, request, user } = await open(parts, req);
  const { status, comment, answer } = req.body ?? {};
  if (request.status !== 'pending') return [409, endedPage(request)];
  if (isStale(terms, request)) return stale;
  if (status !== 'approved' && status !== 'denied')
    return [400, requestPage(request, user.name, 'Choose one of the two buttons.')];
  const response = {
    ...(typeof comment === 'string' && comment !== '' && { comment }),
    ...(status === 'approved' && request.type === 'question' && typeof answer === 'string' && { answer }),
  };
  try {
    const settled = await parts.hub.hitl.respond(
      request.id,
      { by: user, status, response, revision: terms.revision },
      { via: 'link', from: req.socket.remoteAddress },
    );
    return [200, settled.status === 'pending' ? counted[1] : endedPage(settled)];
  } catch (error) {
    const { code, message } = toHubError(error);
    if (code === 'already_resolved') return [409, endedPage(await parts.hub.hitl.get(request.id))];
    if (code === 'already_answered') return counted;
    if (code === 'stale_revision') return stale;
    if (code === 'claimed_by_other') return [409, requestPage(request, user.name, 'Someone else is on it.')];
    if (code === 'invalid_response') return [422, requestPage(request, user.name, message)];
    throw error;
  }
}

const stale: [number, string] = [
  409,
  messagePage('The request has changed', 'What you were sent is not what is asked now. Ask for a new link.'),
];
const counted: [number, string] = [
  200,
  messagePage('Thank you', 'Your answer is counted. Others are still asked.'),
];

function isStale(terms: LinkTerms, request: RequestRecord): boolean {
  return terms.revision !== request.revision || terms.digest !== request.digest;
}

/** The request of the link and the person it is for, if both still are what they were. */
async function open({ hub, access, person }: LinkRouterParts, req: Request): Promise<Opened> {
  if (!hub.links || !person) throw new HubError('not_found');
  const terms = hub.links.read(String(req.params.token));
  await ready(hub);
  const request = await hub.hitl.get(terms.requestId);
  const user = await access.person(terms.userId, person);
  await access.authorize(request.ticketId, user);
  return { terms, request, user };
}

async function answered(
  { logger }: LinkRouterParts,
  res: Response,
  make: () => Promise<[number, string]>,
): Promise<void> {
  res.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': linkPagePolicy,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Robots-Tag': 'noindex',
  });
  try {
    const [status, html] = await make();
    res.status(status).type('html').send(html);
  } catch (error) {
    const { code, status } = toHubError(error);
    // Not the address: it holds the token.
    if (code === 'internal') logger.error('A link could not be opened', { error: code });
    const isGone = status < 500;
    const title = isGone ? 'This link does not work' : 'Not now';
    const text = isGone
      ? 'It is not complete, its time is over, or it is not for you any more.'
      : 'Please try again in a while.';
    const shown = status === 401 || status === 403 ? 403 : 404;
    res
      .status(isGone ? shown : 503)
      .type('html')
      .send(messagePage(title, text));
  }
}
