/** The app, tested by the model: every event in every state, over real HTTP and WebSockets, restarted after every step. */
import { test } from 'node:test';
import { startTestHub, type TestHub, testModel } from 'express-hitl/testing';
import { createRefundApp } from './refunds';
import { refundModel } from './refunds.model';

type App = ReturnType<typeof createRefundApp>['hitl']['$types'];

/** One refund in the real app. */
class Refund {
  constructor(
    readonly shop: TestHub<App>,
    readonly id: string,
    readonly paid: string[],
  ) {}

  static async ask(): Promise<Refund> {
    const paid: string[] = [];
    const shop = await startTestHub({
      create: (given) => createRefundApp((order) => paid.push(order), given),
      sqlite: true,
    });
    const answer = await fetch(`${shop.url}/refunds`, {
      method: 'POST',
      headers: { 'x-user': 'sam', 'content-type': 'application/json' },
      body: JSON.stringify({ order: 'A-17', amount: 80 }),
    });
    return new Refund(shop, ((await answer.json()) as { id: string }).id, paid);
  }

  async answer(user: string, status: 'approved' | 'denied'): Promise<void> {
    const client = await this.shop.connect({ user, ticketId: 'refunds' });
    await client.ask({ type: 'hitl_respond', request_id: this.id, revision: 1, status });
    await client.close();
  }

  async look() {
    const { status, stage } = await this.shop.hub.requests.get(this.id);
    return { state: status === 'pending' ? ['support', 'finance'][stage] : status, paid: this.paid.length };
  }
}

const cases = [{ who: 'sam' }, { who: 'sue' }, { who: 'finn' }];
const model = testModel(refundModel, {
  events: {
    approve: { cases, perform: (refund: Refund, { who }) => refund.answer(who, 'approved') },
    deny: { cases, perform: (refund: Refund, { who }) => refund.answer(who, 'denied') },
    wait: { perform: (refund: Refund) => refund.shop.advance('1d') },
  },
  look: (refund: Refund) => refund.look(),
  view: ({ value }) => ({ state: value, paid: value === 'approved' ? 1 : 0 }),
});

test('a refund is paid once both have said yes, whatever else is tried and however often the server restarts', async () => {
  const restart = (refund: Refund) => refund.shop.restart();
  await model.test({ start: Refund.ask, restart, stop: (refund) => refund.shop.close() });
  model.assertCoverage();
});
