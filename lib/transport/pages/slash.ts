/** The slash that a page needs at the end of its address, since its own addresses are relative; the console and the live charts call it. */

/** Where to redirect a request without the slash, with its query, or nothing: relative too, since a proxy may have removed a part of the path. */
export function withSlash(originalUrl: string): string | undefined {
  const [path = '', query] = originalUrl.split('?', 2);
  if (path.endsWith('/')) return undefined;
  return `${path.slice(path.lastIndexOf('/') + 1)}/${query === undefined ? '' : `?${query}`}`;
}
