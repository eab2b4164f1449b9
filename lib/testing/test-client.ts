/** A WebSocket client for tests: records every frame, and hands them out one by one to a test that waits for them. */
import WebSocket from 'ws';
import type { HitlRequest, HitlTypes, NoTypes } from '../hub/kinds/app-types';
import type { AnswerInput } from '../hub/requests/requests';

/** A frame as it came, parsed; or the text itself if it is no JSON. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads any field of any frame and asserts what it finds
export type TestFrame = any;

/** A refusal before the handshake. */
export interface Refused {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any field and asserts what it finds
  body: any;
}

export interface TestClientOptions {
  /** Default `hitl.v1`; `classic` offers no subprotocol. */
  dialect?: 'hitl.v1' | 'classic';
  headers?: Record<string, string>;
  origin?: string;
  /** The certificate to trust, for a server with one of its own making. */
  ca?: string;
  /** How long `next` and `closed` wait. Default 5,000. */
  timeoutMs?: number;
  /** Reads a request, for `nextRequest`; a test hub gives it to its clients. */
  requestOf?: (id: string) => Promise<object>;
}

/** What a client answers: as in `hub.requests.answer`, in the name of its user. `revision`: default 1. */
export type TestAnswer<App extends HitlTypes = NoTypes> =
  AnswerInput<App> extends infer Answer
    ? Answer extends unknown
      ? Omit<Answer, 'by' | 'occasion'>
      : never
    : never;

/** The same whatever it says. */
interface AnyAnswer {
  requestId: string;
  status: 'approved' | 'answered' | 'denied';
  revision?: number;
  comment?: string;
  answer?: string;
  args?: Record<string, unknown>;
  grant?: number;
  response?: object;
}

function accepted(frame: TestFrame): TestFrame {
  if (frame.event !== 'error') return frame;
  throw new Error(`Refused: ${frame.code ?? frame.error?.code} ${JSON.stringify(frame)}`);
}

/** Which frame: by its event or type, or by a test on it. */
export type Matcher = string | ((frame: TestFrame) => boolean);

/** A client of a hub; `App` has the hub's kinds. */
export class TestClient<App extends HitlTypes = NoTypes> {
  /** All frames ever received, in order. */
  readonly received: TestFrame[] = [];
  private readonly unread: TestFrame[] = [];
  private readonly waiting = new Set<() => void>();
  private closing: { code: number; reason: string } | undefined;

  private constructor(
    readonly socket: WebSocket,
    private readonly timeoutMs: number,
    private readonly options: Pick<TestClientOptions, 'requestOf'> = {},
  ) {
    socket.on('message', (data, isBinary) => {
      const frame = isBinary ? data : parse(data.toString());
      this.received.push(frame);
      this.unread.push(frame);
      this.wake();
    });
    socket.on('close', (code, reason) => {
      this.closing = { code, reason: reason.toString() };
      this.wake();
    });
    socket.on('error', () => {});
  }

  /** Resolves when the socket is open, or with what the server said instead. */
  static open<App extends HitlTypes = NoTypes>(
    url: string,
    options: TestClientOptions = {},
  ): Promise<TestClient<App> | Refused> {
    const { dialect = 'hitl.v1', headers, origin, ca, timeoutMs = 5_000 } = options;
    const socket = new WebSocket(url, dialect === 'classic' ? [] : [dialect], {
      ...(headers && { headers }),
      ...(origin && { origin }),
      ...(ca && { ca }),
    });
    const client = new TestClient<App>(socket, timeoutMs, options);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(client));
      socket.once('unexpected-response', (_req, res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('end', () => {
          const body = parse(Buffer.concat(chunks).toString());
          resolve({ status: res.statusCode ?? 0, headers: res.headers, body });
        });
      });
      socket.once('error', reject);
    });
  }

  /**
   * The next unread frame that matches, in order; what stands before it is passed over.
   * @param matcher an event or type name, or a test on the frame
   * @throws Error naming what came instead, after `timeoutMs` or when the socket closes
   */
  async next(matcher: Matcher = () => true): Promise<TestFrame> {
    const matches =
      typeof matcher === 'string'
        ? (frame: TestFrame) =>
            frame.event === matcher || (frame.event === undefined && frame.type === matcher)
        : matcher;
    await this.until(
      () => this.unread.some(matches) || this.closing !== undefined,
      `frame ${String(matcher)}`,
    );
    const index = this.unread.findIndex(matches);
    if (index < 0)
      throw new Error(
        `The socket closed with ${this.closing?.code} before ${String(matcher)}; ${this.heard()}`,
      );
    return this.unread.splice(0, index + 1).at(-1);
  }

  /** Sends an object as JSON, or text and bytes as they are. */
  send(frame: object | string | Buffer): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** Sends a frame with an id and gives what answers it: its `ack` or its `error`; also when the same id was asked before. */
  async ask(frame: { type: string; id?: string; [field: string]: unknown }): Promise<TestFrame> {
    const id = frame.id ?? `${frame.type}-${this.received.length}-${Math.random().toString(36).slice(2)}`;
    const answers = () => this.received.filter((each) => each.re === id);
    const before = answers().length;
    this.send({ ...frame, id });
    await this.until(() => answers().length > before || this.closing !== undefined, `answer to ${id}`);
    const answer = answers()[before];
    if (!answer)
      throw new Error(`The socket closed with ${this.closing?.code} before ${frame.type} was answered`);
    return answer;
  }

  /** A chat message; resolves with its ack. @throws Error if it is refused */
  async say(content: string): Promise<{ messageId: string; turnId?: string }> {
    const { message_id, turn_id } = accepted(await this.ask({ type: 'message', content }));
    return { messageId: message_id, ...(turn_id !== undefined && { turnId: turn_id }) };
  }

  /** The next request that is shown to this client, in the words of the API. */
  async nextRequest(): Promise<HitlRequest<App>> {
    const { hitl } = await this.next('hitl_request_pending');
    if (!this.options.requestOf)
      throw new Error('Only a client of a test hub reads requests; write next("hitl_request_pending")');
    return (await this.options.requestOf(hitl.id)) as HitlRequest<App>;
  }

  /** Answers a request as this client's user. @throws Error if that is refused */
  async answer(answer: TestAnswer<App>): Promise<void> {
    const given = answer as object as AnyAnswer;
    const { requestId, status, revision = 1, comment, answer: text, args, grant, response: own } = given;
    const response = { ...own, comment, answer: text, tool_args: args, grant };
    const type = 'hitl_respond';
    const verdict = status === 'answered' ? 'approved' : status;
    const frame = { type, request_id: requestId, revision, status: verdict, response };
    accepted(await this.ask(frame));
  }

  /** Every frame of an event or type that came so far, read or not. */
  all(name: string): TestFrame[] {
    return this.received.filter((frame) => frame.event === name || frame.type === name);
  }

  /** How the socket was closed, when it is. */
  async closed(): Promise<{ code: number; reason: string }> {
    await this.until(() => this.closing !== undefined, 'close');
    return this.closing ?? { code: 0, reason: '' };
  }

  get isOpen(): boolean {
    return this.closing === undefined;
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.socket.close();
    await this.closed();
  }

  private wake(): void {
    for (const each of [...this.waiting]) each();
  }

  private until(isTrue: () => boolean, what: string): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!isTrue()) return;
        finish();
        resolve();
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`No ${what} within ${this.timeoutMs} ms; ${this.heard()}`));
      }, this.timeoutMs);
      const finish = () => {
        clearTimeout(timer);
        this.waiting.delete(check);
      };
      this.waiting.add(check);
    });
  }

  private heard(): string {
    const names = this.received.map((frame) => frame.event ?? frame.type ?? typeof frame);
    return `heard: ${names.join(', ') || 'nothing'}`;
  }
}

function parse(text: string): TestFrame {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
