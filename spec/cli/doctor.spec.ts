/** `express-hitl doctor`, against real servers: healthy ones, and one for each fault that it knows. */
import { spawn } from 'node:child_process';
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import compression from 'compression';
import express, { type Express } from 'express';
import { doctorCommand } from '../../lib/cli/doctor/doctor-command';
import { memoryStore } from '../../lib/store/memory/memory-store';
import { builtConsole } from '../console/built';
import { Nginx, nginxBlock, program } from '../recipes/nginx';
import { endedAfterEach, type HitlTestOptions, localhost, Served } from '../transport/serve';

jest.setTimeout(120_000);

const { ends, hitlOf, serve } = endedAfterEach();
let assets: string;
beforeAll(async () => {
  assets = await builtConsole();
});

async function healthy(options: HitlTestOptions = {}, app: Express = express()) {
  const hitl = hitlOf({
    pages: { console: { assets } },
    ...options,
    auth: { inboxTickets: () => 'all', ...options.auth },
  });
  app.use('/soc', hitl.router);
  const served = await serve(app);
  hitl.attach(served.server);
  return { hitl, served, url: `http://127.0.0.1:${served.port}/soc` };
}

/** What it says of an address to alice, and how it ends. */
async function doctor(url: string, ...more: string[]) {
  const lines: string[] = [];
  const args = [url, '--header', 'x-user: alice', '--timeout', '1500', ...more];
  const code = await doctorCommand(args, (line) => lines.push(line));
  const faults = lines.filter((line) => line.startsWith('FAULT'));
  const of = (check: string) => lines.find((line) => line.slice(6).startsWith(`${check} `)) ?? '';
  return { code, lines, faults, of, text: lines.join('\n') };
}

describe('a healthy app', () => {
  it('is well in every check, and the command ends with 0', async () => {
    const { url } = await healthy();
    const { code, lines, of, text } = await doctor(url, '--ticket', 'T-1');
    expect(text).not.toMatch(/FAULT|note /);
    expect(code).toBe(0);
    expect(lines.slice(0, -1).map((line) => line.slice(6).split(' ')[0])).toEqual([
      ...[
        'reach',
        'mount',
        'identity',
        'clock',
        'version',
        'socket',
        'ticket',
        'origin',
        'stream',
        'console',
      ],
    ]);
    expect(of('identity')).toContain('alice');
    expect(of('socket')).toContain('hitl.v1');
    expect(of('ticket')).toContain('welcome');
    expect(lines.at(-1)).toBe('All is well.');
  });

  it('has nothing changed by it, and no client left connected', async () => {
    const store = memoryStore();
    const commit = jest.spyOn(store, 'commit');
    const { url, hitl } = await healthy({ store });
    await doctor(url, '--ticket', 'T-1');
    expect(commit).not.toHaveBeenCalled();
    expect(await hitl.hub.requests.list({ ticketId: 'T-1' })).toMatchObject({ items: [] });
  });

  it('is found by the address of its console too', async () => {
    const { url } = await healthy();
    expect((await doctor(`${url}/console/`)).code).toBe(0);
  });

  it('is well behind compression, and behind other middleware', async () => {
    const { url } = await healthy({}, express().use(compression(), express.json()));
    expect((await doctor(url, '--ticket', 'T-1')).text).not.toContain('FAULT');
  });

  it('is looked at by the real command, as a process', async () => {
    const { url } = await healthy();
    const root = join(__dirname, '../..');
    const args = ['--import', 'tsx', 'lib/cli/main.ts', 'doctor', url, '--header', 'x-user: alice'];
    const child = spawn(process.execPath, args, { cwd: root });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(out).toContain('All is well.');
    expect(code).toBe(0);
  });
});

describe('where no hub answers', () => {
  it('a port without a listener is named', async () => {
    const served = await Served.start(express());
    const url = `http://127.0.0.1:${served.port}/soc`;
    await served.close();
    const { code, text } = await doctor(url);
    expect(code).toBe(1);
    expect(text).toMatch(/ECONNREFUSED\n.*start the app/);
  });

  it('a wrong mount path is named', async () => {
    const { served } = await healthy();
    expect((await doctor(`http://127.0.0.1:${served.port}/ops`)).text).toMatch(
      /404 at .*\/ops.*\n.*app\.use/,
    );
  });

  it('a login that redirects is named', async () => {
    const app = express().use((_req, res) => res.redirect('/login'));
    const { url } = await healthy({}, app);
    expect((await doctor(url)).text).toMatch(/302 leads to \/login\n.*--header/);
  });

  it('a page for every address is named', async () => {
    const { url } = await healthy(
      {},
      express().use((_req, res) => void res.send('<h1>Shop</h1>')),
    );
    expect((await doctor(url)).text).toMatch(/FAULT mount +200, and no JSON of express-hitl/);
  });

  it('middleware that never answers is named', async () => {
    const { url } = await healthy(
      {},
      express().use(() => {}),
    );
    expect((await doctor(url)).text).toMatch(/no answer within 1500 ms\n.*next\(\)/);
  });

  it('http to a port of TLS, and https to one without, are named', async () => {
    const secure = await serve(express(), localhost);
    expect((await doctor(`http://127.0.0.1:${secure.port}`)).text).toMatch(/is this a port of TLS\?/);
    const { served } = await healthy();
    expect((await doctor(`https://127.0.0.1:${served.port}/soc`)).text).toMatch(/speaks no TLS: write http:/);
  });

  it('a certificate that is not trusted is named', async () => {
    const { port } = await serve(express(), localhost);
    expect((await doctor(`https://127.0.0.1:${port}`)).text).toContain('NODE_EXTRA_CA_CERTS');
  });
});

describe('a fault of the app', () => {
  it('no user signed in: the rest is looked at all the same', async () => {
    const { url } = await healthy({ auth: { identify: () => undefined } });
    const { code, of } = await doctor(url);
    expect(code).toBe(1);
    expect(of('identity')).toMatch(/FAULT.*401 authentication_required.*\n.*--header/);
    expect(of('socket')).toMatch(/401 authentication_required.*\n.*handshakes get to the hub/);
    expect(of('console')).toMatch(/^ok/);
  });

  it('an identify that throws', async () => {
    const identify = () => {
      throw new Error('no session store');
    };
    expect((await doctor((await healthy({ auth: { identify } })).url)).text).toMatch(
      /503 unavailable.*\n.*auth\.identify/,
    );
  });

  it('attach that was forgotten', async () => {
    const hitl = hitlOf({ pages: { console: { assets } }, auth: { inboxTickets: () => 'all' } });
    const { port } = await serve(express().use('/soc', hitl.router));
    const { code, faults } = await doctor(`http://127.0.0.1:${port}/soc`, '--ticket', 'T-1');
    expect(code).toBe(1);
    expect(faults).toHaveLength(2);
    for (const line of faults) expect(line).toMatch(/426 upgrade_required.*\n.*hitl\.attach\(app\.listen/);
  });

  it('origins that leave its own pages out', async () => {
    const { url } = await healthy({ http: { origins: ['https://desk.example.com'] } });
    const { of } = await doctor(url);
    expect(of('socket')).toMatch(/403 origin_refused.*\n.*http: \{ origins: \['http:\/\/127/);
    const other = await doctor(url, '--origin', 'https://desk.example.com');
    expect(other.faults).toEqual([]);
  });

  it('an inbox that the app gives no tickets to', async () => {
    const { url } = await healthy({ auth: { inboxTickets: undefined } });
    const { code, of } = await doctor(url);
    expect(of('inbox')).toMatch(/^note.*\n.*auth\.inboxTickets/);
    expect(code).toBe(0);
  });

  it('a ticket that the person may not use', async () => {
    const { url } = await healthy({ auth: { authorize: () => 'forbidden' } });
    expect((await doctor(url, '--ticket', 'T-1')).of('ticket')).toMatch(/403 forbidden.*\n.*auth\.authorize/);
  });

  it('a console that is not served', async () => {
    const { url } = await healthy({ pages: { console: false } });
    expect((await doctor(url)).of('console')).toMatch(/^note .*404/);
  });
});

/** A proxy in front of an app, with a fault of its own. */
async function proxy(
  appPort: number,
  {
    response,
    headers = () => {},
    upgrades,
  }: {
    response?: (from: IncomingMessage, to: ServerResponse) => void;
    headers?: (headers: IncomingMessage['headers']) => void;
    upgrades?: (req: IncomingMessage, socket: Socket) => void;
  },
) {
  const server = createServer((req, res) => {
    const sent = { ...req.headers };
    headers(sent);
    const onward = ask({ port: appPort, path: req.url, method: req.method, headers: sent }, (from) => {
      if (response) return response(from, res);
      res.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(res);
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  });
  const upgraded = new Set<Socket>();
  if (upgrades)
    server.on('upgrade', (req, socket) => {
      upgraded.add(socket as Socket);
      upgrades(req, socket as Socket);
    });
  const served = await Served.listen(server);
  ends.push(() => {
    for (const socket of upgraded) socket.destroy();
    return served.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/soc`;
}

/** Passes handshakes on as they are, with other headers. */
const pipeUpgrades =
  (appPort: number, change: (headers: IncomingMessage['headers']) => void) =>
  (req: IncomingMessage, socket: Socket) => {
    const sent = { ...req.headers };
    change(sent);
    const onward = connect(appPort, '127.0.0.1', () => {
      const head = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`);
      onward.write(`GET ${req.url} HTTP/1.1\r\n${head.join('')}\r\n`);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  };

describe('a fault of what stands in front', () => {
  it('no Upgrade: the lines for nginx are written', async () => {
    const { served } = await healthy();
    const url = await proxy(served.port, {
      headers: (sent) => {
        delete sent.upgrade;
        sent.connection = 'close';
      },
    });
    const { faults } = await doctor(url);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/426 upgrade_required.*\n.*proxy_set_header Upgrade \$http_upgrade/);
  });

  it('frames that do not get through', async () => {
    const { served } = await healthy();
    const url = await proxy(served.port, {
      upgrades: (req, socket) => {
        const onward = connect(served.port, '127.0.0.1', () => {
          const head = Object.entries(req.headers).map(([name, value]) => `${name}: ${value}\r\n`);
          onward.write(`GET ${req.url} HTTP/1.1\r\n${head.join('')}\r\n`);
        });
        onward.once('data', (head) => socket.write(head.subarray(0, head.indexOf('\r\n\r\n') + 4)));
        socket.on('close', () => onward.destroy()).on('error', () => {});
        onward.on('error', () => {});
      },
    });
    expect((await doctor(url)).of('socket')).toMatch(/a ping is not answered within 1500 ms/);
  });

  it('a subprotocol that is dropped', async () => {
    const { served } = await healthy();
    const url = await proxy(served.port, {
      upgrades: pipeUpgrades(served.port, (sent) => {
        delete sent['sec-websocket-protocol'];
      }),
    });
    expect((await doctor(url)).of('socket')).toMatch(/FAULT/);
  });

  it('an Origin that is written over, so that anybody may connect', async () => {
    const { served } = await healthy();
    const url = await proxy(served.port, {
      upgrades: pipeUpgrades(served.port, (sent) => {
        sent.origin = `http://${sent.host}`;
      }),
    });
    expect((await doctor(url)).of('origin')).toMatch(/FAULT.*may connect\n.*http\.origins/);
  });

  it('events that are held back', async () => {
    const { served } = await healthy();
    const url = await proxy(served.port, {
      upgrades: pipeUpgrades(served.port, () => {}),
      response: (from, to) => {
        const held: Buffer[] = [];
        from.on('data', (chunk: Buffer) => held.push(chunk));
        from.on('end', () => to.writeHead(from.statusCode ?? 502, from.headers).end(Buffer.concat(held)));
      },
    });
    const { of, faults } = await doctor(url);
    expect(of('stream')).toMatch(/FAULT.*no event within 1500 ms.*\n.*proxy_buffering off/);
    expect(faults).toHaveLength(1);
  });

  it('a clock that is an hour ahead', async () => {
    const { served } = await healthy();
    const url = await proxy(served.port, {
      upgrades: pipeUpgrades(served.port, () => {}),
      response: (from, to) => {
        const date = new Date(Date.now() + 3_600_000).toUTCString();
        to.writeHead(from.statusCode ?? 502, { ...from.headers, date });
        from.pipe(to);
      },
    });
    expect((await doctor(url)).of('clock')).toMatch(/FAULT.*3[56]\d\d s ahead/);
  });

  it('what a server sends reaches the terminal as text', async () => {
    const { url } = await healthy(
      {},
      express().use(
        (_req, res) => void res.status(503).json({ error: { code: 'x', message: '\u001b[2Jgone' } }),
      ),
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not come through
    expect((await doctor(url)).text).not.toMatch(/\u001b/);
  });
});

(program ? describe : describe.skip)('behind a real nginx', () => {
  async function behind(block: string) {
    const { served } = await healthy();
    const nginx = await Nginx.start(block, served.port);
    ends.push(() => nginx.stop());
    return doctor(`http://127.0.0.1:${nginx.port}/soc`, '--ticket', 'T-1');
  }

  it('with the lines of our page is well', async () => {
    expect((await behind(nginxBlock())).text).not.toContain('FAULT');
  });

  it('without the lines for Upgrade is reported, with these lines', async () => {
    const block = nginxBlock().replace(/^.*proxy_set_header (?:Upgrade|Connection) .*$/gm, '');
    const { of } = await behind(block);
    for (const check of ['socket', 'ticket'])
      expect(of(check)).toMatch(/426 upgrade_required.*\n.*\$http_upgrade/);
  });
});

describe('arguments', () => {
  it.each([
    [[], 'Give one address'],
    [['localhost:3000/soc'], 'is no address'],
    [['http://x', '--header', 'nonsense'], 'A header is written'],
    [['http://x', '--timeout', 'soon'], 'milliseconds'],
    [['http://x', '--cookie', 'a=b'], 'cookie'],
  ])('%j are refused', async (args, said) => {
    await expect(doctorCommand(args)).rejects.toThrow(said);
  });
});
