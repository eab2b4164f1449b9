import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { createApp } from '../../examples/mail-approval/app';
import { until } from '../transport/until';
import { isMessage } from './messages';
import { RunningApp } from './running-app';
import { Visitor } from './visitor';

describe('the app that asks by mail', () => {
  let folder: string;
  let app: RunningApp;
  let rita: Visitor;
  const paid: object[] = [];
  beforeEach(async () => {
    paid.length = 0;
    folder = mkdtempSync(join(tmpdir(), 'hitl-mails-'));
    app = await RunningApp.start(createApp(folder, (args) => paid.push(args)));
    rita = new Visitor(app, { 'x-user': 'rita' });
  });
  afterEach(async () => {
    await rita.leave();
    await app.stop();
    rmSync(folder, { recursive: true });
  });

  /** The texts of the mails to someone. */
  const mails = (to: string): string[] => {
    try {
      const names = readdirSync(join(folder, 'mails')).filter((name) => name.endsWith(`.${to}.txt`));
      return names.map((name) => readFileSync(join(folder, 'mails', name), 'utf8'));
    } catch {
      return [];
    }
  };
  const linkIn = (text = '') => /http:\/\/localhost:3000(\/hitl\/links\/\S+)/.exec(text)?.[1];

  it('fits on one screen', () => {
    const source = readFileSync(join(__dirname, '../../examples/mail-approval/app.ts'), 'utf8');
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(56);
  });

  it.each([
    ['approved', 'Paid.', [{ invoice: '2026-17' }]],
    ['denied', 'Not paid: denied.', []],
  ] as const)(
    'does what a lead has %s by the link in their mail, and notifies both leads',
    async (status, said, expected) => {
      const socket = await rita.join('/ws/chat/ticket/T-1');
      await socket.ask({ type: 'message', content: '2026-17' });
      await until(() => linkIn(mails('bob')[0]) !== undefined, 'Bob has his mail');
      expect(paid).toEqual([]);
      const link = linkIn(mails('bob')[0]) ?? '';
      expect(mails('ann')[0]).toMatch(/^To: ann@example\.com\n\nrita asks you: http/);
      expect(linkIn(mails('ann')[0])).not.toBe(link);
      await request(app.url)
        .get(link)
        .expect(200, /May pay run/);
      await request(app.url)
        .post(link)
        .type('form')
        .send({ status })
        .expect(200, /by bob/);
      expect((await socket.next(isMessage('response'))).message.content).toBe(said);
      expect(paid).toEqual(expected);
      const isTold = (to: string) =>
        mails(to).some((text) => text.includes(`Nothing left to do: it is ${status}.`));
      await until(() => isTold('ann') && isTold('bob'), 'both have their second mail');
      await request(app.url).post(link).type('form').send({ status: 'approved' }).expect(409);
      expect(paid).toEqual(expected);
    },
  );
});
