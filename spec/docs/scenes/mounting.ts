/** The scenes of `docs/mounting.md`. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import express, { type RequestHandler } from 'express';
import { type ExpressHitl, expressHitl, memoryStore, type Store, type Turn } from '../../../lib';
import { TestClient } from '../../../lib/testing/test-client';
import { bodyOf, type Scenes, type } from '../example';
import { answer, askApproval, inEmptyFolder, listening, said, withHub } from '../stage';
import { access, accessType, type Body } from './frames';
import { besideScenes } from './mounting-beside';

export const mountingScenes: Scenes = {
  ...besideScenes,

  mount: {
    before: `import express from 'express';\nimport { expressHitl, sqliteStore } from 'express-hitl';`,
    after: 'export { hitl };',
    play: (load) =>
      listening(
        () => [load<{ hitl: ExpressHitl }>().hitl],
        async ({ connect, join }) => {
          const headers = { 'x-user': 'alice' };
          expect(await connect('/soc/ws/chat/ticket/T-1')).toMatchObject({ status: 401 });
          expect(await connect('/soc/ws/chat/ticket/X-1', { headers })).toMatchObject({ status: 404 });
          const alice = await join('/soc/ws/chat/ticket/T-1', { headers });
          expect(await alice.next('welcome')).toMatchObject({ user: { id: 'alice' } });
        },
      ),
  },

  session: {
    before: `import express from 'express';
      import session from 'express-session';
      import { expressHitl, type User } from 'express-hitl';
      declare module 'express-session' { interface SessionData { user: User } }`,
    after: 'export { hitl };',
    play: (load) =>
      listening(
        () => [load<{ hitl: ExpressHitl }>().hitl],
        async ({ port, connect, join }) => {
          const url = `http://127.0.0.1:${port}`;
          const path = '/soc/ws/chat/ticket/T-1';
          const login = await fetch(`${url}/login`, { method: 'POST' });
          const headers = { cookie: login.headers.get('set-cookie') ?? '' };
          expect(await connect(path, { origin: url })).toMatchObject({ status: 401 });
          expect(await connect(path, { headers })).toMatchObject({ status: 403 });
          const alice = await join(path, { headers, origin: url });
          expect(await alice.next('welcome')).toMatchObject({ user: { id: 'alice', name: 'Alice' } });
          await fetch(`${url}/logout`, { method: 'POST', headers });
          expect(await alice.closed()).toMatchObject({ code: 4401 });
          expect(await connect(path, { headers, origin: url })).toMatchObject({ status: 401 });
        },
      ),
  },

  say: {
    ...bodyOf({ hub: type('Hub') }),
    play: (load) =>
      withHub({ agent: (turn) => turn.say(`Blocked for ${turn.user.name}`) }, async (hub) => {
        const alice = await hub.connect({ user: 'alice', ticketId: 'T-1001' });
        const { example } = load<Body>();
        await example({ hub: hub.hub });
        await example({ hub: hub.hub });
        const lines: string[] = [];
        while (lines.length < 4) {
          const { message } = await alice.next('session_message_added');
          lines.push(`${message.author?.display_name ?? 'agent'}: ${message.content}`);
        }
        expect(lines.toSorted()).toEqual([
          'Ana: Block 203.0.113.7, please',
          'System: The mail gateway is back',
          'System: The mail gateway is back',
          'agent: Blocked for Ana',
        ]);
      }),
  },

  expiry: {
    before: `import 'express-session';
      import { expressHitl, type User } from 'express-hitl';
      declare module 'express-session' { interface SessionData { user: User } }`,
    after: 'export { hitl };',
    play: (load) => {
      const { hitl } = load<{ hitl: ExpressHitl }>();
      let expires: Date | null = null;
      const login: RequestHandler = (req, _res, next) => {
        Object.assign(req, { session: { user: { id: 'alice' }, cookie: { expires } } });
        next();
      };
      return listening(
        () => {
          const app = express().use(login, hitl.router);
          hitl.attach(app.listen(0));
          return [hitl];
        },
        async ({ port, connect, join }) => {
          const path = '/ws/chat/ticket/T-1';
          const stays = await join(`${path}?tab=one`);
          expires = new Date(Date.now() + 250);
          const alice = await join(`${path}?tab=two`);
          expect((await alice.closed()).code).toBe(4401);
          expect(await connect(path)).toMatchObject({ status: 401 });
          expect((await fetch(`http://127.0.0.1:${port}/hitl/me`)).status).toBe(401);
          expect(await stays.ask({ type: 'message', content: 'hello' })).toMatchObject({ event: 'ack' });
        },
      );
    },
  },

  'two-hubs': {
    ...bodyOf({
      app: `import('express').Express`,
      server: `import('node:http').Server`,
      soc: type('ExpressHitl'),
      hr: type('ExpressHitl'),
    }),
    play: (load) => {
      const made = () => expressHitl({ ...access, store: memoryStore() });
      const [soc, hr] = [made(), made()];
      return withHub({ mount: '/first' }, async ({ app, server, port }) => {
        await load<Body<void>>().example({ app, server, soc, hr });
        for (const [mount, hub] of [
          ['/soc', soc],
          ['/hr', hr],
        ] as const) {
          const client = await TestClient.open(`ws://127.0.0.1:${port}${mount}/ws/chat/ticket/T-1`);
          if (!(client instanceof TestClient)) throw new Error(`${mount}: ${client.status}`);
          await client.next('welcome');
          expect(hub.hub.reference.getTotalClientCount()).toBe(1);
          await client.close();
        }
        await Promise.all([soc.close(), hr.close()]);
      });
    },
  },

  'express-ws': {
    ...bodyOf(
      { hitl: type('ExpressHitl') },
      'undefined',
      `import express from 'express';\nimport expressWs from 'express-ws';`,
    ),
    play: async (load) => {
      const hitl = expressHitl({
        store: memoryStore(),
        auth: { identify: (req) => req.get('x-user'), authorize: () => 'allow' },
        agent: async (turn) => {
          const { status } = await turn.approve({ tool: 'block_ip', args: {} });
          await turn.say(status);
        },
      });
      await listening(
        () => {
          void load<Body<void>>().example({ hitl });
          return [hitl];
        },
        async ({ port, join }) => {
          const nobody = await join('/chat/T-1');
          expect(await nobody.closed()).toMatchObject({ code: 4401 });
          const headers = { 'x-user': 'alice' };
          const alice = await join('/chat/T-1', { headers });
          await alice.next('welcome');
          await alice.ask({ type: 'message', content: 'go' });
          await answer(alice, 'approved');
          expect(await said(alice)).toBe('approved');
          const inbox = await join('/inbox', { headers });
          expect(await inbox.next('inbox_snapshot')).toMatchObject({ items: [] });
          const rest = await fetch(`http://127.0.0.1:${port}/soc/hitl/requests`, { headers });
          expect(await rest.json()).toMatchObject({ items: [{ status: 'approved' }] });
        },
      );
    },
  },

  'live-charts': {
    ...bodyOf({ access: accessType }, 'hitl', `import { expressHitl } from 'express-hitl';`),
    play: (load) =>
      withHub({}, async ({ app, url }) => {
        const hitl = await load<Body<ExpressHitl>>().example({ access: { ...access, store: memoryStore() } });
        app.use('/ops', hitl.router);
        const as = (role: string) => fetch(`${url}/ops/charts/`, { headers: { 'x-role': role } });
        expect((await as('analyst')).status).toBe(403);
        expect(await (await as('admin')).text()).toContain('<title>Live charts</title>');
        await hitl.close();
      }),
  },

  closing: {
    ...bodyOf({ hitl: type('ExpressHitl'), server: `import('node:http').Server` }),
    play: (load) =>
      withHub({}, async (hub) => {
        const alice = await hub.connect();
        const bob = await hub.connect({ user: 'bob', dialect: 'classic' });
        const { server, hitl } = hub;
        await load<Body<void>>().example({ hitl, server });
        const closed = new Promise((resolve) => server.once('close', resolve));
        const [ahead, begun] = [connect(hub.port, '127.0.0.1'), connect(hub.port, '127.0.0.1')];
        for (const socket of [ahead, begun]) socket.on('error', () => {});
        await Promise.all([ahead, begun].map((socket) => once(socket, 'connect')));
        begun.write('GET / HTTP/1.1\r\n');
        process.emit('SIGTERM');
        expect(await alice.closed()).toMatchObject({ code: 1001 });
        expect(await bob.closed()).toMatchObject({ code: 1012 });
        // Neither what a browser has opened ahead nor what is half said holds the server.
        await closed;
        for (const socket of [ahead, begun]) socket.destroy();
      }),
  },

  draining: {
    ...bodyOf({ hitl: type('ExpressHitl'), server: `import('node:http').Server` }),
    play: async (load) => {
      let finish = () => {};
      const agent = async (turn: Turn) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        await turn.say('done all the same');
      };
      await withHub({ agent }, async (hub) => {
        const alice = await hub.connect();
        await alice.ask({ type: 'message', content: 'go' });
        const { server, hitl } = hub;
        await load<Body>().example({ hitl, server });
        const closed = new Promise((resolve) => server.once('close', resolve));
        process.emit('SIGTERM');
        expect((await alice.next('going_away')).retry_after_ms).toBeLessThanOrEqual(10_000);
        expect(await alice.ask({ type: 'message', content: 'more' })).toMatchObject({ code: 'closing' });
        finish();
        expect(await said(alice)).toBe('done all the same');
        expect(await alice.next('turn_ended')).toMatchObject({ status: 'completed' });
        expect(await alice.closed()).toMatchObject({ code: 1012 });
        await closed;
      });
    },
  },

  logging: {
    ...bodyOf(
      { access: accessType },
      'hitl',
      `import { expressHitl } from 'express-hitl';\nimport { createLogger, format, transports } from 'winston';`,
    ),
    play: (load) =>
      inEmptyFolder(async () => {
        const hitl = await load<Body<ExpressHitl>>().example({
          access,
        });
        const read = () => {
          try {
            return readFileSync('./data/hitl.log', 'utf8');
          } catch {
            return '';
          }
        };
        while (!read().includes('\n')) await new Promise((resolve) => setImmediate(resolve));
        expect(JSON.parse(read())).toMatchObject({
          level: 'warn',
          message: expect.stringMatching(/No store/),
        });
        await hitl.close();
      }),
  },

  stores: {
    ...bodyOf({}, '[kept, forgotten]', `import { memoryStore, sqliteStore } from 'express-hitl';`),
    play: (load) =>
      inEmptyFolder(async () => {
        const stores = await load<Body<Store[]>>().example({});
        expect(stores).toHaveLength(2);
        for (const store of stores) {
          await withHub({ store }, async (hub) => {
            const { id } = await askApproval(hub);
            expect(await store.request(id)).toMatchObject({ record: { status: 'pending' } });
          });
        }
        expect(readFileSync('./data/hitl.db').toString('latin1')).toMatch(/^SQLite format 3/);
      }),
  },
};
