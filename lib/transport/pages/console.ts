/** Serves the operator's console at `<mount>/console/`: the files that Vite has built, under a strict policy; the router mounts it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { Router } from 'express';
import type { Logger } from '../../hub/options/logger';
import { answerMissing, findShipped } from './shipped';
import { withSlash } from './slash';

export interface ConsoleOptions {
  /** A folder with a build of the console of your own. Default: the one that ships with the package. */
  assets?: string;
}

/** Beside the compiled code, and where `npm run build:console` puts it for those who run from sources. */
const shipped = ['../../console', '../../../dist/console'];
const missing =
  'The console is not built: run `npm run build:console`; an app that is bundled leaves express-hitl out of its bundle, or sets pages.console.assets';

/** The page may load its own files and talk to its own server, and nothing else; no inline script or style, no HTML from text. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A router for `/console`. What it serves is the same for everyone; the user decides what the page then gets from the API. */
export function consoleRouter({ assets }: ConsoleOptions, logger: Logger): Router {
  const router = Router();
  const given = assets !== undefined && existsSync(join(assets, 'assets')) ? assets : undefined;
  const folder = assets === undefined ? findShipped(shipped, 'assets') : given;
  if (!folder) return router.use(answerMissing(missing, logger));
  router.use((_req, res, next) => {
    res.set({
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
    });
    next();
  });
  // The names of these files hold a digest of what is in them.
  router.use(
    '/assets',
    express.static(join(folder, 'assets'), { immutable: true, maxAge: '1y', index: false }),
  );
  router.get('/', (req, res) => {
    const elsewhere = withSlash(req.originalUrl);
    if (elsewhere !== undefined) return res.redirect(308, elsewhere);
    res.set('Cache-Control', 'no-store');
    // By root and name: the package itself may lie below a folder that begins with a dot. Without a callback, so that
    // Express continues with the app's next handler if the file cannot be sent, and only then.
    res.sendFile('index.html', { root: folder, cacheControl: false });
  });
  return router;
}
