/** Serves the live charts at `<mount>/charts/`: the page, the pictures, what is going on, and one stream per page; the plugin mounts it where the app asks for it. */
import express, { type Request, type Response, Router } from 'express';
import { executionMachine } from '../../../actors/execution-machine';
import { hitlRequestMachine } from '../../../actors/hitl-request-machine';
import { sessionMachine } from '../../../actors/session-machine';
import { ticketMachine } from '../../../actors/ticket-machine';
import { turnMachine } from '../../../actors/turn-machine';
import { HubError, messageOf } from '../../../errors';
import type { Clock } from '../../../hub/commit/clock';
import type { Logger } from '../../../hub/options/logger';
import type { HubPort } from '../../../hub/port';
import type { Store } from '../../../store/store';
import { ready } from '../../core/ready';
import { answerMissing, findShipped } from '../shipped';
import { withSlash } from '../slash';
import { Actors, actorsQuery } from './actors';
import { StepStreams } from './step-stream';

export interface ChartsOptions {
  /**
   * Who may look: at every ticket, turn and request of the hub, independently of `authorize`. Asked for every file and call;
   * anything but `true`, and a rule that throws, is a no.
   */
  maySee(req: Request): boolean | Promise<boolean>;
}

export interface ChartsParts {
  hub: HubPort;
  store: Store;
  clock: Clock;
  logger: Logger;
}

/** Beside the sources and in the package. */
const pages = ['../../charts-page'];
/** The pictures are part of the documentation. */
const pictureFolders = ['../../../docs/charts'];
const missing =
  'The page of the live charts is not there: an app that is bundled leaves express-hitl out of its bundle';
const pictureNames: Readonly<Record<string, string>> = {
  [hitlRequestMachine.id]: 'hitl-request.svg',
  [executionMachine.id]: 'execution.svg',
  [sessionMachine.id]: 'session.svg',
  [ticketMachine.id]: 'ticket.svg',
  [turnMachine.id]: 'turn.svg',
};

/** The page loads its own files and the pictures, and nothing else. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "object-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
/** A picture brings its own style sheet, and is shown inside the page. */
const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";

/** Whether charts are served to the sender of this request; a rule that throws is a no. */
export async function maySeeCharts(charts: ChartsOptions, req: Request): Promise<boolean> {
  try {
    return (await charts.maySee(req)) === true;
  } catch {
    return false;
  }
}

export function chartsRouter(charts: ChartsOptions, parts: ChartsParts): Router {
  const { hub, logger } = parts;
  const page = findShipped(pages, 'index.html');
  const pictures = findShipped(pictureFolders, 'ticket.svg');
  const streams = new StepStreams(parts);
  const actors = new Actors(parts);
  const router = Router();

  router.use((req, res, next) => {
    res.set({
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    });
    isAllowed(req)
      .then((is) =>
        next(
          is ? undefined : new HubError('forbidden', { message: 'The live charts are for administrators' }),
        ),
      )
      .catch(next);
  });
  if (!page || !pictures) return router.use(answerMissing(missing, logger));
  router.get('/', (req, res) => {
    const elsewhere = withSlash(req.originalUrl);
    if (elsewhere !== undefined) return res.redirect(308, elsewhere);
    res.set('Content-Security-Policy', pagePolicy);
    // Without a callback: what was sent must not reach the app's next handler.
    res.sendFile('index.html', { root: page, cacheControl: false });
  });
  router.get('/machines/:machine.svg', (req, res, next) => {
    const file = pictureNames[String(req.params.machine)];
    if (file === undefined) return next(new HubError('not_found', { message: 'There is no such machine' }));
    res.set('Content-Security-Policy', picturePolicy);
    res.sendFile(file, { root: pictures, cacheControl: false });
  });
  router.get('/steps', (req, res) => streams.open(req, res, () => isAllowed(req)));
  router.get(
    '/actors',
    answer(async (req) => actors.list(actorsQuery(req.query))),
  );
  router.get(
    '/actors/:machine/:id',
    answer(async (req) => actors.get(String(req.params.machine), String(req.params.id))),
  );
  router.use(express.static(page, { index: false, cacheControl: false }));
  return router;

  async function isAllowed(req: Request): Promise<boolean> {
    try {
      return (await charts.maySee(req)) === true;
    } catch (error) {
      logger.error('pages.charts.maySee failed; the live charts are refused', {
        error: messageOf(error),
      });
      throw new HubError('unavailable');
    }
  }

  function answer(what: (req: Request) => Promise<unknown>) {
    return (req: Request, res: Response, next: (error: unknown) => void): void => {
      ready(hub)
        .then(() => what(req))
        .then((body) => res.json(body))
        .catch(next);
    };
  }
}
