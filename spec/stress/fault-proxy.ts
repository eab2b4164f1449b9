/** A TCP proxy on the loopback that does to connections what networks do: delays, cuts, also in the middle of a frame, and silence. */
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { backlog } from './backlog';

/** What happens to one connection after so many bytes have passed in one direction; earlier bytes pass untouched. */
export interface Fault {
  /** `cut`: both ends are reset; `end`: both are closed in good order; `half-open`: nothing passes any more, and neither end is notified. */
  kind: 'cut' | 'end' | 'half-open';
  /** Towards the server or from it. */
  direction: 'up' | 'down';
  afterBytes: number;
}

/** What is to become of a connection. */
export interface Plan {
  fault?: Fault;
  /** How long each piece is held back. */
  delayMs?: number;
}

interface Pair {
  client: Socket;
  server: Socket;
  /** What was done to it. */
  done?: Fault['kind'];
}

export class FaultProxy {
  /** Connections that were let through, and faults that were done to them. */
  readonly counts = { connections: 0, cut: 0, end: 0, 'half-open': 0 };
  private readonly pairs = new Set<Pair>();

  private constructor(
    private readonly listener: Server,
    /** Where connections go; changed, it holds for those to come. */
    public targetPort: number,
    /** Asked for each connection to come. */
    public plan: () => Plan,
  ) {
    listener.on('connection', (client) => this.lead(client));
  }

  /** @param plan asked once for each connection, in the order in which they come */
  static async open(targetPort: number, plan: () => Plan = () => ({})): Promise<FaultProxy> {
    const listener = createServer({ noDelay: true });
    const proxy = new FaultProxy(listener, targetPort, plan);
    await new Promise<void>((resolve) => listener.listen({ port: 0, host: '127.0.0.1', backlog }, resolve));
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** Connections open now. */
  get size(): number {
    return this.pairs.size;
  }

  /** Resets every connection. */
  cutAll(): void {
    for (const pair of [...this.pairs]) this.apply('cut', pair);
  }

  /** From now on nothing passes on the existing connections, and neither end is notified. */
  silenceAll(): void {
    for (const pair of [...this.pairs]) this.apply('half-open', pair);
  }

  async close(): Promise<void> {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
    await new Promise((resolve) => this.listener.close(resolve));
  }

  private lead(client: Socket): void {
    const server = connect({ port: this.targetPort, host: '127.0.0.1', noDelay: true });
    const pair = { client, server };
    const plan = this.plan();
    this.counts.connections += 1;
    this.pairs.add(pair);
    this.pass(pair, 'up', plan);
    this.pass(pair, 'down', plan);
  }

  private pass(pair: Pair, direction: Fault['direction'], { fault, delayMs = 0 }: Plan): void {
    const [from, to] = direction === 'up' ? [pair.client, pair.server] : [pair.server, pair.client];
    const mine = fault?.direction === direction ? fault : undefined;
    let left = mine?.afterBytes ?? Number.POSITIVE_INFINITY;
    const later = (work: () => void) => {
      if (delayMs === 0) work();
      else setTimeout(work, delayMs);
    };
    from.on('error', () => {});
    from.on('data', (chunk: Buffer) => {
      // On a line that is dead further on bytes are still taken, and go nowhere.
      if (left < 0 || pair.done) return;
      const passing = chunk.subarray(0, Math.min(left, chunk.length));
      left -= chunk.length;
      later(() => {
        if (passing.length > 0 && to.writable && !to.write(passing)) {
          // What the one side does not take, the other must feel.
          from.pause();
          to.once('drain', () => from.resume());
        }
        if (left < 0 && mine) this.apply(mine.kind, pair);
      });
    });
    from.on('end', () => later(() => pair.done !== 'half-open' && to.end()));
    from.on('close', () => {
      if (to.closed) this.pairs.delete(pair);
      // Of a dead line the other end learns nothing.
      later(() => pair.done !== 'half-open' && to.destroy());
    });
  }

  private apply(kind: Fault['kind'], pair: Pair): void {
    if (pair.done) return;
    pair.done = kind;
    this.counts[kind] += 1;
    const { client, server } = pair;
    if (kind === 'cut') {
      client.resetAndDestroy();
      server.resetAndDestroy();
    } else if (kind === 'end') {
      client.end();
      server.end();
    }
  }
}
