/** An HTTP proxy on the loopback that loses `Upgrade` and `Connection`, as misconfigured and inspecting ones do; tests can let upgrades through again. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export class StrippingProxy {
  /** `GET` and `POST` that were passed on, by their method; handshakes are `GET` too. */
  readonly passed: string[] = [];
  /** Asked before the answer to a `POST` is passed back: true loses it, with its connection. */
  losesAnswer: (answers: number) => boolean = () => false;
  private readonly sockets = new Set<Socket | Duplex>();
  private answers = 0;

  private constructor(
    private readonly listener: Server,
    private readonly target: () => number,
  ) {
    listener.on('connection', (socket) => this.watch(socket));
    listener.on('request', (req, res) => this.pass(req, res));
  }

  /** @param target the port, asked for every request */
  static async open(target: () => number): Promise<StrippingProxy> {
    const listener = createServer();
    const proxy = new StrippingProxy(listener, target);
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** Lets upgrades through from now on, or no more. */
  setUpgrades(areLetThrough: boolean): void {
    this.listener.removeAllListeners('upgrade');
    // Without a listener Node hands an upgrade over as a plain request.
    if (areLetThrough) this.listener.on('upgrade', (req, socket, head) => this.tunnel(req, socket, head));
  }

  /** Ends every connection without a word. */
  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.listener.close(resolve));
  }

  private pass(req: IncomingMessage, res: ServerResponse): void {
    const { method = '', url = '' } = req;
    const { upgrade: _upgrade, connection: _connection, ...headers } = req.headers;
    this.passed.push(method);
    const options = { host: '127.0.0.1', port: this.target(), method, path: url, headers, agent: false };
    const onward = request(options, (answer) => {
      if (method === 'POST') this.answers += 1;
      if (method === 'POST' && this.losesAnswer(this.answers)) {
        req.socket.destroy();
        answer.resume();
        return;
      }
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      res.flushHeaders();
      answer.pipe(res);
      answer.on('error', () => res.destroy());
    });
    onward.on('error', () =>
      res.headersSent ? res.destroy() : res.writeHead(502).end('<h1>Bad gateway</h1>'),
    );
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  }

  private tunnel(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const onward = connect(this.target(), '127.0.0.1');
    this.watch(onward);
    const lines = req.rawHeaders.flatMap((name, at, all) =>
      at % 2 === 0 ? [`${name}: ${all[at + 1]}`] : [],
    );
    onward.write(`${req.method} ${req.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    onward.write(head);
    onward.pipe(socket).pipe(onward);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  }

  private watch(socket: Socket | Duplex): void {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
  }
}
