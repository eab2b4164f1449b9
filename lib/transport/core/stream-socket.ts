/** The downstream of a client that cannot have a WebSocket: a response of server-sent events with a socket's methods; the stream route makes one per stream. */
import type { ServerResponse } from 'node:http';
import { encodeData, encodeEvent } from '../../protocol/codec';
import type { Socket } from './batch';

/** What waits for the network. */
interface Waiting {
  /** Counted in bytes from the beginning of the stream. */
  until: number;
  done(): void;
}

const headers = {
  'Content-Type': 'text/event-stream',
  // `no-transform`: what compresses would hold events back; so would nginx without the last one.
  'Cache-Control': 'no-store, no-transform',
  'X-Content-Type-Options': 'nosniff',
  'X-Accel-Buffering': 'no',
};

export class StreamSocket implements Socket {
  private bytes = 0;
  private waiting: Waiting[] = [];

  /** Answers with the head of the stream and its first event. */
  constructor(
    private readonly res: ServerResponse,
    clientId: string,
  ) {
    // A peer that disconnects while it is written to is no error of ours.
    res.on('error', () => {});
    res.writeHead(200, headers).flushHeaders();
    this.write(encodeEvent('open', { client_id: clientId }));
  }

  get bufferedAmount(): number {
    const left = this.res.writableLength;
    // Not by the callback of `write`: middleware that wraps the response may lose it.
    while (this.waiting[0] && this.waiting[0].until <= this.bytes - left) this.waiting.shift()?.done();
    return left;
  }

  send(data: string, done?: () => void): void {
    this.write(encodeData(data));
    if (done) this.waiting.push({ until: this.bytes, done });
  }

  close(code: number, reason: string): void {
    this.write(encodeEvent('close', { code, reason }));
    this.res.end();
  }

  terminate(): void {
    this.res.destroy();
  }

  ping(): void {
    this.write(encodeEvent('ping', {}));
  }

  private write(text: string): void {
    if (this.res.writableEnded || this.res.destroyed) return;
    this.bytes += Buffer.byteLength(text);
    this.res.write(text);
  }
}
