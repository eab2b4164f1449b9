/** What the hub logs to: winston, `console`, or anything with these four methods; every part that logs takes one. */

/** The message comes first, a plain object with the facts second; never the content of messages, tokens or cookies. */
export interface Logger {
  debug(message: string, details?: object): unknown;
  info(message: string, details?: object): unknown;
  warn(message: string, details?: object): unknown;
  error(message: string, details?: object): unknown;
}

/** The methods of a logger. */
export const logMethods = ['debug', 'info', 'warn', 'error'] as const;
