/** An example's server at a free port of this process; the specs of the small examples run them as these. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { transports } from 'winston';
import type { ExpressHitl } from '../../lib/index';

// The examples log to the console, as an app does; it would drown the report.
transports.Console.prototype.log = (_line: unknown, next: () => void) => next();

export class RunningApp {
  private constructor(
    private readonly server: Server,
    private readonly hitl: ExpressHitl,
  ) {}

  static async start({ server, hitl }: { server: Server; hitl: ExpressHitl }): Promise<RunningApp> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new RunningApp(server, hitl);
  }

  get url(): string {
    // An AddressInfo, since it listens on a port and not on a pipe.
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends the hub in good order, then the server with whatever still hangs on it. */
  async stop(): Promise<void> {
    await this.hitl.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
