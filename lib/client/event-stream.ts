/** Stands in for a WebSocket where no upgrade gets through: events down by `fetch`, each frame up by a POST; the link makes one in place of a socket. */
import { frameAddress } from './address';
import type { Ending, Refusal } from './ending';
import { type ClientSocket, type Fetch, isMultiplexed, type Reader, type SocketEvent } from './page';
import { takeLock } from './page-lock';
import { requestAs, verdictOn } from './refusal';

/** Streams of all pages of a browser to one origin: over HTTP/1.1 it opens six connections, and frames need some too. */
export const maxStreams = 4;

type Listener = Parameters<ClientSocket['addEventListener']>[1];

export class EventStream implements ClientSocket {
  private readonly listeners = new Map<string, Listener[]>();
  private readonly over = new AbortController();
  private readonly frames: string[] = [];
  private clientId = '';
  private isSending = false;

  /** @param address of the socket it stands in for, with `http` */
  constructor(
    private readonly address: string,
    private readonly fetch: Fetch,
  ) {
    void this.run();
  }

  addEventListener(type: SocketEvent['type'], listener: Listener): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  /** One after the other, since requests may overtake each other. */
  send(text: string): void {
    this.frames.push(text);
    if (!this.isSending) void this.sendAll();
  }

  close(): void {
    this.over.abort();
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    const release = isMultiplexed(this.address) ? () => {} : await takePlace(new URL(this.address).origin);
    try {
      if (!release) throw tooMany;
      const headers = { accept: 'text/event-stream' };
      const answer = await requestAs(this.fetch, this.address, { headers, signal: this.over.signal });
      const isStream = answer.headers?.get('content-type')?.startsWith('text/event-stream');
      if (isStream) await this.read(answer.body?.getReader());
      else {
        const verdict = await verdictOn(answer);
        this.end(verdict === 'welcome' ? { refusal: { status: answer.status } } : verdict);
      }
    } catch (thrown) {
      if (thrown === tooMany) this.end({ refusal: tooMany });
    } finally {
      release?.();
      // Without an explicit end; after one there is no listener for this.
      this.end({});
    }
  }

  /** @param reader none in a place whose `fetch` does not stream: as if it had ended at once */
  private async read(reader: Reader | undefined): Promise<void> {
    if (!reader) return;
    const decoder = new TextDecoder();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (text + decoder.decode(value, { stream: true })).split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) this.hear(event);
    }
  }

  private hear(event: string): void {
    let name = 'message';
    const data: string[] = [];
    for (const line of event.split('\n')) {
      if (line.startsWith('event: ')) name = line.slice(7);
      else if (line.startsWith('data: ')) data.push(line.slice(6));
    }
    if (name === 'message' && data.length > 0) this.dispatch({ type: name, data: data.join('\n') });
    else if (name === 'open') {
      this.clientId = JSON.parse(data.join('')).client_id;
      this.dispatch({ type: name });
    } else if (name === 'ping') this.send('{"type":"ping"}');
    else if (name === 'close') this.end({ ending: JSON.parse(data.join('')) });
  }

  private async sendAll(): Promise<void> {
    this.isSending = true;
    try {
      for (let body = this.frames.shift(); body !== undefined; body = this.frames.shift()) {
        const address = frameAddress(this.address, this.clientId);
        const headers = { 'content-type': 'application/json' };
        const init = { method: 'POST', body, headers, signal: this.over.signal } as const;
        const { status } = await requestAs(this.fetch, address, init);
        if (status !== 204) throw new Error(`A frame was answered ${status}`);
      }
      this.isSending = false;
    } catch {
      // Whether it arrived is not known: as when a socket breaks. What the hub has to say it says to the next try.
      this.end({});
    }
  }

  private end({ ending, refusal }: { ending?: Ending; refusal?: Refusal }): void {
    this.dispatch({ type: 'close', code: ending?.code ?? 1006, reason: ending?.reason ?? '', refusal });
    this.listeners.clear();
    this.over.abort();
  }

  private dispatch(event: SocketEvent): void {
    for (const listener of this.listeners.get(event.type) ?? []) listener(event);
  }
}

const tooMany: Refusal = { status: 0, message: `This browser has ${maxStreams} streams open already` };

/** Gives back what it returns; nothing where all are in use. */
async function takePlace(origin: string): Promise<(() => void) | undefined> {
  for (let place = 0; place < maxStreams; place += 1) {
    const release = await takeLock(`express-hitl:${origin}/stream/${place}`);
    if (release) return release;
  }
  return undefined;
}
