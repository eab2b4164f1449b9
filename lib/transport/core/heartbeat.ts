/** Which client uses which socket, and one timer for all: pings them, drops the silent ones, sends where their log stands; a socket route holds one. */
import type { Clock } from '../../hub/commit/clock';
import type { Socket } from './batch';
import type { Seat } from './seat';

export class Heartbeat {
  /** By their sockets, so that all sockets can share their listeners: an idle one is to cost little. */
  private readonly seats = new Map<Socket, Seat>();
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    readonly intervalMs: number,
  ) {}

  /** Connections open now. */
  get size(): number {
    return this.seats.size;
  }

  add(socket: Socket, seat: Seat): void {
    this.seats.set(socket, seat);
    this.cancel ??= this.arm();
  }

  at(socket: Socket): Seat | undefined {
    return this.seats.get(socket);
  }

  remove(socket: Socket): void {
    this.seats.delete(socket);
    if (this.seats.size > 0) return;
    this.cancel?.();
    this.cancel = undefined;
  }

  private arm(): () => void {
    return this.clock.later(this.intervalMs, () => {
      this.cancel = this.arm();
      this.beat();
    });
  }

  private beat(): void {
    const byPong = new Map<string, [Seat, ...Seat[]]>();
    for (const seat of [...this.seats.values()]) {
      seat.connection.beat();
      // The classic dialect knows a pong as an answer only.
      if (seat.connection.dialect === 'classic') continue;
      const together = byPong.get(seat.pongFor);
      if (together) together.push(seat);
      else byPong.set(seat.pongFor, [seat]);
    }
    for (const together of byPong.values()) {
      together[0].pong().then(
        (pong) => {
          for (const seat of together) seat.send(pong);
        },
        () => {
          // The store cannot say; the next beat asks again.
        },
      );
    }
  }
}
