/** A shop's refunds: support has to allow each, then finance, within a day; nothing is paid before both have said yes. */
import { createServer } from 'node:http';
import express from 'express';
import { type AnswerPolicy, defineKind, type ExpressHitlOptions, expressHitl } from 'express-hitl';
import { z } from 'zod';

/** Who works here; stands for the directory your company has. */
const staff: Record<string, string[]> = { sam: ['sales'], sue: ['support'], finn: ['finance'] };

/** What has to be said yes to, and by whom. */
export const refundPolicy: AnswerPolicy = {
  stages: [
    { name: 'support', groups: ['support'] },
    { name: 'finance', groups: ['finance'] },
  ],
};

const refund = defineKind({
  payload: z.strictObject({ order: z.string(), amount: z.number().positive() }),
});

/**
 * The app, not yet listening.
 * @param pay moves the money
 * @param given what a test wants to be in control of: the store, the clock
 */
export function createRefundApp(
  pay: (order: string) => void,
  given: Pick<Partial<ExpressHitlOptions>, 'store' | 'clock' | 'logger' | 'http' | 'limits'> = {},
) {
  const hitl = expressHitl({
    auth: {
      identify: (req) => {
        const id = req.get('x-user'); // stands for the login your app has
        return id && staff[id] ? { id, groups: staff[id] } : null;
      },
      authorize: () => 'allow',
    },
    kinds: { refund },
    ...given,
  });
  hitl.hub.on('request.resolved', ({ request }) => {
    if (request.kind === 'refund' && request.status === 'approved') pay(request.payload.order);
  });
  const app = express();
  app.post('/refunds', express.json(), async (req, res) => {
    const { id } = await hitl.hub.requests.open({
      ticketId: 'refunds',
      sessionId: 'shop',
      requestedBy: req.get('x-user') ?? '',
      kind: 'refund',
      payload: req.body,
      policy: refundPolicy,
      expiresIn: '1d',
    });
    res.status(201).json({ id });
  });
  app.use(hitl.router);
  return { app, hitl };
}

if (require.main === module) {
  const { app, hitl } = createRefundApp((order) => console.log('Paid', order));
  const server = createServer(app);
  hitl.attach(server);
  server.listen(3000, () => console.log('http://localhost:3000'));
}
