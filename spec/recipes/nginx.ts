/** A real nginx in front of an app, with the block of `docs/mounting.md` as its configuration; the nginx spec uses it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fences, page } from '../docs/pages';

/** Where Debian has it. Nothing on a machine without it. */
export const program = [process.env.NGINX ?? '', '/usr/sbin/nginx', '/usr/bin/nginx'].find(
  (path) => path !== '' && existsSync(path),
);

/** The block of the page. @throws Error if there is none */
export function nginxBlock(): string {
  const path = 'docs/mounting.md';
  const block = fences({ path, text: page(path) }).find(({ language }) => language === 'nginx');
  if (!block) throw new Error(`${path} has no block for nginx`);
  return block.text;
}

export class Nginx {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Starts one with `block` below `http`, for the app at `appPort`, on a free port. @throws Error with what it said */
  static async start(block: string, appPort: number): Promise<Nginx> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'express-hitl-nginx-'));
    const own = block.replace('listen 8080', `listen 127.0.0.1:${port}`).replace(':3000', `:${appPort}`);
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${join(folder, name)};`,
    );
    const config = [
      'daemon off; master_process off;',
      `pid ${join(folder, 'pid')}; error_log stderr;`,
      'events {}',
      `http { access_log off; ${places.join(' ')}\n${own}}`,
    ].join('\n');
    writeFileSync(join(folder, 'nginx.conf'), config);
    const child = spawn(program ?? 'nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')]);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    const nginx = new Nginx(port, child, folder);
    const end = Date.now() + 4_000;
    while (!(await answers(port))) {
      if (child.exitCode === null && Date.now() < end) continue;
      await nginx.stop();
      throw new Error(`nginx did not start: ${said}`);
    }
    return nginx;
  }

  async stop(): Promise<void> {
    const { child, folder } = this;
    if (child.exitCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    const settle = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
