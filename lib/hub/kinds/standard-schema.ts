/** Standard Schema as far as the hub reads it, structurally: zod 4, Valibot, ArkType and others satisfy it; `defineKind` and `hitl.tool` take it. */

/** A schema of any library that follows Standard Schema (standardschema.dev, version 1); it must validate synchronously. */
export interface Schema<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>;
    /** Types only. */
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
  };
}

/** What a schema says of a value: the value it makes of it, or what is wrong. */
export type SchemaResult<Out> =
  | { readonly value: Out; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema of objects, whichever. */
export type ObjectSchema = Schema<unknown, object>;

/** What a schema takes. */
export type SchemaInput<S> = S extends {
  readonly '~standard': { readonly types?: { readonly input: infer I } | undefined };
}
  ? I
  : never;
/** What a schema makes of it. */
export type SchemaOutput<S> = S extends {
  readonly '~standard': { readonly types?: { readonly output: infer O } | undefined };
}
  ? O
  : never;
