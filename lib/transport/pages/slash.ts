/** The slash that a page needs at the end of its address, since its own addresses are relative; the console and the live charts ask here. */

/** Where to send who asked without it, query kept, or nothing: relative too, since a proxy may have taken a part of the path away. */
export function withSlash(originalUrl: string): string | undefined {
  const [path = '', query] = originalUrl.split('?', 2);
  if (path.endsWith('/')) return undefined;
  return `${path.slice(path.lastIndexOf('/') + 1)}/${query === undefined ? '' : `?${query}`}`;
}
