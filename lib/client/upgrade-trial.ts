/** Tries from time to time, beside a stream, whether a WebSocket gets through by now; the link has one trial while it is on a stream. */
import type { Clock } from './clock';
import type { ClientSocket } from './page';

/** How often it is tried. */
export const trialMs = 300_000;
/** How long one try may take. */
const patienceMs = 15_000;

export interface TrialParts {
  clock: Clock;
  make(): ClientSocket;
  /** It is open, and the server has it in the stream's place. */
  onOpen(socket: ClientSocket): void;
}

export class UpgradeTrial {
  private socket: ClientSocket | undefined;
  private cancel: (() => void) | undefined;

  constructor(private readonly parts: TrialParts) {}

  get isUnderWay(): boolean {
    return this.socket !== undefined;
  }

  /** Tries after a while, and again and again. */
  begin(): void {
    this.cancel?.();
    this.cancel = this.parts.clock.later(trialMs, () => this.tryNow());
  }

  /** Tries now, unless a try is under way or nothing has begun. */
  tryNow(): void {
    if (this.socket || !this.cancel) return;
    const socket = this.parts.make();
    this.socket = socket;
    this.cancel();
    const fail = () => {
      if (this.socket !== socket) return;
      this.stop();
      this.begin();
    };
    this.cancel = this.parts.clock.later(patienceMs, fail);
    socket.addEventListener('open', () => {
      if (this.socket === socket) this.parts.onOpen(socket);
    });
    socket.addEventListener('error', fail);
    socket.addEventListener('close', fail);
  }

  /** Hands over the socket that is on trial, to whom it belongs from now on. */
  take(): ClientSocket | undefined {
    const { socket } = this;
    this.socket = undefined;
    this.cancel?.();
    this.cancel = undefined;
    return socket;
  }

  /** Ends it, whatever is under way. */
  stop(): void {
    const socket = this.take();
    if (socket?.terminate) socket.terminate();
    else socket?.close();
  }
}
