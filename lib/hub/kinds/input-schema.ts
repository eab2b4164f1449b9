/** What a zod schema takes, as JSON Schema; `Kinds` sends it with a request, so that a page can draw the form. */
import { z } from 'zod';

/** Bounds that zod checks after a text or number was changed (`trim`, `toLowerCase`); of what is put in they say nothing. */
const bounds = [
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
] as const;

/** Nothing in it is stricter than the schema; what JSON Schema has no words for is left out. */
export function inputSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { checks = [] } = zodSchema._zod.def;
      if (!checks.some((check) => check._zod.def.check === 'overwrite')) return;
      for (const name of bounds) delete jsonSchema[name];
    },
  });
}
