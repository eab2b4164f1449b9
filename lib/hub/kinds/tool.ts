/** A tool as the app holds it, and what stands behind one; `hitl.tool` makes tools, turns ask for them and call them. */
import { HubError } from '../../errors';
import type { JsonObject } from './app-types';

/** A tool with people in front: `turn.callTool(tool, args)`, `turn.approve({ tool, args })`. */
export interface Tool<ArgsIn extends object = JsonObject, Args extends object = ArgsIn, Result = unknown> {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments, for a model; `{ type: 'object' }` where the schema of the tool has none. */
  readonly argsSchema: JsonObject;
  /** Types only. */
  readonly '~tool': { argsIn: ArgsIn; args: Args; result: Result };
}
// biome-ignore lint/suspicious/noExplicitAny: any tool
export type AnyTool = Tool<any, any, any>;
/** The arguments that a tool is called with. */
export type ToolArgsIn<T> = T extends Tool<infer A, infer _B, infer _R> ? A : never;
/** The arguments as people see them and as they are run. */
export type ToolArgs<T> = T extends Tool<infer _A, infer B, infer _R> ? B : never;
export type ToolResult<T> = T extends Tool<infer _A, infer _B, infer R> ? R : never;

/** What stands behind a tool. */
export interface ToolParts {
  /** The arguments as its schema takes them, frozen. @throws HubError `invalid_request` */
  read(args: unknown): JsonObject;
  /** @param turn the one that calls @param port its line to the hub */
  call(turn: unknown, port: unknown, args: unknown, options: { callId?: string }): Promise<unknown>;
}

const made = new WeakMap<object, ToolParts>();

export function registerTool(tool: AnyTool, parts: ToolParts): void {
  made.set(tool, parts);
}

/** @throws HubError `invalid_request` for what `hitl.tool` did not make */
export function partsOf(tool: AnyTool): ToolParts {
  const parts = typeof tool === 'object' && tool !== null ? made.get(tool) : undefined;
  if (parts) return parts;
  throw new HubError('invalid_request', {
    message: 'This is not a tool: make one with hitl.tool({ name, args, run })',
  });
}
