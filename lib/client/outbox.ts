/** The frames that have no answer yet: held while the client is away, sent again as they were, settled once. */
import type { Ack, ErrorEnvelope } from '../protocol/envelopes';
import type { Clock } from './clock';
import { TicketError } from './ticket-error';

type MaxFrameBytes = typeof import('../protocol/client-frames').maxFrameBytes;
/** Bytes of one frame; a larger one would end the connection for good, so it is refused here. */
const maxFrameBytes: MaxFrameBytes = 65_536;

/** Frames without an answer, sent or not; one more is refused with `queue_full`. */
export const maxWaiting = 256;
/** Frames under way at once: fewer than the server allows, so that a full queue runs into neither `busy` nor 4429. */
export const maxUnderWay = 16;
/** The pause after `rate_limited`, where the server names none. */
const usualPauseMs = 1_000;

interface Waiting {
  readonly text: string;
  readonly answer: Promise<Ack>;
  resolve(ack: Ack): void;
  reject(error: TicketError): void;
  /** On the present connection. */
  isSent: boolean;
}

export class Outbox {
  /** By frame id, in the order in which they were given. */
  private readonly waiting = new Map<string, Waiting>();
  private underWay = 0;
  private send: ((text: string) => void) | undefined;
  private cancelPause: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.waiting.size;
  }

  /** The answer to the frame, whenever it comes. A frame whose id waits already is not added again. */
  add(frame: { id: string; type: string }): Promise<Ack> {
    const known = this.waiting.get(frame.id);
    if (known) return known.answer;
    if (this.waiting.size >= maxWaiting) {
      return Promise.reject(new TicketError('queue_full', `${maxWaiting} frames wait for an answer`));
    }
    const text = JSON.stringify(frame);
    if (new TextEncoder().encode(text).length > maxFrameBytes) {
      return Promise.reject(new TicketError('too_large', `A frame has at most ${maxFrameBytes} bytes`));
    }
    const { promise: answer, ...settle } = withResolvers<Ack>();
    this.waiting.set(frame.id, { text, answer, ...settle, isSent: false });
    this.pump();
    return answer;
  }

  /** There is a connection that takes frames: everything without an answer goes there, first those that were sent before. */
  open(send: (text: string) => void): void {
    this.send = send;
    this.pump();
  }

  /** The connection is gone: it is unknown which of its frames arrived. */
  shut(): void {
    this.send = undefined;
    this.cancelPause?.();
    this.cancelPause = undefined;
    this.takeBack(this.waiting.values());
  }

  /** Takes an answer to its frame; two refusals are none, since the same frame may be taken later. */
  settle(envelope: Ack | ErrorEnvelope): void {
    const { re } = envelope;
    const found = re === undefined ? undefined : this.waiting.get(re);
    if (envelope.event === 'error' && envelope.code === 'rate_limited') {
      // A server that refuses before it reads does not say which it was; none is carried out twice.
      this.takeBack(found ? [found] : this.waiting.values());
      this.pause(envelope.details?.retry_after_ms);
    } else if (envelope.event === 'error' && envelope.code === 'closing') {
      // The hub is about to leave: the next one gets it.
      this.send = undefined;
    } else if (re !== undefined && found) {
      this.takeBack([found]);
      this.waiting.delete(re);
      if (isAck(envelope)) found.resolve(envelope);
      else found.reject(new TicketError(envelope.code, envelope.message, envelope.details));
      this.pump();
    }
  }

  /** There will be no connection any more: what waits is rejected. */
  end(error: TicketError): void {
    this.shut();
    const left = [...this.waiting.values()];
    this.waiting.clear();
    for (const each of left) each.reject(error);
  }

  /** These are not under way any more; those that wait still are to be sent again. */
  private takeBack(frames: Iterable<Waiting>): void {
    for (const each of frames) {
      if (each.isSent) this.underWay -= 1;
      each.isSent = false;
    }
  }

  private pause(ms: unknown): void {
    this.cancelPause ??= this.clock.later(typeof ms === 'number' ? ms : usualPauseMs, () => {
      this.cancelPause = undefined;
      this.pump();
    });
  }

  private pump(): void {
    for (const each of this.waiting.values()) {
      if (!this.send || this.cancelPause || this.underWay >= maxUnderWay) return;
      if (each.isSent) continue;
      each.isSent = true;
      this.underWay += 1;
      this.send(each.text);
    }
  }
}

function isAck(envelope: Ack | ErrorEnvelope): envelope is Ack {
  return envelope.event === 'ack';
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: TicketError) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
