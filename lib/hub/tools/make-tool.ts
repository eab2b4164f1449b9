/** Makes what an agent calls with people in front: checks and copies its options, its schema and its rules; `hitl.tool` makes tools here. */
import type { z } from 'zod';
import { HubError } from '../../errors';
import type { HitlTypes } from '../kinds/app-types';
import { deepFreeze, jsonCopy } from '../kinds/kinds';
import { jsonSchemaOf, zodOf } from '../kinds/schemas';
import type { ObjectSchema, SchemaInput, SchemaOutput } from '../kinds/standard-schema';
import { registerTool, type Tool } from '../kinds/tool';
import { toolFields } from '../options/asked-options';
import { type Duration, toMillis } from '../options/duration';
import { assertOptions, isPlain } from '../options/options';
import type { Turn, TurnPort } from '../turns/turn';
import { callTool } from './call-tool';
import { type Args, type KnownTool, type RunContext, read } from './known-tool';
import { rulesOf, type ToolRule } from './tool-rules';
import type { RunParts } from './tool-run';

export type { RunContext } from './known-tool';

/** Something an agent can do. */
export interface ToolOptions<S extends ObjectSchema, Result, App extends HitlTypes> {
  name: string;
  /** What it does, for models, and for people beside a request that has no description of its own in `display`. */
  description?: string;
  /**
   * What its arguments must be, also after an edit. It must take what it gives: a person sees, and approves, what it has made
   * of the arguments, and the tool is given just that.
   */
  args: S;
  run(args: SchemaOutput<S>, context: RunContext): Result | Promise<Result>;
  /** How long a run may take; the wait for people does not count. Default: as long as it likes. */
  timeout?: Duration;
  /**
   * A run that its process left unfinished is run again, with the same `key`, and nobody is asked whether it was done. Of
   * durable turns only. Default false.
   */
  idempotent?: boolean;
  /** The first that fits decides; where none fits, people are asked. */
  rules?: readonly ToolRule<SchemaOutput<S>, App>[];
}

/**
 * A tool with people in front. Without a rule that fits, people are asked. The options are taken as they are now: what becomes
 * of these objects later changes nothing.
 * @throws HubError `invalid_request` for a tool or rule that has an unknown field or cannot be
 */
export function makeTool<S extends ObjectSchema, Result, App extends HitlTypes>(
  parts: RunParts,
  options: ToolOptions<S, Result, App>,
): Tool<SchemaInput<S> & object, SchemaOutput<S> & object, Awaited<Result>> {
  const known = knownTool(options as unknown as ToolOptions<ObjectSchema, unknown, HitlTypes>);
  parts.hitl.defineTool(known.name, known.schema);
  const { name, description } = known;
  const argsSchema = deepFreeze(structuredClone(schemaFor(known.schema)));
  const tool = { name, ...(description !== undefined && { description }), argsSchema, '~tool': undefined };
  Object.freeze(tool);
  registerTool(tool as unknown as Tool, {
    read: (args) => deepFreeze(read(known, jsonCopy(args))),
    call: (turn, port, args, call) =>
      callTool({ ...parts, tool: known, turn: turn as Turn, port: port as TurnPort }, args, call),
  });
  return tool as unknown as Tool<SchemaInput<S> & object, SchemaOutput<S> & object, Awaited<Result>>;
}

/** @throws HubError `invalid_request` */
function knownTool(given: ToolOptions<ObjectSchema, unknown, HitlTypes>): KnownTool {
  const { name, description, args, run, timeout, idempotent, rules = [] } = given;
  // An instance of a class has fields of its own.
  const named = isPlain(given)
    ? given
    : {
        name,
        args,
        run,
        ...(timeout !== undefined && { timeout }),
        ...(idempotent !== undefined && { idempotent }),
      };
  assertOptions('The tool', named, toolFields);
  if (typeof run !== 'function')
    throw new HubError('invalid_request', { message: 'The tool: run must be a function' });
  return {
    name,
    description,
    schema: zodOf(args) as z.ZodType<Args>,
    timeoutMs: timeout === undefined ? undefined : toMillis(timeout),
    isIdempotent: idempotent ?? false,
    rules: rulesOf(rules as unknown as readonly ToolRule<Args>[]),
    run: (...call) => run.call(given, ...call),
  };
}

function schemaFor(schema: z.ZodType): Args {
  try {
    return jsonSchemaOf(schema) ?? { type: 'object' };
  } catch {
    return { type: 'object' };
  }
}
