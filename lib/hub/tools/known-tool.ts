/** A tool as it was made, and its arguments as its schema reads them; what makes tools and what calls them share it. */
import type { z } from 'zod';
import { HubError } from '../../errors';
import { describeIssue } from '../../protocol/codec';
import { isSameJson, jsonCopy } from '../kinds/kinds';
import type { ToolRule } from './tool-rules';

export type Args = Record<string, unknown>;

/** What a run is given beside the arguments. */
export interface RunContext {
  /** Aborted when the turn is over or the time is up. */
  signal: AbortSignal;
  /** The same for every try of the same call, and for no other: an idempotency key. */
  key: string;
}

export interface KnownTool {
  name: string;
  description: string | undefined;
  schema: z.ZodType<Args>;
  timeoutMs: number | undefined;
  isIdempotent: boolean;
  rules: readonly ToolRule<Args>[];
  run(args: Args, context: RunContext): unknown;
}

/** @throws HubError `invalid_request` */
export function read({ name, schema }: KnownTool, given: unknown): Args {
  let parsed: z.ZodSafeParseResult<Args>;
  try {
    parsed = schema.safeParse(given);
  } catch (cause) {
    // A schema that is asynchronous, or whose own code throws.
    throw new HubError('invalid_request', { message: `The schema of ${name} failed`, cause });
  }
  if (!parsed.success)
    throw new HubError('invalid_request', {
      message: `The arguments do not fit ${name}: ${parsed.error.issues.slice(0, 8).map(describeIssue).join('; ')}`,
    });
  return parsed.data;
}

/**
 * The arguments as the tool is given them, once it is sure that these are the ones people see: a schema that makes
 * something else of them each time it reads them would run what was not approved.
 * @throws HubError `invalid_request`
 */
export function asShown(tool: KnownTool, shown: unknown): Args {
  const args = read(tool, jsonCopy(shown));
  if (isSameJson(args, shown)) return args;
  throw new HubError('invalid_request', {
    message: `The schema of ${tool.name} does not take what it gives; make it stable`,
  });
}
