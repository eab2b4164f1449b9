/** Who may answer a request, as it travels; requests are shown with it and asked with it. */
import { z } from 'zod';
import type { AnswerPolicy } from './records';

const people = { users: z.array(z.string()).optional(), groups: z.array(z.string()).optional() };
const stage = {
  ...people,
  name: z.string().optional(),
  approvals: z.number().int().optional(),
  of: z.number().int().optional(),
};
export const policySchema = z.object({
  ...stage,
  stages: z.array(z.object(stage)).optional(),
  exclude_requester: z.boolean().optional(),
  denial: z.enum(['veto', 'majority']).optional(),
  claim: z.enum(['courtesy', 'exclusive']).optional(),
  agreement: z.enum(['same', 'any']).optional(),
});
/** A policy in a request body: an unknown field is refused, since it may have been meant to exclude a person. */
export const askedPolicySchema = policySchema
  .extend({ stages: z.array(z.strictObject(stage)).optional() })
  .strict();
export const peopleSchema = z.strictObject(people);

export function policyView({ excludeRequester, ...policy }: AnswerPolicy): z.infer<typeof policySchema> {
  return policySchema.parse({ ...policy, ...(excludeRequester && { exclude_requester: true }) });
}
