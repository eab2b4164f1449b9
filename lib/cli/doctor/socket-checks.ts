/** What handshakes show of a mount: that sockets open, that frames go both ways, that pages of others are refused. */
import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { subprotocol } from '../../protocol/codec';
import { type Finding, fault, ok } from './finding';
import { jsonOf, type Target } from './target';
import { unreachable } from './unreachable';

/** An Origin that no app allows. */
export const foreignOrigin = 'https://doctor.invalid';

const nginx =
  'for nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $host;';

/** What came of a handshake. */
type Knock =
  | { kind: 'open'; protocol: string; first?: string | undefined; isAnswered: boolean }
  | {
      kind: 'refused';
      status: number;
      code?: string;
      message?: string;
      cause?: string;
      server?: string | undefined;
    }
  | { kind: 'failed'; found: string; advice: string };

/** Opens a socket and, where it opens, sends a ping; nothing else. */
export function knock(target: Target, path: string, origin = target.origin): Promise<Knock> {
  const { headers, timeoutMs } = target;
  return new Promise((resolve) => {
    const socket = new WebSocket(target.socketUrl(path), [subprotocol], {
      headers,
      origin,
      perMessageDeflate: false,
      handshakeTimeout: timeoutMs,
    });
    let opened: Extract<Knock, { kind: 'open' }> | undefined;
    const end = (knocked: Knock) => {
      clearTimeout(timer);
      resolve(knocked);
      socket.terminate();
    };
    const timer = setTimeout(
      () =>
        end(
          opened ?? {
            kind: 'failed',
            found: `no answer within ${timeoutMs} ms`,
            advice: 'something holds the handshake: a proxy, or middleware before the mount',
          },
        ),
      timeoutMs,
    );
    socket.on('open', () => {
      opened = { kind: 'open', protocol: socket.protocol, isAnswered: false };
      socket.send('{"type":"ping"}');
    });
    socket.on('message', (data) => {
      const event = jsonOf(String(data))?.event;
      if (!opened) return;
      opened.first ??= typeof event === 'string' ? event : 'another frame';
      if (event === 'pong') end({ ...opened, isAnswered: true });
    });
    socket.on('close', (code) =>
      end(
        opened
          ? {
              kind: 'failed',
              found: `it closed at once with ${code}`,
              advice: 'docs/protocol.md says what the code means',
            }
          : { kind: 'failed', found: 'it closed', advice: 'see the log of the app' },
      ),
    );
    socket.on(
      'unexpected-response',
      (_req, res) =>
        void bodyOf(res).then((text) => {
          const error = jsonOf(text)?.error;
          end({
            kind: 'refused',
            status: res.statusCode ?? 0,
            code: error?.code,
            message: error?.message,
            cause: error?.details?.cause,
            server: res.headers.server?.toString(),
          });
        }),
    );
    socket.on('error', (error) => {
      const [found, advice] = unreachable(error, timeoutMs);
      end({ kind: 'failed', found, advice });
    });
  });
}

async function bodyOf(res: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of res) if (text.length < 100_000) text += chunk;
  } catch {
    // What was sent until then is looked at.
  }
  return text;
}

/** One socket as a page of the mount opens it. */
export async function checkSocket(check: string, target: Target, path: string): Promise<Finding> {
  const came = await knock(target, path);
  if (came.kind === 'failed') return fault(check, `the WebSocket failed: ${came.found}`, came.advice);
  if (came.kind === 'refused') return whyRefused(check, came, target);
  if (came.protocol !== subprotocol)
    return fault(
      check,
      `it opens without the subprotocol ${subprotocol}`,
      'something on the way drops Sec-WebSocket-Protocol, or another WebSocket server answers',
    );
  if (!came.isAnswered)
    return fault(
      check,
      `it opens, and a ping is not answered within ${target.timeoutMs} ms`,
      'frames do not get through: a proxy opens the socket and does not pass on what is in it, or another WebSocket server has answered',
    );
  return ok(check, `opens with ${subprotocol}, frames go both ways (${came.first}, pong)`);
}

function whyRefused(
  check: string,
  { status, code, message, cause, server }: Extract<Knock, { kind: 'refused' }>,
  target: Target,
): Finding {
  const said = `the handshake is answered ${status}${code ? ` ${code}: ${message}` : server ? ` by ${server}` : ''}`;
  if (cause === 'not_attached')
    return fault(
      check,
      said,
      'the app got it as a plain request: write hitl.attach(app.listen(3000)), with the server that listens and, if any, the path of this mount',
    );
  if (cause === 'stripped_upgrade' || status === 426)
    return fault(check, said, `something in front of the app does not pass on Upgrade; ${nginx}`);
  if (code === 'origin_refused')
    return fault(
      check,
      said,
      `pages of ${target.origin} may not connect: write http: { origins: ['${target.origin}'] }, or let the proxy pass on Host`,
    );
  if (code === 'authentication_required')
    return fault(
      check,
      said,
      "handshakes get to the hub; give who you are, --header 'cookie: …'. If REST knows you and the socket does not, the login looks at what a handshake has not, or runs for other paths only",
    );
  if (code === 'forbidden' || code === 'not_found')
    return fault(
      check,
      said,
      'auth.authorize refuses this ticket to this person: name one of theirs with --ticket',
    );
  if (status >= 200 && status < 400)
    return fault(
      check,
      said,
      'something answers in place of the hub: a page for every address, or a login that redirects',
    );
  if (code !== undefined) return fault(check, said, 'docs/errors.md says what the code means');
  return fault(
    check,
    said,
    `this is not by express-hitl: something in front of it, or before it in the app, refuses; ${nginx}`,
  );
}

/** A page of another site, with the person's cookie, has to be refused. */
export async function checkForeign(target: Target): Promise<Finding[]> {
  const came = await knock(target, '/ws/inbox', foreignOrigin);
  if (came.kind === 'open')
    return [
      fault(
        'origin',
        `a page of ${foreignOrigin} may connect`,
        'any page that a signed-in person visits could read their inbox and answer: name your own in http.origins, and let no proxy write Origin',
      ),
    ];
  if (came.kind === 'refused' && came.code === 'origin_refused')
    return [ok('origin', `a page of ${foreignOrigin} is refused`)];
  // Why nothing opens is said elsewhere.
  return [];
}
