/** What people are shown beside the payload of a request, as it travels; requests are shown with it and asked with it. */
import { z } from 'zod';
import type { Display } from './records';

const link = {
  url: z.url({ protocol: /^https?$/, error: 'A link begins with http:// or https://' }).max(2_000),
  label: z.string().min(1).max(200).optional(),
};
const shown = {
  title: z.string().min(1).max(200).optional(),
  description: z.string().min(1).max(10_000).optional(),
  /** Why it is asked. */
  reason: z.string().min(1).max(2_000).optional(),
  risk: z.enum(['low', 'medium', 'high', 'critical']).optional(),
  links: z.array(z.strictObject(link)).max(20).optional(),
};
/** What people are shown beside the payload. */
export const displaySchema = z.strictObject(shown);

export function displayView({ links, ...said }: Display): z.infer<typeof displaySchema> {
  return { ...said, ...(links && { links: links.map((link) => ({ ...link })) }) };
}
