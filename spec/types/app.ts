/** The app of the type tests: kinds by zod, by a function and by JSON Schema, users with a field of their own, and a tool. */
import type { Request } from 'express';
import { defineKind, expressHitl, jsonSchema } from 'express-hitl';
import { z } from 'zod';

export const auth = {
  identify: (req: Request) => ({ id: req.get('x-user') ?? '', groups: ['all'], tenant: 'acme' }),
  authorize: () => 'allow' as const,
};

export const hitl = expressHitl({
  auth,
  kinds: {
    refund: defineKind({
      payload: z.object({ order: z.string(), cents: z.number().default(100) }),
      response: z.object({ cents: z.number() }),
    }),
    severity: defineKind({
      payload: z.object({ alert: z.string(), highest: z.number() }),
      response: ({ highest }) => z.object({ level: z.number().max(highest) }),
    }),
    publish: defineKind({
      title: 'Publish a page',
      payload: jsonSchema<{ page: string }>({ type: 'object' }),
    }),
  },
});
export type App = typeof hitl.$types;

export const blockIp = hitl.tool({
  name: 'block_ip',
  args: z.object({ ip: z.string(), minutes: z.number().default(15) }),
  run: async ({ ip, minutes }, { signal }) => ({ rule: `${ip} ${minutes}`, aborted: signal.aborted }),
  rules: [
    { when: ({ minutes }, turn) => turn.user.tenant === 'acme' && minutes < 5, decide: 'allow' },
    { decide: 'ask', ask: { editable: true, escalate: { after: '15m', to: { groups: ['lead'] } } } },
  ],
});
