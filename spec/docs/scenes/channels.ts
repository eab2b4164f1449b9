/** The scenes of `docs/channels.md`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import {
  type Channel,
  DeliveryRefused,
  type ExpressHitl,
  type FailedDelivery,
  webhookChannel,
} from '../../../lib';
import { portOf } from '../../../lib/hub/hub';
import type { TestHub } from '../../../lib/testing/test-hub';
import { until } from '../../transport/until';
import { bodyOf, type Scenes, type } from '../example';
import { askApproval, withHub } from '../stage';
import { access, accessType, type Body, importPlugin } from './frames';

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const links = {
  secret: 'thirty-two bytes that nobody else knows',
  baseUrl: 'https://app.example.com/soc',
};
/** What was given up, once something was. */
async function firstDead({ hub }: TestHub): Promise<readonly FailedDelivery[]> {
  for (;;) {
    const dead = (await hub.channels.failed()) ?? [];
    if (dead.length > 0) return dead;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
const refuse = () => {
  throw new DeliveryRefused('nobody is there');
};

export const channelsScenes: Scenes = {
  channel: {
    ...bodyOf(
      {
        access: accessType,
        links: type('LinkOptions'),
        chat: '{ put(card: object, options: { idempotencyKey: string; signal: AbortSignal }): Promise<void> }',
      },
      'hitl',
      `import { type Channel, expressHitl } from 'express-hitl';`,
    ),
    play: async (load) => {
      const cards: object[] = [];
      const chat = { put: async (card: object) => void cards.push(card) };
      const { hub, start, close } = await load<Body<ExpressHitl>>().example({
        access: { auth: { ...access.auth, findUser: (id: string) => ({ id }) } },
        links,
        chat,
      });
      await start();
      const { id } = await askApproval({ hub });
      await until(() => cards.length === 1, 'there is a card');
      await portOf(hub).hitl.cancel(id, 'not needed');
      await until(() => cards.length === 2, 'the card is retired');
      expect(cards).toEqual([
        {
          key: id,
          text: 'May block_ip run?',
          url: expect.stringMatching(/^https:\/\/app\.example\.com\/soc\/hitl\/links\//),
        },
        { key: id, text: 'It is cancelled.' },
      ]);
      await close();
    },
  },

  refused: {
    ...bodyOf(
      { chat: '{ has(room: string): Promise<boolean> }' },
      'present',
      `import { type Channel, DeliveryRefused } from 'express-hitl';`,
    ),
    play: async (load) => {
      const chat = { has: async () => false };
      const present = await load<Body<Channel['present']>>().example({ chat });
      await withHub({ channels: { chat: { present, settle: () => {} } } }, async (hub) => {
        await askApproval(hub);
        expect(await firstDead(hub)).toMatchObject([
          { channel: 'chat', error: 'DeliveryRefused: The room is gone' },
        ]);
      });
    },
  },

  failed: {
    ...bodyOf({ hub: type('Hub'), pager: '{ page(text: string): void }' }),
    play: async (load) => {
      await withHub({ channels: { fax: { present: refuse, settle: refuse } } }, async (hub) => {
        const pages: string[] = [];
        await load<Body>().example({ hub: hub.hub, pager: { page: (text: string) => pages.push(text) } });
        const { id } = await askApproval(hub);
        await until(() => pages.length === 1, 'somebody is paged');
        expect(pages).toEqual([`fax lost ${id} after 1 tries: DeliveryRefused: nobody is there`]);
      });
    },
  },

  dead: {
    ...bodyOf({ hub: type('Hub'), report: '(text: string) => void' }),
    play: async (load) => {
      await withHub({ channels: { fax: { present: refuse, settle: refuse } } }, async (hub) => {
        const { id } = await askApproval(hub);
        await firstDead(hub);
        const report = jest.fn();
        await load<Body>().example({ hub: hub.hub, report });
        const text = `fax was not told present of ${id}: DeliveryRefused: nobody is there`;
        expect(report.mock.calls).toEqual([[text]]);
      });
    },
  },

  webhook: {
    ...bodyOf(
      { access: accessType },
      'hitl',
      importPlugin.replace('expressHitl', 'expressHitl, webhookChannel'),
    ),
    play: async (load) => {
      process.env.WEBHOOK_SECRET = secret;
      const posted: string[] = [];
      jest.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
        posted.push(String(url));
        return new Response(null, { status: 204 });
      });
      const { hub, start, close } = await load<Body<ExpressHitl>>().example({ access });
      await start();
      delete process.env.WEBHOOK_SECRET;
      await askApproval({ hub });
      await until(() => posted.length === 1, 'it is posted');
      expect(posted).toEqual(['https://hooks.example.com/hitl']);
      await close();
    },
  },

  receive: {
    ...bodyOf(
      {
        app: `import('express').Express`,
        secret: 'string',
        seen: 'Set<string | undefined>',
        show: '(type: string, hitl: object) => void',
      },
      'undefined',
      `import express from 'express';
import { Webhook } from 'standardwebhooks';
type Told = { type: string; data: { hitl: object } };`,
    ),
    play: async (load) => {
      const shown: string[] = [];
      const app = express();
      const show = (type: string) => void shown.push(type);
      await load<Body>().example({ app, secret, seen: new Set(), show });
      const server = createServer(app);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const hook = webhookChannel({ url: `http://127.0.0.1:${port}/hitl`, secret, allowHttp: true });
      await withHub({ channels: { hook } }, async (hub) => {
        const { id } = await askApproval(hub);
        await until(() => shown.length === 1, 'it is shown');
        await portOf(hub.hub).hitl.cancel(id, 'not needed');
        await until(() => shown.length === 2, 'it is retired');
        expect(shown).toEqual(['hitl_request.present', 'hitl_request.settle']);
      });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  },
};
