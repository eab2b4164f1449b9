/** Type tests of kinds and tools by schemas of Valibot and ArkType; `compilers.spec.ts` compiles this file, nothing runs it. */

import { type } from 'arktype';
import { defineKind, type Kind } from 'express-hitl';
import * as v from 'valibot';
import { hitl } from './app';
import { expectTypeOf } from './expect-type';

interface Asked {
  source: string;
  seen: number;
}
interface Carried {
  level: number;
}

export function kinds(): void {
  const payload = v.object({ source: v.string(), seen: v.optional(v.number(), 1) });
  const byValibot = defineKind({ payload, response: v.object({ level: v.number() }) });
  expectTypeOf(byValibot).toExtend<Kind<Pick<Asked, 'source'>, Asked, Carried, Carried>>();
  const asked = type({ source: 'string', seen: 'number = 1' });
  // A schema of ArkType can be called, and is no function of the payload for that.
  const byArkType = defineKind({ payload: asked, response: type({ level: 'number' }) });
  expectTypeOf(byArkType).toExtend<Kind<Pick<Asked, 'source'>, Asked, Carried, Carried>>();
  const depends = defineKind({
    payload: asked,
    response: ({ seen }) => type({ level: type.number.atMost(seen) }),
  });
  expectTypeOf(depends).toExtend<Kind<Pick<Asked, 'source'>, Asked, Carried, Carried>>();
  const nothing = defineKind({ payload: asked });
  expectTypeOf(nothing).toExtend<Kind<Pick<Asked, 'source'>, Asked, undefined, undefined>>();
  // @ts-expect-error a function that gives no schema
  defineKind({ payload: asked, response: ({ seen }) => seen });
  // @ts-expect-error a schema of no objects
  defineKind({ payload: type('string') });
}

export function tools(): void {
  const tool = hitl.tool({
    name: 'block_ip',
    args: type({ ip: 'string', minutes: 'number = 15' }),
    run: ({ ip, minutes }) => {
      expectTypeOf(ip).toEqualTypeOf<string>();
      expectTypeOf(minutes).toEqualTypeOf<number>();
      return { ip };
    },
  });
  expectTypeOf(tool['~tool'].result).toEqualTypeOf<{ ip: string }>();
}
