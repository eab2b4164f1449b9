/** The addresses of tickets and inboxes below a mount, as Express matches them; the router serves them, `Upgrades` looks for them. */
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import express, { type Request, type Response } from 'express';
import { HubError, messageOf } from '../../errors';

export const ticketPath = '/ws/chat/ticket/:ticketId';
export const inboxPath = '/ws/inbox';

/** The tail of every such address, below whatever mount. */
const anywhere = /\/ws\/(?:chat\/ticket\/[^/]+|inbox)\/?$/i;

/** Says of the address of a request whether a socket is there. */
export type Matcher = (url: string) => boolean;

/**
 * @param mount where the router is mounted, as it was given to `app.use`: `/soc`, `/org/:org/soc`. Default: anywhere
 * @throws HubError `invalid_request` for one that Express does not accept
 */
export function matcherOf(mount: string | undefined, server: Server | SecureServer): Matcher {
  if (mount === undefined) return (url) => anywhere.test(pathnameOf(url));
  if (typeof mount !== 'string' || !/^(?:\/|$)/.test(mount))
    throw new HubError('invalid_request', {
      message: 'path begins with a slash, as where the router is mounted: /soc',
    });
  let isFound = false;
  const router = express.Router({ caseSensitive: isCaseSensitive(server) });
  const below = express.Router();
  below.get([ticketPath, inboxPath], () => {
    isFound = true;
  });
  try {
    router.use(mount === '' ? '/' : mount, below);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new HubError('invalid_request', {
      message: `path is not one that Express matches: ${reason}`,
      cause,
    });
  }
  return (url) => {
    isFound = false;
    // An address that cannot be decoded is one of ours if it would be without that.
    const onError = (error?: unknown) => {
      if (error) isFound = true;
    };
    router({ url, method: 'GET' } as Request, {} as Response, onError);
    return isFound;
  };
}

export function pathnameOf(url = ''): string {
  return url.split('?', 1)[0] ?? '';
}

/** Whether an app on this server routes case-sensitively, where the app can be asked. */
function isCaseSensitive(server: Server | SecureServer): boolean {
  return server
    .listeners('request')
    .some((app) => 'enabled' in app && (app as express.Express).enabled('case sensitive routing'));
}
