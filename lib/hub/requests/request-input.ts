/** What is asked, by kind, as the app writes it, and as the hub stores it; turns and `Requests` ask through here. */
import { HubError } from '../../errors';
import type { Via } from '../../protocol/audit';
import type { User } from '../../protocol/records';
import type { HitlTypes, JsonObject, KindName, OwnKindName, PayloadIn } from '../kinds/app-types';
import { type GrantOffer, toGrantTerms } from '../kinds/grant-terms';
import { type AnyTool, partsOf } from '../kinds/tool';
import { approveFields, kindFields, questionFields } from '../options/asked-options';
import { assertOptions, type Fields } from '../options/options';
import type { AskOptions } from './ask';

/** On whose behalf and which way something is done, for the audit. Default: the app's own code. */
export interface AppOccasion {
  by?: User | undefined;
  via?: Via | undefined;
  /** The address it came from. */
  from?: string | undefined;
}

/** What an approval may be asked with. */
export interface ApprovalOptions extends AskOptions {
  /** Whether people may change the arguments before they approve. Default false. */
  editable?: boolean;
  /** What people may allow beside this one call, and what a call may be allowed by; at most 10. Default: nothing. */
  grants?: readonly GrantOffer[];
}

/** A question; its answer is one of `options`, or text where there are none or `freeText` allows it. */
export interface Question<
  Options extends readonly string[] = readonly string[],
  FreeText extends boolean = boolean,
> extends AskOptions {
  question: string;
  options?: Options;
  /** Accept an answer outside the options. Default false with options; without options any text is accepted. */
  freeText?: FreeText;
}

/** What is asked, by kind. */
export type RequestInput<App extends HitlTypes, N extends KindName<App> = KindName<App>> = {
  [M in N]: { kind: M } & (M extends 'tool_approval'
    ? ApprovalOptions & { tool: string | AnyTool; args: JsonObject }
    : M extends 'question'
      ? Question
      : M extends OwnKindName<App>
        ? AskOptions & { payload: PayloadIn<App['kinds'][M]> }
        : never);
}[N];

/** As it is stored: kind and payload in the names of the wire. */
export type Asked = AskOptions & { type: string; payload: JsonObject };

/** @throws HubError `invalid_request` for what is not known of this kind, or arguments that do not fit the tool */
export function toAsked(noun: string, given: { kind: string }, beside: Fields = {}): Asked {
  const input = given as { kind: string } & JsonObject;
  const { kind } = input;
  if (typeof kind !== 'string')
    throw new HubError('invalid_request', { message: `${noun}: kind is the name of a kind of request` });
  const { fields, toPayload } = builtIn[kind] ?? ownKind;
  assertOptions(noun, input, { kind: null, ...fields, ...beside });
  const { payload, rest } = toPayload(input);
  const { kind: _kind, ...options } = rest;
  return { ...(options as AskOptions), type: kind, payload };
}

interface Reader {
  fields: Fields;
  toPayload(input: JsonObject): { payload: JsonObject; rest: JsonObject };
}

const ownKind: Reader = {
  fields: kindFields,
  toPayload: ({ payload, ...rest }) => ({ payload: payload as JsonObject, rest }),
};

const builtIn: Readonly<Record<string, Reader>> = {
  tool_approval: {
    fields: approveFields,
    toPayload({ tool, args, editable, grants, ...rest }) {
      const offers = grants as readonly GrantOffer[] | undefined;
      const isName = typeof tool === 'string';
      const payload = {
        tool_name: isName ? tool : (tool as AnyTool).name,
        tool_args: isName ? args : partsOf(tool as AnyTool).read(args),
        ...(editable === true && { editable }),
        ...(offers && offers.length > 0 && { grants: offers.map(toGrantTerms) }),
      };
      return { payload, rest };
    },
  },
  question: {
    fields: questionFields,
    toPayload({ question, options, freeText, ...rest }) {
      const payload = {
        question,
        options: options ?? null,
        ...(freeText === true && { free_text: freeText }),
      };
      return { payload, rest };
    },
  },
};
