/** A TCP socket that speaks exactly the HTTP and WebSocket a test writes, for what no client library would send; the transport specs use it. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface RawRequest {
  method?: string;
  path?: string;
  /** Beside those of a good handshake; undefined takes one of them away. */
  headers?: Record<string, string | undefined>;
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The path that most tests use. */
export const ticketPath = '/ws/chat/ticket/T-1';

export class RawSocket {
  /** Bytes that came after what was read as an answer. */
  received = Buffer.alloc(0);
  isEnded = false;
  private method = 'GET';
  private readonly waiting = new Set<() => void>();

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isEnded = true;
      this.wake();
    });
  }

  static open(port: number): Promise<RawSocket> {
    const socket = connect(port, '127.0.0.1');
    const raw = new RawSocket(socket);
    return new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(raw));
      socket.once('error', reject);
    });
  }

  /** Writes a handshake with whatever is odd about it. */
  request({ method = 'GET', path = ticketPath, headers = {} }: RawRequest = {}): void {
    this.method = method;
    const all = {
      Host: 'localhost',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      'X-User': 'alice',
      ...headers,
    };
    const lines = Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}`],
    );
    this.socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  }

  /** The next HTTP answer; of a 101 without what follows it. */
  async answer(): Promise<RawAnswer> {
    await this.until(() => this.received.includes('\r\n\r\n'), 'an answer');
    const end = this.received.indexOf('\r\n\r\n') + 4;
    const [first = '', ...lines] = this.received.subarray(0, end).toString('latin1').trim().split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = this.method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0);
    await this.until(() => this.received.length >= end + length, 'its body');
    const body = this.received.subarray(end, end + length).toString();
    this.received = this.received.subarray(end + length);
    return { status: Number(first.split(' ')[1]), headers, body };
  }

  /** `request` and `answer`. */
  async ask(request: RawRequest = {}): Promise<RawAnswer> {
    this.request(request);
    return this.answer();
  }

  sendFrame(opcode: number, payload: Buffer): void {
    this.socket.write(frameOf(opcode, payload));
  }

  /** Resolves when a byte has come. */
  next(byte: number): Promise<void> {
    return this.until(() => this.received.includes(byte), `byte ${byte}`);
  }

  /** Resolves when the other side has ended the connection. */
  ended(): Promise<void> {
    return this.until(() => this.isEnded, 'the end');
  }

  destroy(): void {
    this.socket.destroy();
  }

  private wake(): void {
    for (const each of [...this.waiting]) each();
  }

  private until(isTrue: () => boolean, what: string): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (end: () => void) => {
        clearTimeout(timer);
        this.waiting.delete(check);
        end();
      };
      const fail = () => {
        const heard = this.received.subarray(0, 200).toString('latin1');
        finish(() => reject(new Error(`No ${what}; heard ${JSON.stringify(heard)}`)));
      };
      const check = () => {
        if (isTrue()) finish(resolve);
        else if (this.isEnded) fail();
      };
      const timer = setTimeout(fail, 4_000);
      this.waiting.add(check);
      check();
    });
  }
}

/** One masked frame, of up to 65,535 bytes. */
export function frameOf(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const short = payload.length < 126;
  const head = Buffer.alloc(short ? 2 : 4);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (short ? payload.length : 126);
  if (!short) head.writeUInt16BE(payload.length, 2);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([head, mask, masked]);
}

/** One handshake on a connection of its own, and how it was answered. */
export async function askOnce(port: number, request: RawRequest = {}): Promise<RawAnswer> {
  const raw = await RawSocket.open(port);
  try {
    return await raw.ask(request);
  } finally {
    raw.destroy();
  }
}
