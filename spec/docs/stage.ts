/** Where the blocks of the pages are played: a free port for a program that listens on a fixed one, an agent in a hub, an empty folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent, ExpressHitl, User } from '../../lib';
import { portOf } from '../../lib/hub/hub';
import { TestClient, type TestClientOptions } from '../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../lib/testing/test-hub';

/** A program that listens. */
export interface Running {
  port: number;
  /** A socket to this path, in or refused. */
  connect(path: string, options?: TestClientOptions): ReturnType<typeof TestClient.open>;
  /** A socket to this path, in. @throws Error if it is refused */
  join(path: string, options?: TestClientOptions): Promise<TestClient>;
}

/**
 * Runs a program that listens on a fixed port, on a free one, in an empty folder of its own; ends its server afterwards.
 * @param start runs the program, and gives the hubs that are to be closed
 */
export async function listening(
  start: () => readonly ExpressHitl[] | Promise<readonly ExpressHitl[]>,
  play: (running: Running) => Promise<void>,
): Promise<void> {
  await inEmptyFolder(async () => {
    const servers: Server[] = [];
    const listen = jest.spyOn(Server.prototype, 'listen').mockImplementation(function (
      this: Server,
      ...given
    ) {
      servers.push(this);
      listen.mockRestore();
      const callback = given.find((each) => typeof each === 'function');
      return this.listen(0, '127.0.0.1', callback as (() => void) | undefined);
    });
    const hubs = await start();
    const [server] = servers;
    if (!server) throw new Error('the program does not listen');
    try {
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as AddressInfo;
      const connect = (path: string, options?: TestClientOptions) =>
        TestClient.open(`ws://127.0.0.1:${port}${path}`, options);
      const join = async (path: string, options?: TestClientOptions) => {
        const opened = await connect(path, options);
        if (!(opened instanceof TestClient)) throw new Error(`refused with ${opened.status}`);
        return opened;
      };
      await play({ port, connect, join });
    } finally {
      for (const hub of hubs) await hub.close();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    }
  });
}

/** Runs `play` with an empty folder as the working directory. */
export async function inEmptyFolder(play: (folder: string) => Promise<void>): Promise<void> {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'express-hitl-docs-cwd-'));
  process.chdir(folder);
  try {
    await play(folder);
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

/** Runs `play` with a test hub, and closes that. */
export async function withHub(options: TestHubOptions, play: (hub: TestHub) => Promise<void>): Promise<void> {
  const hub = await startTestHub(options);
  try {
    await play(hub);
  } finally {
    await hub.close();
  }
}

/** Runs `play` with a hub that has this agent, and with the clients of alice (who writes) and bob. */
export async function withAgent(
  agent: Agent,
  play: (clients: { hub: TestHub; alice: TestClient; bob: TestClient }) => Promise<void>,
  options: TestHubOptions = {},
): Promise<void> {
  await withHub({ agent, ...options }, async (hub) => {
    const alice = await hub.connect({ user: 'alice' });
    const bob = await hub.connect({ user: 'bob:analyst' });
    await play({ hub, alice, bob });
  });
}

/** Answers the next request that a client hears of. */
export async function answer(
  client: TestClient,
  status: 'approved' | 'denied',
  response?: object,
  // biome-ignore lint/suspicious/noExplicitAny: a scene reads any field of the view and asserts what it finds
): Promise<any> {
  const { hitl } = await client.next('hitl_request_pending');
  const frame = { type: 'hitl_respond', request_id: hitl.id, revision: hitl.revision, status };
  return client.ask({ ...frame, ...(response && { response }) });
}

/** What the agent says next. */
export async function said(client: TestClient): Promise<string> {
  const { message } = await client.next(
    (frame) => frame.event === 'session_message_added' && frame.message.type === 'response',
  );
  return message.content;
}

/** Whom the scenes know. */
export const people = {
  alice: { id: 'alice', name: 'Alice', groups: [] },
  bob: { id: 'bob', name: 'Bob', groups: ['analyst'] },
  carol: { id: 'carol', name: 'Carol', groups: ['analyst'] },
} satisfies Record<string, User>;

/** A tool approval on `T-1001` that alice asked for, without a turn. */
export function askApproval({ hub }: Pick<TestHub, 'hub'>, more: object = {}) {
  return portOf(hub).hitl.request({
    ticketId: 'T-1001',
    sessionId: 's-1',
    userId: 'alice',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    ...more,
  });
}
