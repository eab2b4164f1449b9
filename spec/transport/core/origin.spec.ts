/** Which Origins a socket may come from, asked over real sockets with the handshake's own headers. */
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';
import { type OriginOptions, OriginPolicy } from '../../../lib/transport/core/origin';
import { askOnce } from '../raw-socket';

let hub: TestHub | undefined;
afterEach(() => hub?.close());

async function statusFor(options: OriginOptions, headers: Record<string, string>): Promise<number> {
  hub = await startTestHub({ http: options });
  const port = String(hub.port);
  const filled = Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', port)]);
  return (await askOnce(hub.port, { headers: Object.fromEntries(filled) })).status;
}

const app = 'https://app.example.com';

describe('B18: an Origin is compared as the origin that it names', () => {
  test.each([
    // configured, sent, status
    [app, 'https://app.example.com', 101],
    [app, 'HTTPS://App.Example.COM', 101],
    [app, 'https://app.example.com:443', 101],
    [app, 'https://app.example.com/', 101],
    ['https://app.example.com/', 'https://app.example.com', 101],
    ['https://App.Example.com:443/console?x=1', 'https://app.example.com', 101],
    ['http://localhost:5173', 'http://localhost:5173', 101],
    ['http://localhost:80', 'http://localhost', 101],
    [app, 'http://app.example.com', 403],
    [app, 'https://app.example.com:8443', 403],
    [app, 'https://evil.app.example.com', 403],
    [app, 'https://app.example.com.evil.example', 403],
    [app, 'https://app.example.com@evil.example', 403],
    [app, 'https://evilapp.example.com', 403],
    [app, 'https://app.example.com, https://evil.example', 403],
    [app, 'app.example.com', 403],
    [app, '//app.example.com', 403],
    [app, 'null', 403],
    [app, '', 403],
    [app, '*', 403],
    [app, 'file://', 403],
    [app, 'ws://app.example.com', 403],
    [app, 'chrome-extension://abcdefghijklmnop', 403],
    ['http://localhost:5173', 'http://127.0.0.1:5173', 403],
  ])('allowed %s, sent %j: %i', async (configured, sent, status) => {
    expect(await statusFor({ origins: [configured] }, { Origin: sent })).toBe(status);
  });

  test.each(['*', 'app.example.com', 'null', 'ws://app.example.com', ''])(
    'an app that allows %j is refused at once',
    (wrong) => {
      expect(() => new OriginPolicy({ origins: [wrong] })).toThrow(
        expect.objectContaining({ code: 'invalid_request' }),
      );
    },
  );
});

describe('several origins', () => {
  const options = {
    origins: ['https://app.example.com/console', 'https://ops.example.com'],
  };

  test.each([
    ['https://app.example.com', 101],
    ['https://ops.example.com', 101],
    ['https://other.example.com', 403],
    // What is configured takes the place of the own host.
    ['http://localhost:PORT', 403],
  ])('%s: %i', async (sent, status) => {
    expect(await statusFor(options, { Origin: sent, Host: 'localhost:PORT' })).toBe(status);
  });

  test('an empty list allows no page at all', async () => {
    expect(await statusFor({ origins: [] }, { Origin: 'http://localhost', Host: 'localhost' })).toBe(403);
  });
});

describe('with nothing configured, a page of the same host and port may', () => {
  test.each([
    ['http://localhost:PORT', 'localhost:PORT', 101],
    ['http://LOCALHOST:PORT', 'localhost:PORT', 101],
    // Behind a proxy that ends TLS.
    ['https://soc.example.com', 'soc.example.com', 101],
    ['https://soc.example.com', 'soc.example.com:443', 101],
    ['http://localhost:1', 'localhost:PORT', 403],
    ['http://127.0.0.1:PORT', 'localhost:PORT', 403],
    ['https://evil.example', 'localhost:PORT', 403],
    ['null', 'localhost:PORT', 403],
    ['https://evil.example', 'evil.example@localhost', 403],
  ])('Origin %s, Host %s: %i', async (Origin, Host, status) => {
    expect(await statusFor({}, { Origin, Host })).toBe(status);
  });
});

describe('B18: a client without an Origin', () => {
  const Cookie = 'session=1';
  test.each([
    ['and without a cookie may: it is no browser', {}, {}, 101],
    ['with a bearer token may', {}, { Authorization: 'Bearer x' }, 101],
    ['with a cookie may not', {}, { Cookie }, 403],
    ['with a cookie may not, whatever is allowed', { origins: [app] }, { Cookie }, 403],
    ['with a cookie may where the app says so', { allowMissingOrigin: true }, { Cookie }, 101],
    ['but of another version may not', { allowMissingOrigin: true }, { 'Sec-WebSocket-Version': '8' }, 400],
  ])('%s', async (_what, options, headers, status) => {
    expect(await statusFor(options, headers as Record<string, string>)).toBe(status);
  });

  test('allowMissingOrigin does not let a wrong Origin in', async () => {
    expect(await statusFor({ allowMissingOrigin: true }, { Origin: 'https://evil.example', Cookie })).toBe(
      403,
    );
  });

  test('two Origins are none', async () => {
    const Origin = `${app}\r\nOrigin: ${app}`;
    expect(await statusFor({ origins: [app] }, { Origin })).toBe(403);
  });
});
