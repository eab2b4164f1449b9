/** Serves the page behind a link and takes its answer; the link itself is the credential, so no login stands before it. */
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express';
import { HubError, toHubError } from '../../errors';
import type { Clock } from '../../hub/commit/clock';
import type { Logger } from '../../hub/options/logger';
import type { LinkTerms } from '../../hub/outbox/links';
import type { HubPort } from '../../hub/port';
import { askedBy } from '../../protocol/asked';
import type { RequestRecord, User } from '../../protocol/records';
import type { Access } from '../core/access';
import { addressOf, peerOf } from '../core/peer';
import { ready } from '../core/ready';
import type { Typed } from './link-form';
import { countedPage, endedPage, linkPagePolicy, messagePage, requestPage } from './link-page';

export interface LinkRouterParts {
  hub: HubPort;
  access: Access;
  clock: Clock;
  logger: Logger;
}

/** Bytes of the form; a comment, an option and an answer of 4,000 characters of any script each fit. */
const maxFormBytes = 131_072;

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
  const mine = request.verdicts.filter(({ by }) => by.userId === user.id);
  // Answers of an earlier stage stand.
  if (mine.length > 0 && mine.every(({ stage }) => stage !== request.stage))
    return [200, countedPage(request)];
  return [200, requestPage(request, { ...user, now: parts.clock.now() })];
}

async function taken(parts: LinkRouterParts, req: Request): Promise<[number, string]> {
  const { terms, request, user } = await open(parts, req);
  const { status } = req.body ?? {};
  if (request.status !== 'pending') return [409, endedPage(request)];
  if (isStale(terms, request)) return stale;
  const typed = typedIn(req.body ?? {});
  const again = (code: number, problem: string): [number, string] => [
    code,
    requestPage(request, { ...user, now: parts.clock.now() }, problem, typed),
  ];
  if (Object.values(req.body ?? {}).some((value) => typeof value !== 'string'))
    return again(400, 'A field was sent twice, and nothing was taken. Answer once more.');
  if (status !== 'approved' && status !== 'denied') return again(400, 'Choose one of the two buttons.');
  if (status === 'approved' && typed.answer && typed.other)
    return again(
      422,
      'There are two answers: choose an option, or “Something else” with an answer of your own.',
    );
  const { comment } = typed;
  const answer = status === 'approved' ? answerOf(request, typed) : undefined;
  const response = { ...(comment && { comment }), ...(answer !== undefined && { answer }) };
  try {
    const settled = await parts.hub.hitl.respond(
      request.id,
      { by: user, status, response, revision: terms.revision },
      {
        via: 'link',
        from: addressOf(peerOf(req)),
        assertAccess: async () => void (await open(parts, req)),
      },
    );
    return [200, settled.status === 'pending' ? countedPage(settled) : endedPage(settled)];
  } catch (error) {
    const { code, message } = toHubError(error);
    if (code === 'already_resolved') return [409, endedPage(await parts.hub.hitl.get(request.id))];
    if (code === 'already_answered') return [200, countedPage(request)];
    if (code === 'stale_revision') return stale;
    if (code === 'claimed_by_other') return again(409, 'Someone else is on it.');
    if (code === 'invalid_response' || code === 'too_large') return again(422, message);
    throw error;
  }
}

/** The fields of the form; a browser sends each line break as two signs, and only one was typed. */
function typedIn({ comment, answer, other }: Record<string, unknown>): Typed {
  const read = (value: unknown) => (typeof value === 'string' ? value.replaceAll('\r\n', '\n') : undefined);
  return { comment: read(comment), answer: read(answer), other: read(other) };
}

/** What is answered to a question: an option letter by letter, or a text. Nothing chosen is no answer. */
function answerOf(request: RequestRecord, { answer, other }: Typed): string | undefined {
  const { form, options } = askedBy(request);
  if (form !== 'question') return undefined;
  const said = answer ? answer : other;
  return options.find((each) => each.replaceAll('\r\n', '\n') === said) ?? said;
}

const stale: [number, string] = [
  409,
  messagePage('The request has changed', 'What you were sent is not what is asked now. Ask for a new link.'),
];
function isStale(terms: LinkTerms, request: RequestRecord): boolean {
  return terms.revision !== request.revision || terms.digest !== request.digest;
}

/** The request of the link and the person it is for, if both still are what they were. */
async function open({ hub, access }: LinkRouterParts, req: Request): Promise<Opened> {
  if (!hub.links.isOn) throw new HubError('not_found');
  const terms = hub.links.read(String(req.params.token));
  await ready(hub);
  const request = await hub.hitl.get(terms.requestId);
  const user = await access.identities.person(terms.userId);
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
