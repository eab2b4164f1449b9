/** Bun's own WebSocket server with `publish`, run by Bun; the same load as in Node drives it. */
import { type FanOut, measured } from './fan-out-load';
import { serve } from './serving';

interface BunSocket {
  data: { ticketId: string };
  subscribe(topic: string): void;
}
interface BunServer {
  port: number;
  publish(topic: string, text: string): number;
  upgrade(req: Request, options: { data: { ticketId: string } }): boolean;
}
declare const Bun: { serve(options: object): BunServer };

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(req: Request, bun: BunServer) {
    const ticketId = new URL(req.url).pathname.split('/').at(-1) ?? '';
    return bun.upgrade(req, { data: { ticketId } }) ? undefined : new Response('', { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    open: (socket: BunSocket) => socket.subscribe(socket.data.ticketId),
    message: () => {},
  },
});

let seq = 0;
const fanOut: FanOut = {
  publish(ticketId, content) {
    seq += 1;
    const timestamp = new Date().toISOString();
    server.publish(
      ticketId,
      JSON.stringify({ event: 'notice', timestamp, ticket_id: ticketId, kind: 'message', content, seq }),
    );
  },
};
serve(
  { port: server.port },
  measured(fanOut, () => 0),
);
