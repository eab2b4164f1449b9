/** What a server under stress says of itself to the process that runs the scenario; both kinds of child answer by it. */
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes. */
export interface Memory {
  rss: number;
  heapUsed: number;
  /** Buffers and what else lives outside of the heap. */
  external: number;
}

/** What a server has at one moment, after everything that can go has gone. */
export interface Stats {
  memory: Memory;
  /** Sockets, servers and pipes that are open. */
  handles: number;
}

/** A command from the scenario's process; each has one answer, or kills. */
export interface Command {
  id: number;
  name: string;
  argument?: unknown;
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** After as many garbage collections as it takes. */
export async function stats(): Promise<Stats> {
  // What is let go of in one collection may hold what only the next can take.
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  const handles = process.getActiveResourcesInfo().filter((name) => /Wrap$/.test(name)).length;
  return { memory: memory(), handles };
}

/** How many objects of each class are in memory, reachable or not yet collected; takes a good part of a second. */
export function alive<Name extends string>(
  classes: Record<Name, Parameters<typeof queryObjects>[0]>,
): Record<Name, number> {
  const counts = Object.entries(classes).map(([name, each]) => [
    name,
    queryObjects(each as never, { format: 'count' }),
  ]);
  return Object.fromEntries(counts);
}

function memory(): Memory {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external };
}

/** What a piece of work took: memory at its highest, and time of the processor, which other programs on the machine do not lengthen. */
export interface Effort extends Memory {
  cpuSeconds: number;
}

/** Highest values between `begin` and `end`, looked at every few milliseconds. */
export class Peak {
  private timer: NodeJS.Timeout | undefined;
  private highest = memory();
  private cpu = process.cpuUsage();

  begin(): void {
    this.highest = memory();
    this.cpu = process.cpuUsage();
    this.timer = setInterval(() => this.look(), 20);
  }

  end(): Effort {
    clearInterval(this.timer);
    this.look();
    const { user, system } = process.cpuUsage(this.cpu);
    return { ...this.highest, cpuSeconds: (user + system) / 1e6 };
  }

  private look(): void {
    const now = memory();
    const { rss, heapUsed, external } = this.highest;
    this.highest = {
      rss: Math.max(rss, now.rss),
      heapUsed: Math.max(heapUsed, now.heapUsed),
      external: Math.max(external, now.external),
    };
  }
}

/** Answers commands until the scenario's process is gone, and then goes too. */
export function serveCommands(port: number, commands: Record<string, (argument: unknown) => unknown>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (command: Command) => {
    void (async () => {
      const answer = await commands[command.name]?.(command.argument);
      process.send?.({ id: command.id, answer });
    })();
  });
  process.send?.({ port });
}
