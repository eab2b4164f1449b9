/** Runs the block about `node:cluster`: `cluster-host <module>`; prints where each worker listens, ends one by SIGINT at each line it reads, as PM2 does, and all with its standard input. */
import cluster from 'node:cluster';
import { type AddressInfo, Server } from 'node:net';
import { createInterface } from 'node:readline';
import express from 'express';
import { expressHitl, sqliteStore } from '../../../lib';

const [path = ''] = process.argv.slice(2);

function createApp() {
  const hitl = expressHitl({
    auth: { identify: () => 'alice', authorize: () => 'allow' },
    store: sqliteStore('./hitl.db'),
    agent: async (turn) => {
      await turn.approve({ tool: 'block_ip', args: {} });
    },
  });
  return { app: express().use('/soc', hitl.router), hitl };
}

if (cluster.isPrimary) {
  cluster.on('message', (_worker, port: number) => {
    // The next worker is where the first was.
    process.env.PORT = String(port);
    console.log(JSON.stringify({ port, pid: Object.values(cluster.workers ?? {}).at(-1)?.process.pid }));
  });
  const end = (signal: NodeJS.Signals) => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
  };
  createInterface(process.stdin)
    .on('line', () => end('SIGINT'))
    .once('close', () => {
      cluster.removeAllListeners('exit');
      end('SIGTERM');
    });
} else {
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server) {
    this.once('listening', () => process.send?.((this.address() as AddressInfo).port));
    return Reflect.apply(listen, this, [Number(process.env.PORT ?? 0), '127.0.0.1']);
  } as typeof listen;
}

require(path).example({ createApp });
