/** The console where no WebSocket gets through: a person works in it all the same, and is notified. */
import type { Browser } from 'playwright-core';
import { portOf } from '../../lib/hub/hub';
import type { TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { StrippingProxy } from '../client/stripping-proxy';
import { Operator } from './operator';
import { ask, stageAgent, stageHub } from './stage';

jest.setTimeout(30_000);

describeInChromium(
  'spec/console/stream.spec.ts',
  'the console behind a proxy that loses upgrades',
  (launch) => {
    let browser: Browser;
    let hub: TestHub;
    let proxy: StrippingProxy;
    beforeAll(async () => {
      [browser, hub] = await Promise.all([launch(), stageHub({ agent: stageAgent })]);
      proxy = await StrippingProxy.open(() => hub.port);
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await proxy?.close();
      await hub?.close();
    });

    it('says so, and people read, write and answer in it', async () => {
      const { id } = await ask(hub, { ticketId: 'T-1' });
      const alice = await Operator.enter(browser, `${proxy.url}/soc`, 'alice', { at: '/tickets/T-1' });
      try {
        await alice.sees(
          'Connected without a WebSocket, since none gets through to the server. Everything works.',
        );
        if (process.env.SHOTS) await alice.page.screenshot({ path: `${process.env.SHOTS}/stream.png` });
        await alice.say('over a stream');
        await alice.sees('You said: over a stream');
        await alice.card(id).getByRole('button', { name: 'Approve' }).click();
        expect(await portOf(hub.hub).hitl.wait(id)).toMatchObject({
          status: 'approved',
          respondedBy: { userId: 'alice' },
        });
      } finally {
        await alice.leave();
      }
    });
  },
);
