/** What we use of the private parts of express-ws: the address under which its routers look for the route of a socket. */

/** What `router.ws` has behind every path, so that no plain request gets there. */
const suffix = '/.websocket';

/**
 * The URL that `router.ws` matches for a handshake.
 * @param path as Express sees it below the mount
 * @param query with its `?`, or empty
 */
export function socketUrl(path: string, query: string): string {
  return `${path.replace(/\/$/, '')}${suffix}${query}`;
}
