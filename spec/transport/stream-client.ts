/** A client of server-sent events and POST over plain HTTP, for the specs of streams: reads what comes, sends frames, and can stop reading. */
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { TestFrame } from '../../lib/testing/test-client';
import type { TestHub } from '../../lib/testing/test-hub';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any field and asserts what it finds
  body: any;
}

interface StreamOptions {
  user?: string | null;
  /** Below the mount. Default: that of ticket T-1. */
  path?: string;
  query?: string;
  headers?: Record<string, string>;
}

/** One plain request, answered as a whole. */
export function ask(
  hub: Pick<TestHub, 'url'>,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: object; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(`${hub.url}${path}`, { method, headers: { ...headers }, agent: false }, (res) => {
      resolve(wholeOf(res));
    });
    req.on('error', reject);
    req.end(body);
  });
}

async function wholeOf(res: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const piece of res) text += piece;
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Left as it is.
  }
  return { status: res.statusCode ?? 0, headers: res.headers, body };
}

export const ticket = '/ws/chat/ticket/T-1';

export class StreamClient {
  readonly events: { name: string; data: string }[] = [];
  private readonly unread: TestFrame[] = [];
  private readonly waiting = new Set<() => void>();
  private hasEnded = false;
  private text = '';

  private constructor(
    private readonly hub: Pick<TestHub, 'url'>,
    private readonly options: StreamOptions,
    private readonly req: ClientRequest,
    readonly res: IncomingMessage,
  ) {
    res.setEncoding('utf8');
    res.on('data', (piece: string) => {
      const events = (this.text + piece).split('\n\n');
      this.text = events.pop() ?? '';
      for (const event of events) this.hear(event);
      this.wake();
    });
    res.on('error', () => {});
    res.on('close', () => {
      this.hasEnded = true;
      this.wake();
    });
  }

  /** A stream, or how it was refused. */
  static open(hub: Pick<TestHub, 'url'>, options: StreamOptions = {}): Promise<StreamClient | Answer> {
    const { user = 'alice', path = ticket, query = '', headers = {} } = options;
    return new Promise((resolve, reject) => {
      const all = { accept: 'text/event-stream', ...(user && { 'x-user': user }), ...headers };
      const req = request(`${hub.url}${path}${query}`, { headers: all, agent: false }, (res) => {
        resolve(res.statusCode === 200 ? new StreamClient(hub, options, req, res) : wholeOf(res));
      });
      req.on('error', reject);
      req.end();
    });
  }

  /** A stream that has joined. */
  static async join(hub: Pick<TestHub, 'url'>, options: StreamOptions = {}): Promise<StreamClient> {
    const opened = await StreamClient.open(hub, options);
    if (!(opened instanceof StreamClient)) throw new Error(`Refused: ${JSON.stringify(opened)}`);
    await opened.until(() => opened.events.length > 0, 'first event');
    return opened;
  }

  get clientId(): string {
    return JSON.parse(this.events.find(({ name }) => name === 'open')?.data ?? '{}').client_id;
  }

  /** The next envelope of this name that no test has read. */
  async next(event: string): Promise<TestFrame> {
    const find = () => this.unread.findIndex((each) => each.event === event);
    await this.until(() => find() >= 0, event);
    return this.unread.splice(0, find() + 1).at(-1);
  }

  /** The data of the event `close`, once the stream has ended. */
  async closed(): Promise<{ code: number; reason: string } | undefined> {
    await this.until(() => this.hasEnded, 'end');
    const last = this.events.at(-1);
    return last?.name === 'close' ? JSON.parse(last.data) : undefined;
  }

  /** Sends a frame; what the POST was answered. */
  post(
    frame: object | string | Buffer,
    headers: Record<string, string> = {},
    query?: string,
  ): Promise<Answer> {
    const { user = 'alice', path = ticket } = this.options;
    const body = typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame);
    const all = { 'content-type': 'application/json', ...(user && { 'x-user': user }), ...headers };
    const target = `${path}${query ?? `?client_id=${encodeURIComponent(this.clientId)}`}`;
    return ask(this.hub, target, { method: 'POST', headers: all, body });
  }

  /** As if the plug had been pulled. */
  cut(): void {
    this.req.destroy();
  }

  async until(isTrue: () => boolean, what: string): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`No ${what}: ${JSON.stringify(this.events)}`)), 4_000);
      const check = () => {
        if (!isTrue()) return;
        clearTimeout(timer);
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
    });
  }

  private hear(event: string): void {
    const lines = event.split('\n');
    const name = lines.find((line) => line.startsWith('event: '))?.slice(7) ?? 'message';
    const data = lines.flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : [])).join('\n');
    this.events.push({ name, data });
    if (name === 'message' && data.startsWith('{')) this.unread.push(JSON.parse(data));
  }

  private wake(): void {
    for (const check of [...this.waiting]) check();
  }
}
