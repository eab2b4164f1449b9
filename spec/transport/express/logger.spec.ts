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
  logger.error('worse', { code: 'y' });
  logger.debug('a detail');
  expect(transport.lines).toEqual([
    expect.objectContaining({ level: 'info', message: 'hello', code: 'x' }),
    expect.objectContaining({ level: 'error', message: 'worse', code: 'y' }),
    expect.objectContaining({ level: 'debug', message: 'a detail' }),
  ]);
});

test('takes anything with the four methods, and calls each as a method of its own', () => {
  class Lines {
    readonly written: unknown[] = [];
    private write(...line: unknown[]) {
      this.written.push(line);
    }
    debug(...line: unknown[]) {
      this.write('debug', ...line);
    }
    info(...line: unknown[]) {
      this.write('info', ...line);
    }
    warn(...line: unknown[]) {
      this.write('warn', ...line);
    }
    error(...line: unknown[]) {
      this.write('error', ...line);
    }
  }
  const lines = new Lines();
  const logger = unfailing(lines);
  logger.warn('careful', { ticketId: 'T-1' });
  logger.error('worse');
  expect(lines.written).toEqual([
    ['warn', 'careful', { ticketId: 'T-1' }],
    ['error', 'worse'],
  ]);
});

test('a method that rejects loses its line and nothing else', async () => {
  const fails = () => Promise.reject(new Error('the network is gone'));
  const guarded = unfailing({ debug: fails, info: fails, warn: fails, error: fails });
  expect(() => guarded.error('bad')).not.toThrow();
  // An unhandled rejection would fail this test in the next turn of the loop.
  await new Promise((resolve) => setImmediate(resolve));
});

test('a transport that throws loses its line and nothing else', () => {
  const logger = createLogger({ transports: [new Throwing()] });
  expect(() => logger.error('bad')).toThrow('the disk is full');
  const guarded = unfailing(logger);
  for (const method of ['error', 'warn', 'info', 'debug'] as const) {
    expect(() => guarded[method]('bad')).not.toThrow();
  }
});
