/** Peers that connect to the port without being our clients: what they send, byte by byte, and what they must be answered. */
import type { Random } from './random';

export interface Stranger {
  name: string;
  /** Each is sent when the one before was answered: Node reads nothing that comes right behind an offer to upgrade. */
  pieces(random: Random): readonly Buffer[];
  /** One for each piece, on one connection. */
  answers?: readonly { status: number; says?: string }[];
  /** It goes in the middle, and is never answered. */
  goes?: true;
}

const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
const handshake = { ...upgrade, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'X-User': 'stranger' };
/** As curl and Java's client send it with plain requests. */
const http2Offer = {
  Connection: 'Upgrade, HTTP2-Settings',
  Upgrade: 'h2c',
  'HTTP2-Settings': 'AAMAAABkAAQAAP__',
};
const socket = '/ws/chat/ticket/public';
const echo = '/api/echo';

function request(line: string, headers: Record<string, string>, body = ''): string {
  const length = body ? { 'Content-Type': 'text/plain', 'Content-Length': String(body.length) } : {};
  const all = { Host: 'localhost', ...headers, ...length };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** What is the same whatever the chance. */
function sends(...texts: string[]): () => Buffer[] {
  return () => texts.map((text) => Buffer.from(text, 'latin1'));
}

function echoed(method: string, body = 0): { status: number; says: string } {
  return { status: 200, says: `"method":"${method}","url":"${echo}","body":${body}` };
}

export const strangers: readonly Stranger[] = [
  { name: 'an offer of HTTP/2', pieces: sends(request(`GET ${echo}`, http2Offer)), answers: [echoed('GET')] },
  {
    name: 'an offer of HTTP/2 with a body, and a plain request after it',
    pieces: sends(request(`POST ${echo}`, http2Offer, 'x'.repeat(10_000)), request(`GET ${echo}`, {})),
    answers: [echoed('POST', 10_000), echoed('GET')],
  },
  {
    name: 'three offers on one connection',
    pieces: sends(...Array.from({ length: 3 }, () => request(`PUT ${echo}`, http2Offer, 'abc'))),
    answers: [echoed('PUT', 3), echoed('PUT', 3), echoed('PUT', 3)],
  },
  {
    name: 'an offer of HTTP/2 at the address of a ticket',
    pieces: sends(request(`GET ${socket}`, { ...http2Offer, 'X-User': 'stranger' })),
    answers: [{ status: 400, says: 'invalid_handshake' }],
  },
  {
    name: 'an offer of HTTP/2 to the REST of the hub',
    pieces: sends(request('GET /tickets/public/timeline?limit=1', { ...http2Offer, 'X-User': 'stranger' })),
    answers: [{ status: 200, says: '"items"' }],
  },
  {
    name: 'a WebSocket for the app, which has none',
    pieces: sends(request(`GET ${echo}`, handshake)),
    answers: [echoed('GET')],
  },
  {
    name: 'a WebSocket below the mount that nobody takes',
    pieces: sends(request('GET /ws/chat/nothing', handshake)),
    answers: [{ status: 404 }],
  },
  {
    name: 'a plain request at the address of a ticket',
    pieces: sends(request(`GET ${socket}`, { 'X-User': 'stranger' })),
    answers: [{ status: 426, says: 'upgrade_required' }],
  },
  {
    name: 'a handshake of another version',
    pieces: sends(request(`GET ${socket}`, { ...handshake, 'Sec-WebSocket-Version': '8' })),
    answers: [{ status: 400, says: 'invalid_handshake' }],
  },
  {
    name: 'a handshake without a key',
    pieces: sends(request(`GET ${socket}`, { ...upgrade, 'X-User': 'stranger' })),
    answers: [{ status: 400, says: 'invalid_handshake' }],
  },
  {
    name: 'a handshake with other subprotocols',
    pieces: sends(request(`GET ${socket}`, { ...handshake, 'Sec-WebSocket-Protocol': 'graphql-ws' })),
    answers: [{ status: 400, says: 'unsupported_subprotocol' }],
  },
  {
    name: 'a handshake of nobody',
    pieces: sends(request(`GET ${socket}`, { ...handshake, 'X-User': '' })),
    answers: [{ status: 401, says: 'authentication_required' }],
  },
  {
    name: 'a handshake of a foreign page',
    pieces: sends(request(`GET ${socket}`, { ...handshake, Origin: 'https://elsewhere.example' })),
    answers: [{ status: 403, says: 'origin_refused' }],
  },
  {
    name: 'HTTP/2 without asking',
    pieces: sends('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    answers: [{ status: 400 }],
  },
  {
    name: 'a greeting of TLS',
    pieces: (random) => [
      Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), random.bytes(200)]),
    ],
    answers: [{ status: 400 }],
  },
  {
    name: 'headers without end',
    pieces: sends(`GET ${socket} HTTP/1.1\r\nHost: localhost\r\nX-User: ${'x'.repeat(20_000)}\r\n\r\n`),
    answers: [{ status: 431 }],
  },
  {
    name: 'a piece of a handshake',
    pieces: (random) => {
      const whole = Buffer.from(request(`GET ${socket}`, handshake));
      return [whole.subarray(0, random.int(1, whole.length - 1))];
    },
    goes: true,
  },
  {
    name: 'a handshake that is not waited for',
    pieces: sends(request(`GET ${socket}`, handshake)),
    goes: true,
  },
  {
    name: 'an offer of HTTP/2 that is not waited for',
    pieces: sends(request(`POST ${echo}`, http2Offer, 'x'.repeat(1_000))),
    goes: true,
  },
  { name: 'noise', pieces: (random) => [random.bytes(random.int(1, 2_000))], goes: true },
];
