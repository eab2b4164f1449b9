/** The app's logger as every part gets it. */
import { createLogger, format, transports } from 'winston';
import { unfailing } from '../../../lib/transport/express/logger';

class Collecting extends transports.Console {
  readonly lines: Record<string, unknown>[] = [];

  override log(line: Record<string, unknown>, next: () => void): void {
    this.lines.push(line);
    next();
  }
}

class Throwing extends transports.Console {
  override log(): void {
    throw new Error('the disk is full');
  }
}

test('passes lines on as they are, level, message and fields', () => {
  const transport = new Collecting();
  const logger = unfailing(createLogger({ level: 'debug', format: format.json(), transports: [transport] }));
  logger.info('hello', { code: 'x' });
  logger.log('error', 'worse', { code: 'y' });
  logger.debug('a detail');
  expect(transport.lines).toEqual([
    expect.objectContaining({ level: 'info', message: 'hello', code: 'x' }),
    expect.objectContaining({ level: 'error', message: 'worse', code: 'y' }),
    expect.objectContaining({ level: 'debug', message: 'a detail' }),
  ]);
});

test('is the app’s logger in everything else', () => {
  const logger = createLogger({ level: 'warn', silent: true });
  expect(unfailing(logger).level).toBe('warn');
  expect(unfailing(logger).isDebugEnabled()).toBe(false);
});

test('a transport that throws loses its line and nothing else', () => {
  const logger = createLogger({ transports: [new Throwing()] });
  expect(() => logger.error('bad')).toThrow('the disk is full');
  const guarded = unfailing(logger);
  for (const method of ['error', 'warn', 'info', 'debug'] as const) {
    expect(() => guarded[method]('bad')).not.toThrow();
  }
});
