/** A kind of request whose form has every control; the specs of forms and the pictures of them use it. */
import { z } from 'zod';
import { defineKind } from '../../lib/index';
import type { TestHubOptions } from '../../lib/testing/test-hub';

const address = z.strictObject({ street: z.string().min(1), zip: z.string().max(5).optional() });
const node = z.strictObject({
  name: z.string().min(1),
  get parts() {
    return z.array(node).optional();
  },
});

export const everyControl = z.strictObject({
  note: z.string().meta({ title: 'Note', description: 'In several lines where that is clearer' }),
  mode: z.string().default('drop').meta({ title: 'Mode' }),
  mail: z.email().optional().meta({ title: 'Mail' }),
  page: z.url().optional().meta({ title: 'Page' }),
  day: z.iso.date().optional().meta({ title: 'Day' }),
  hour: z.iso.time().optional().meta({ title: 'Hour' }),
  moment: z.iso.datetime({ offset: true }).optional().meta({ title: 'Moment' }),
  level: z.int().min(1).max(5).meta({ title: 'Level' }),
  share: z.number().gt(0).multipleOf(0.5).default(1.5).meta({ title: 'Share' }),
  urgent: z.boolean().meta({ title: 'Urgent' }),
  notify: z.boolean().optional().meta({ title: 'Notify' }),
  team: z.enum(['soc', 'network', 'identity']).meta({ title: 'Team' }),
  region: z
    .enum(['eu1', 'eu2', 'us1', 'us2', 'ap1', 'ap2', 'af1', 'sa1', 'me1'])
    .optional()
    .meta({ title: 'Region' }),
  tags: z.array(z.enum(['a', 'b', 'c'])).meta({ title: 'Tags' }),
  owner: z.string().nullable().meta({ title: 'Owner' }),
  ports: z.array(z.int()).max(3).meta({ title: 'Ports' }),
  address: address.optional().meta({ title: 'Address' }),
  pair: z.tuple([z.string(), z.number()]).optional().meta({ title: 'Pair' }),
  labels: z.record(z.string(), z.string()).optional().meta({ title: 'Labels' }),
  action: z
    .discriminatedUnion('do', [
      z.strictObject({ do: z.literal('block'), minutes: z.int() }),
      z.strictObject({ do: z.literal('watch'), who: z.string().optional() }),
    ])
    .meta({ title: 'Action' }),
  tree: node.optional().meta({ title: 'Tree' }),
  extra: z.unknown().optional().meta({ title: 'Extra' }),
  comment: z.string().max(20).optional(),
});

export const kinds: NonNullable<TestHubOptions['kinds']> = {
  everything: defineKind({ payload: z.looseObject({ title: z.string() }), response: everyControl }),
  silent: defineKind({
    payload: z.looseObject({ title: z.string() }),
    response: z.strictObject({ ok: z.literal(true) }),
  }),
  severe: defineKind({
    payload: z.looseObject({ title: z.string() }),
    response: z
      .strictObject({
        from: z.int(),
        to: z.int(),
        list: z.array(z.strictObject({ x: z.string().regex(/^[a-z]+$/i) })).optional(),
      })
      .refine(({ from, to }) => from <= to, 'From may not be after to'),
  }),
};
