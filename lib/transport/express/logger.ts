/** The app's logger, made safe to call from anywhere; the plugin hands it to every part instead of the app's own. */
import { createLogger, format, transports } from 'winston';
import { type Logger, logMethods } from '../../hub/options/logger';

/**
 * A logger that writes to the given one, except that a method of it which throws or rejects loses its line and nothing else:
 * most of what is logged is logged where a throw would end the process.
 */
export function unfailing(logger: Logger): Logger {
  const guarded = {} as Logger;
  for (const method of logMethods) {
    guarded[method] = (...line) => {
      try {
        // A method may give a promise; one that rejects must not reach the process.
        Promise.resolve(logger[method](...line)).catch(() => {});
      } catch {
        // There is nowhere left to say it.
      }
    };
  }
  return guarded;
}

/** What is used when the app gives none: the console, level `info`. */
export function consoleLogger(): Logger {
  return createLogger({
    level: 'info',
    format: format.combine(format.timestamp(), format.simple()),
    transports: [new transports.Console()],
  });
}
