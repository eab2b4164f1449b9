/** Judges both documents by the schemas of their own specifications; jest cannot load these packages, so the spec runs this. */
import { readFile } from 'node:fs/promises';
import specs from '@asyncapi/specs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

const [openApi, asyncApi] = await Promise.all(
  process.argv.slice(2).map(async (path) => JSON.parse(await readFile(path, 'utf8'))),
);
const { errors } = await new Validator().validate(openApi);

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
const isAsyncApi = ajv.compile(specs.schemasWithoutId['3.0.0']);
isAsyncApi(asyncApi);

console.log(JSON.stringify([...(errors ?? []), ...(isAsyncApi.errors ?? [])]));
