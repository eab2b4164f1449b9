/** The app's logger, made safe to call from anywhere; the plugin hands it to every part instead of the app's own. */
import { createLogger, format, type Logger, transports } from 'winston';

const methods = ['error', 'warn', 'info', 'debug', 'log'] as const;

/**
 * The same logger, except that a transport or format of it which throws loses its line and nothing else: most of what is
 * logged is logged where a throw would end the process.
 */
export function unfailing(logger: Logger): Logger {
  const guarded: Logger = Object.create(logger);
  for (const method of methods) {
    Object.defineProperty(guarded, method, {
      value: (...line: unknown[]) => {
        try {
          const logged: unknown = Reflect.apply(logger[method], logger, line);
          // Not one of winston's, where it is a promise.
          if (logged !== logger) Promise.resolve(logged).catch(() => {});
        } catch {
          // There is nowhere left to say it.
        }
        return guarded;
      },
    });
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
