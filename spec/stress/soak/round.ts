/** One round of a soak as the server saw it: delays, memory, its processor and its event loop; the soak asks for it after each. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { DelayMeter } from './delay-meter';

/** Since the last one was asked for. */
export interface RoundReport {
  /** Milliseconds of each frame inside the server. */
  delays: number[];
  /** Bytes, at this moment, whatever of it is garbage. */
  rss: number;
  heapUsed: number;
  /** The share of the time in which the process worked, 1 for one processor. */
  cpu: number;
  /** Milliseconds that the event loop was late at most. */
  loopMs: number;
}

export class Round {
  private readonly loop = monitorEventLoopDelay({ resolution: 10 });
  private cpu = process.cpuUsage();
  private begun = performance.now();

  constructor(private readonly meter: DelayMeter) {
    this.loop.enable();
  }

  take(): RoundReport {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage(this.cpu);
    const now = performance.now();
    const cpu = (user + system) / 1_000 / (now - this.begun);
    const loopMs = this.loop.max / 1e6;
    this.cpu = process.cpuUsage();
    this.begun = now;
    this.loop.reset();
    return { delays: this.meter.take(), rss, heapUsed, cpu, loopMs };
  }
}
