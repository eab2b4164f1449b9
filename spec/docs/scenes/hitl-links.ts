/** The scenes of `docs/hitl.md`: answering by a link. */
import express from 'express';
import request from 'supertest';
import type { ExpressHitl } from '../../../lib';
import { bodyOf, type Scenes, type } from '../example';
import { askApproval, withHub } from '../stage';
import { access, accessType, type Body, importPlugin } from './frames';

const secret = 'thirty-two bytes that nobody else knows';
const person = (id: string) => ({ id, name: 'Alice' });

export const hitlLinksScenes: Scenes = {
  links: {
    ...bodyOf(
      {
        access: accessType,
        app: `import('express').Express`,
        directory: `{ find(id: string): ${type('User')} }`,
        requireLogin: `import('express').RequestHandler`,
      },
      'hitl',
      importPlugin,
    ),
    play: async (load) => {
      process.env.LINK_SECRET = secret;
      const app = express();
      const requireLogin: express.RequestHandler = (_req, res) => void res.sendStatus(401);
      const given = { access, app, directory: { find: person }, requireLogin };
      const { hub, start, close } = await load<Body<ExpressHitl>>().example(given);
      await start();
      delete process.env.LINK_SECRET;
      const { id } = await askApproval({ hub });
      const link = String(await hub.links.create({ requestId: id, userId: 'alice' }));
      const { pathname } = new URL(link);
      await request(app)
        .get(pathname)
        .expect(200, /May block_ip run/);
      await request(app).get('/soc/hitl/requests').expect(401);
      await request(app)
        .post(pathname)
        .type('form')
        .send({ status: 'approved' })
        .expect(200, /by Alice/);
      await close();
    },
  },

  'create-link': {
    ...bodyOf({
      hub: type('Hub'),
      request: type('RequestRecord'),
      mail: '{ send(to: string, text: string): Promise<void> }',
    }),
    play: async (load) => {
      const links = { secret, baseUrl: 'https://app.example.com/soc' };
      await withHub({ links, auth: { findUser: person } }, async (hub) => {
        const send = jest.fn(async () => {});
        await load<Body>().example({ hub: hub.hub, request: await askApproval(hub), mail: { send } });
        const text = expect.stringMatching(
          /^Please decide: https:\/\/app\.example\.com\/soc\/hitl\/links\/\S+$/,
        );
        expect(send).toHaveBeenCalledWith('alice@example.com', text);
      });
    },
  },
};
