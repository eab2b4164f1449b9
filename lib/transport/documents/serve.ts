/** Serves the OpenAPI and the AsyncAPI document to everyone the app lets through; they name no person and no ticket. */
import type { Router } from 'express';
import { operations } from '../rest/operations';
import { asyncApiOf } from './asyncapi';
import { openApiOf } from './openapi';
import type { JsonSchema } from './schemas';

/** Each document by the name it is served and stored under; built when it is first asked for. */
export const documents = {
  'openapi.json': once(() => openApiOf(operations)),
  'asyncapi.json': once(asyncApiOf),
};

export function serveDocuments(router: Router): void {
  for (const [name, document] of Object.entries(documents)) {
    router.get(`/${name}`, (_req, res) => {
      res.set('X-Content-Type-Options', 'nosniff').json(document());
    });
  }
}

function once(make: () => JsonSchema): () => JsonSchema {
  let made: JsonSchema | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
