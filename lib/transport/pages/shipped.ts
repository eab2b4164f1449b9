/** Where the files of pages that ship with the package are; the console and the live charts call it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestHandler } from 'express';
import type { Logger } from '../../hub/options/logger';

/** An app that was bundled has neither our folders beside it nor, as a module of `import`, this name. */
const here = typeof __dirname === 'string' ? __dirname : undefined;

/**
 * The first of these folders that has `file` in it; nothing where the app was bundled.
 * @param folders as seen from this file; each is three levels below the root of the package
 */
export function findShipped(folders: readonly string[], file: string): string | undefined {
  if (here === undefined) return undefined;
  return folders
    .map((folder) => join(here, folder))
    .find((folder) => existsSync(join(folder, file)) && isOurs(join(folder, '../../package.json')));
}

/** Whether this is our package: beside a bundle, a folder of that name is the app's own. */
function isOurs(manifest: string): boolean {
  return existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "express-hitl"');
}

/** Answers 404 with `text`, and logs it once, where what should be served is not there. */
export function answerMissing(text: string, logger: Logger): RequestHandler {
  let hasLogged = false;
  return (_req, res) => {
    if (!hasLogged) logger.warn(text);
    hasLogged = true;
    res.status(404).type('text').send(`${text}.\n`);
  };
}
