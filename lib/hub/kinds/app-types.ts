/** The types of an app in one parameter, and what follows from it: its kinds of request, requests typed by kind, and how each ends. */
import type {
  Author,
  CountedVerdict,
  GivenGrant,
  Millis,
  RequestRecord,
  RequestStatus as StoredStatus,
  User,
} from '../../protocol/records';

/** An object as JSON has it. */
export type JsonObject = Record<string, unknown>;
/** What a callback may give: at once, or later. */
export type MaybePromise<T> = T | Promise<T>;

/** A kind of request, as `defineKind` makes it. */
export interface Kind<PayloadIn = unknown, Payload = unknown, ResponseIn = unknown, Response = unknown> {
  /** Types only. */
  readonly '~kind': { payloadIn: PayloadIn; payload: Payload; responseIn: ResponseIn; response: Response };
}
// biome-ignore lint/suspicious/noExplicitAny: any kind
export type AnyKind = Kind<any, any, any, any>;
/** Kinds of request by name. */
export type Kinds = Record<string, AnyKind>;

/**
 * What an app brings of its own. One object, so that another member is no breaking change: `Turn<App>`, `Hub<App>`,
 * `HitlRequest<App>` with `type App = typeof hitl.$types`.
 */
export interface HitlTypes {
  kinds: Kinds;
  user: User;
}
/** No kinds of its own, users as they are: what `Turn` means without a parameter. */
export interface NoTypes extends HitlTypes {
  // biome-ignore lint/complexity/noBannedTypes: no kinds at all
  kinds: {};
  user: User;
}

/** A person with name and groups filled in, and the app's own fields. */
export type KnownUser<U extends User = User> = Readonly<
  Omit<U, 'id' | 'name' | 'groups'> & { id: string; name: string; groups: readonly string[] }
>;

/** What is asked, as the app writes it. */
export type PayloadIn<K> = K extends Kind<infer P, infer _P, infer _I, infer _R> ? P : never;
/** What is asked, as people and agents see it. */
export type PayloadOf<K> = 0 extends 1 & K // any
  ? // biome-ignore lint/suspicious/noExplicitAny: where the kinds are not known
    any
  : K extends Kind<infer _I, infer P, infer _R, infer _S>
    ? P
    : never;
/** What an approval carries, as a person sends it; `undefined` where the kind has no response. */
export type ResponseIn<K> = K extends Kind<infer _I, infer _P, infer R, infer _S> ? R : never;
/** What an approval carries, as the agent is given it. */
export type ResponseOf<K> = K extends Kind<infer _I, infer _P, infer _R, infer R> ? R : never;

/** As on the wire, but for one: in the API a question that has its answer is `answered`. */
export type RequestStatus = StoredStatus | 'answered';

/** One person's answer that counted. `Yes` is what an approval of this request carries. */
export type Verdict<Yes extends object = { status: 'approved' | 'answered' }> =
  | { by: Author; at: Millis; stage: number; status: 'denied'; comment?: string }
  | ({ by: Author; at: Millis; stage: number; comment?: string } & Yes);

/** What is known of every request that has ended. */
export interface Settled<Yes extends object = { status: 'approved' | 'answered' }> {
  readonly requestId: string;
  /** Of every person whose answer counted, oldest first; several where the policy asks for several. */
  readonly verdicts: readonly Verdict<Yes>[];
  /** The request as it was settled, frozen. */
  readonly request: Readonly<AnyRequest>;
}
/** Who gave an approval: people, an earlier grant, or the deadline (`onExpiry: 'approved'`). */
export type DecidedBy = 'people' | 'grant' | 'deadline';
/** How a request ended: what an approval carries is there only after an approval. */
export type Outcome<Yes extends { status: string }> =
  | (Settled<Yes> &
      Readonly<Yes> & { readonly by?: Author; readonly comment?: string; readonly decidedBy: DecidedBy })
  | (Settled<Yes> & { readonly status: 'denied'; readonly by?: Author; readonly comment?: string })
  | (Settled<Yes> & { readonly status: 'expired' | 'cancelled' | 'superseded'; readonly reason?: string });

/** How a tool approval ended. `args` are those to run with, as people saw or edited them, frozen. */
export type Approval<Args = JsonObject> = Outcome<{ status: 'approved'; args: Readonly<Args> }>;
/** How a question ended. */
export type Answer<A extends string = string> = Outcome<{ status: 'answered'; answer: A }>;
/** How a request of one of the app's kinds ended. */
export type Decision<Response = undefined> = Outcome<
  { status: 'approved' } & ([Response] extends [undefined] ? unknown : { response: Readonly<Response> })
>;

/** What is asked by the two kinds that every hub has, and how they end. */
export interface BuiltInKinds {
  tool_approval: {
    payload: { tool_name: string; tool_args: JsonObject; editable?: boolean };
    outcome: Approval;
  };
  question: {
    payload: { question: string; options?: readonly string[] | null; free_text?: boolean };
    outcome: Answer;
  };
}
/** The names of those two. */
export type BuiltInKind = keyof BuiltInKinds;
/** The names of the app's own kinds; `keyof` alone would be any text where the kinds are not known. */
export type OwnKindName<App extends HitlTypes> = Extract<keyof App['kinds'], string>;
/** The names of all kinds: the app's own and the two that are built in. */
export type KindName<App extends HitlTypes = NoTypes> = OwnKindName<App> | BuiltInKind;
/** How a request of this kind may end. */
export type OutcomeOf<App extends HitlTypes, N> = N extends BuiltInKind
  ? BuiltInKinds[N]['outcome']
  : N extends OwnKindName<App>
    ? Decision<ResponseOf<App['kinds'][N]>>
    : never;
/** The outcome of a request of any kind; narrow by `kind`. */
export type AnyOutcome<App extends HitlTypes = NoTypes> = {
  [N in KindName<App>]: { readonly kind: N } & OutcomeOf<App, N>;
}[KindName<App>];

/** One answer that counted, as the request shows it; the outcome has the same typed by kind. */
export interface CountedAnswer extends Omit<CountedVerdict, 'status'> {
  status: 'approved' | 'answered' | 'denied';
}
/** The standing approval that came with an approval. */
export interface RequestGrant extends Omit<GivenGrant, 'args'> {
  /** `exact`: for the arguments that were approved; `any`: for any arguments. */
  covers: 'exact' | 'any';
}
/** The fields of a request that do not depend on its kind; what is stored calls `kind` `type` and `requestedBy` `userId`. */
export interface RequestFields
  extends Omit<RequestRecord, 'type' | 'userId' | 'status' | 'payload' | 'verdicts' | 'grant'> {
  status: RequestStatus;
  /** The id of the person or program that asked. */
  requestedBy: string;
  verdicts: readonly CountedAnswer[];
  grant?: RequestGrant;
}
/** A request of any kind; its payload has the names of the wire, since the digest is over it. */
export interface AnyRequest extends RequestFields {
  kind: string;
  payload: JsonObject;
}
/** A request, its payload typed by `kind`. */
export type HitlRequest<App extends HitlTypes = NoTypes, N extends KindName<App> = KindName<App>> = {
  [M in N]: RequestFields & {
    kind: M;
    payload: M extends BuiltInKind
      ? BuiltInKinds[M]['payload']
      : M extends OwnKindName<App>
        ? PayloadOf<App['kinds'][M]>
        : never;
  };
}[N];
/** A request that was opened without waiting; hand it to `wait`, and its outcome is typed. */
export type OpenRequest<
  App extends HitlTypes = NoTypes,
  N extends KindName<App> = KindName<App>,
> = HitlRequest<App, N> & {
  /** False: it was found by its key. */
  readonly isNew: boolean;
};
