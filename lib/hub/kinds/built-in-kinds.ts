/** The two kinds of request that every hub has, tool approvals and questions: what each may ask and which answers fit; `Kinds` adds the app's own. */
import { z } from 'zod';
import { maxCommentLength } from '../../protocol/client-frames';
import { grantOfferSchema, maxGrantOffers } from '../../protocol/grants';
import type { GrantTerms, RequestResponse } from '../../protocol/records';
import { unknownField } from '../../protocol/unknown-field';
import { comment } from './approvals';

/** A kind of request. What fits as an answer may depend on what was asked. */
export interface Kind {
  title?: string | undefined;
  payload: z.ZodType<Record<string, unknown>>;
  /** What an approval carries. */
  approval(payload: Record<string, unknown>): z.ZodType<RequestResponse>;
}

/** A denial says at most why, and so does the approval of a tool. Made once, as all below: to make a schema costs more than to use it. */
export const commentOnly = z.strictObject({ comment });

/** Everything in a payload is digested and approved, so it has nothing that no page shows. */
const advice = 'put what is only shown into display';

const toolApprovalFields = {
  tool_name: z.string().min(1).max(256),
  tool_args: z.record(z.string(), z.unknown()),
  /** Whether the arguments may be edited before they are approved. */
  editable: z.boolean().optional(),
  /** What may be given with the approval; at most one of them is. */
  grants: z.array(grantOfferSchema).min(1).max(maxGrantOffers).optional(),
};
const toolApprovalPayload = z.strictObject(toolApprovalFields, {
  error: unknownField(advice),
});
/** As it is read of a request that is there: older ones may have more. */
const storedToolApproval = z.object(toolApprovalFields);

const questionFields = {
  question: z.string().min(1).max(10_000),
  options: z.array(z.string().min(1).max(1_000)).max(100).nullish(),
  /** Whether an answer outside the options is accepted; without options it always is. */
  free_text: z.boolean().optional(),
};
const questionPayload = z.strictObject(questionFields, {
  error: unknownField(advice),
});
const storedQuestion = z.object(questionFields);

const freeAnswer = z.strictObject({
  comment,
  // As it was typed: what is shown is what the agent is given.
  answer: z.string().max(maxCommentLength).regex(/\S/, 'A question needs an answer'),
});

/** The reference's question (A62). */
export const question: Kind = {
  payload: questionPayload,
  approval: (payload) => {
    const { options, free_text: freeText } = storedQuestion.parse(payload);
    return options?.length && !freeText ? z.strictObject({ comment, answer: z.enum(options) }) : freeAnswer;
  },
};

/** A tool whose arguments can be edited. */
export interface KnownTool {
  args: z.ZodType<Record<string, unknown>>;
  /** The schema of what an approval carries; built once. */
  approval: z.ZodType<RequestResponse>;
}

const unoffered = 'That grant is not offered';

/** The reference's tool approval (A62); edited arguments must fit the tool, so only known tools can be edited. */
export function toolApproval(tools: ReadonlyMap<string, KnownTool>): Kind {
  return {
    payload: toolApprovalPayload,
    approval: (payload) => {
      // Most say neither, and then nothing in the payload matters.
      if (!payload.editable && !payload.grants) return commentOnly;
      const { editable, tool_name: name, grants } = storedToolApproval.parse(payload);
      const tool = editable ? tools.get(name) : undefined;
      return grants ? grantingApproval(grants, tool?.args) : (tool?.approval ?? commentOnly);
    },
  };
}

/** What an approval carries that may take one of these grants, and edit the arguments where their schema is given. */
function grantingApproval(
  grants: readonly GrantTerms[],
  args: z.ZodType<Record<string, unknown>> | undefined,
): z.ZodType<RequestResponse> {
  const grant = z
    .int()
    .min(0, unoffered)
    .max(grants.length - 1, unoffered)
    .optional();
  if (!args) return z.strictObject({ comment, grant });
  return z
    .strictObject({ comment, grant, tool_args: args.optional() })
    .refine((approval) => !approval.tool_args || chosen(grants, approval)?.args !== 'any', {
      path: ['grant'],
      error: 'What was edited can be granted for exactly these arguments only',
    });
}

/** The grants that a request offers; only tool approvals do. */
export function grantsOffered(request: { type: string; payload: Record<string, unknown> }): GrantTerms[] {
  if (request.type !== 'tool_approval' || !request.payload.grants) return [];
  return storedToolApproval.safeParse(request.payload).data?.grants ?? [];
}

/** The one that a response chooses. */
export function grantChosen(
  request: { type: string; payload: Record<string, unknown> },
  response: RequestResponse | undefined,
): (GrantTerms & { index: number }) | undefined {
  return response && chosen(grantsOffered(request), response);
}

function chosen(offered: readonly GrantTerms[] | undefined, response: Record<string, unknown>) {
  const { grant: index } = response;
  const terms = typeof index === 'number' ? offered?.[index] : undefined;
  return terms && { ...terms, index: Number(index) };
}
