/** The streams of server-sent events that pages with live charts listen to: every step of the actor a page shows, and that others have moved. */
import type { Request, Response } from 'express';
import { HubError } from '../../../errors';
import type { Clock } from '../../../hub/commit/clock';
import type { Step } from '../../../hub/commit/steps';
import type { HubPort } from '../../../hub/port';
import { encodeEvent } from '../../../protocol/codec';
import { toWireTime } from '../../../protocol/wire-time';
import { accessEveryMs } from '../../core/reading';

/** Pages that may look at once; one more is refused as `busy`. */
export const maxStreams = 20;
/** Bytes that wait for a page that is behind; steps beyond are left out, and the page is sent how many. */
export const maxWaitingBytes = 262_144;
/** A page is notified at most this often that others have moved. */
export const movedMs = 250;
/** How often a comment is sent, so that no proxy takes the silence for an end. */
export const keepAliveMs = 25_000;

export class StepStreams {
  private count = 0;

  constructor(private readonly parts: { hub: HubPort; clock: Clock }) {}

  /**
   * One stream, until the page leaves, may stay no longer, or the hub closes.
   * @param mayStay asked now and then; where it says no or throws, the stream ends
   * @throws HubError `busy`, `closing`
   */
  open(req: Request, res: Response, mayStay: () => Promise<boolean>): void {
    const { hub, clock } = this.parts;
    if (hub.closing) throw new HubError('closing');
    if (this.count >= maxStreams)
      throw new HubError('busy', { message: 'Too many pages look at the charts' });
    const { machine, id } = req.query;
    this.count += 1;
    // `no-transform`: what compresses would hold events back.
    const headers = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store, no-transform' };
    res.writeHead(200, headers).flushHeaders();
    const stream = new StepStream(res, clock, (step) => step.machine === machine && step.id === id);
    const stopWatching = hub.steps.watch(
      (step) => stream.send(step),
      () => res.end(),
    );
    let cancelAsking = () => {};
    const ask = () => {
      cancelAsking = clock.later(accessEveryMs, () => {
        mayStay().then(
          (may) => (may ? ask() : res.end()),
          () => res.end(),
        );
      });
    };
    ask();
    res.on('close', () => {
      cancelAsking();
      stopWatching();
      stream.end();
      this.count -= 1;
    });
  }
}

class StepStream {
  private lost = 0;
  private cancelMoved: (() => void) | undefined;
  private cancelKeepAlive = () => {};

  constructor(
    private readonly res: Response,
    private readonly clock: Clock,
    private readonly isShown: (step: Step) => boolean,
  ) {
    this.keepAlive();
  }

  send(step: Step): void {
    if (!this.isShown(step)) this.sendMoved();
    else if (this.isBehind) this.lost += 1;
    else {
      if (this.lost > 0) this.res.write(encodeEvent('lost', { steps: this.lost }));
      this.lost = 0;
      this.res.write(encodeEvent('step', stepView(step)));
    }
  }

  end(): void {
    this.cancelMoved?.();
    this.cancelKeepAlive();
  }

  /** Soon, once for all that move in the meantime. */
  private sendMoved(): void {
    this.cancelMoved ??= this.clock.later(movedMs, () => {
      this.cancelMoved = undefined;
      if (!this.isBehind) this.res.write(encodeEvent('moved', {}));
    });
  }

  private keepAlive(): void {
    this.cancelKeepAlive = this.clock.later(keepAliveMs, () => {
      if (!this.isBehind) this.res.write(':\n\n');
      this.keepAlive();
    });
  }

  private get isBehind(): boolean {
    return this.res.writableLength >= maxWaitingBytes;
  }
}

/** A step as it travels. */
function stepView({ ticketId, at, ...step }: Step): Record<string, unknown> {
  return { ...step, ticket_id: ticketId, at: toWireTime(at, at) };
}
