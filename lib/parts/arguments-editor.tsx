/** Edits the arguments of a tool before they are approved: field by field where the schema names the fields, else as one control; a request's card shows it. */
import type { RequestView } from '../client';
import { checkResponse, type Issue, type Request } from '../react';
import { eachOnce } from './form-issues';
import type { JsonObject } from './json';
import { type Field, fieldOf } from './schema-fields';
import { SchemaForm } from './schema-form';
import type { Schema } from './schema-shape';
import { filledIn } from './schema-values';
import { texts } from './texts';

interface ArgumentsEditorProps {
  desk: Pick<Request, 'draft' | 'edit'> & { request: RequestView };
  schema: Schema;
  before: JsonObject;
  /** What the server found wrong. */
  refused?: readonly Issue[];
}

export function ArgumentsEditor({ desk, schema, before, refused = [] }: ArgumentsEditorProps) {
  const { request, draft, edit } = desk;
  const found = checkResponse(request.response_schema, draft);
  return (
    <SchemaForm
      field={argumentsField(schema, request.response_schema)}
      value={draft.tool_args}
      before={{ value: before }}
      isCode
      issues={eachOnce([...found, ...refused])}
      // What is no object yet stands in the draft all the same; it is found wrong, so that it is not sent.
      onChange={(changed) => edit({ tool_args: (changed ?? {}) as JsonObject })}
    />
  );
}

/** What is edited first: the arguments as they are asked, with the defaults that the schema would add to them. */
export function argumentsToEdit(schema: Schema, root: Schema | undefined, asked: JsonObject): JsonObject {
  return filledIn(argumentsField(schema, root), asked) as JsonObject;
}

function argumentsField(schema: Schema, root: Schema | undefined): Field {
  return fieldOf(
    { title: texts.arguments, ...schema },
    { name: 'tool_args', path: 'tool_args', isRequired: true, root: root ?? schema },
  );
}
