/** How long a frame is inside the server: from when it is read until its answer is given to its socket. The server of a soak measures by it. */
import { Batch } from '../../../lib/transport/core/batch';
import { Seat } from '../../../lib/transport/core/seat';

/** Frames on their way that are remembered; on a connection that ends in the meantime the answer never arrives. */
const maxUnderWay = 10_000;

/** Ids as a stage gives them, which hostile peers do not use. */
const idOf = /"id":"([am]\d+)"/;
const answered = /^\{"event":"(?:ack|error)","re":"([am]\d+)"/;

export class DelayMeter {
  private readonly readAt = new Map<string, number>();
  private delays: number[] = [];

  /** From now on all seats and sockets of this process are looked at. */
  constructor() {
    const meter = this;
    const { receive } = Seat.prototype;
    Seat.prototype.receive = function (text) {
      meter.read(text);
      return receive.call(this, text);
    };
    const { writeTo } = Batch.prototype;
    Batch.prototype.writeTo = function (socket, done) {
      writeTo.call(this, socket, done);
      for (const text of this.texts) meter.written(text);
    };
  }

  /** Milliseconds of each frame answered since the last call. */
  take(): number[] {
    const { delays } = this;
    this.delays = [];
    return delays;
  }

  private read(text: string): void {
    const [, id] = idOf.exec(text) ?? [];
    if (id === undefined) return;
    // One that is sent again is measured from the last time.
    this.readAt.delete(id);
    this.readAt.set(id, performance.now());
    const [oldest] = this.readAt.keys();
    if (this.readAt.size > maxUnderWay && oldest !== undefined) this.readAt.delete(oldest);
  }

  private written(text: string): void {
    const [, id = ''] = answered.exec(text.slice(0, 200)) ?? [];
    const begun = this.readAt.get(id);
    if (begun === undefined) return;
    this.readAt.delete(id);
    this.delays.push(performance.now() - begun);
  }
}
