/** The errors as a program meets them: recognised over two copies of the package, made with options, told apart by code. */
import { errorCodes, HubError } from '../lib/errors';

function secondCopy(): typeof import('../lib/errors') {
  let copy: typeof import('../lib/errors') | undefined;
  jest.isolateModules(() => {
    copy = require('../lib/errors');
  });
  if (!copy) throw new Error('not loaded');
  return copy;
}

test('An error is recognised by code, also one of another copy of the package', () => {
  const other = new (secondCopy().HubError)('closing');
  expect(other).not.toBeInstanceOf(HubError);
  for (const error of [new HubError('closing'), other]) {
    expect(HubError.is(error)).toBe(true);
    expect(HubError.is(error, 'closing')).toBe(true);
    expect(HubError.is(error, 'not_found')).toBe(false);
  }
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['an error with a code', Object.assign(new Error('x'), { code: 'closing' })],
  ['an object with a code', { code: 'closing', message: 'x' }],
  ['an error of ours with a code of its own', Object.assign(new HubError('closing'), { code: 'mine' })],
  [
    'what throws when it is looked at',
    new Proxy(
      {},
      {
        has() {
          throw new Error('no');
        },
      },
    ),
  ],
])('%s is none of ours', (_what, thrown) => {
  expect(HubError.is(thrown)).toBe(false);
});

test('Message, details and cause are given by name; the message is the general one by default', () => {
  const cause = new Error('EIO');
  const error = new HubError('storage_failed', {
    message: 'The disk failed',
    details: { code: 'EIO' },
    cause,
  });
  expect([error.message, error.details, error.cause, error.status]).toEqual([
    'The disk failed',
    { code: 'EIO' },
    cause,
    503,
  ]);
  expect(error.toBody()).toEqual({
    code: 'storage_failed',
    message: 'The disk failed',
    details: { code: 'EIO' },
  });
  expect(new HubError('closing').message).toBe(errorCodes.closing.message);
  expect(new HubError('closing')).not.toHaveProperty('cause');
});

test('A switch over the code says what the details are', () => {
  const hear = (error: unknown): string => {
    if (!HubError.is(error)) return 'not ours';
    switch (error.code) {
      case 'rate_limited':
        return `wait ${error.details.retry_after_ms}`;
      case 'ticket_full':
        return `${error.details.bound} has ${error.details.most}`;
      default:
        return error.code;
    }
  };
  expect(hear(new HubError('rate_limited', { details: { retry_after_ms: 7 } }))).toBe('wait 7');
  expect(hear(new HubError('ticket_full', { details: { bound: 'ticket', most: 3 } }))).toBe('ticket has 3');
  expect(hear(new HubError('busy'))).toBe('busy');
});
