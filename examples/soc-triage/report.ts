/** The demo's own kind of request: a report whose generated form has a field of every sort; Warren and the service ask it. */
import { defineKind } from 'express-hitl';
import { z } from 'zod';

const payload = z.strictObject({
  alert: z.string().min(1).max(200),
  /** What the report should go into. */
  instructions: z.string().max(2_000).optional(),
});

const host = z.strictObject({ name: z.string().min(1).max(80), isolated: z.boolean() });

const response = z.strictObject({
  title: z.string().min(1).max(80).describe('One line'),
  summary: z.string().min(1).max(4_000).describe('Several lines'),
  confidence: z.number().min(0).max(1),
  accounts_affected: z.int().min(0).max(10_000).default(0),
  contained: z.boolean(),
  customer_informed: z.boolean().optional(),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  tactics: z.array(z.enum(['Initial access', 'Execution', 'Persistence', 'Exfiltration', 'Impact'])),
  detected_on: z.iso.date(),
  shift_begins: z.iso.time(),
  contained_at: z.iso.datetime({ offset: true }).optional(),
  contact: z.email(),
  runbook: z.url({ protocol: /^https?$/ }).optional(),
  owner: z.string().min(1).max(80).nullable().describe('Nobody, if it has none yet'),
  asset: z
    .union([z.int().min(1).max(999_999), z.string().min(1).max(80)])
    .describe('An inventory number, or a name'),
  hosts: z.array(host).max(20),
  location: z.strictObject({ site: z.string().min(1).max(80), room: z.string().max(20).optional() }),
  labels: z.record(z.string().min(1).max(40), z.string().max(200)),
});

/** For the option `kinds`. */
export const incidentReport = defineKind({ payload, response });
