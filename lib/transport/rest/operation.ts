/** What one REST operation takes, answers and refuses: served by `Rest`, and what the OpenAPI document is made from. */
import type { z } from 'zod';
import type { WireCode } from '../../errors';

/** Statuses an operation may answer with. */
export type Success = 200 | 201 | 202;

export interface Operation<Query = unknown, Body = unknown> {
  /** Unique; the name a generated client gives it. */
  id: string;
  method: 'get' | 'post';
  /** As Express writes it, below the mount: `/hitl/requests/:id`. */
  path: string;
  /** Default: people only. `all`: programs too, for what they have asked themselves. */
  callers?: 'services' | 'all';
  /** It answers with a page of what is stored: of one person two such calls are carried out at a time, with a rest after each. */
  isPage?: true;
  /** One sentence. */
  summary: string;
  query?: z.ZodType<Query>;
  /** Only of `post`; sent as `application/json`. */
  body?: z.ZodType<Body>;
  answers: Partial<Record<Success, z.ZodType>>;
  /** Default `application/json`. With `application/x-ndjson` the schema of the answer is that of each line, one JSON object. */
  mediaType?: 'application/x-ndjson';
  /** What it refuses with, beside what every operation may: `authentication_required`, `invalid_frame`, `unavailable` and so on. */
  refusals: readonly WireCode[];
}

/** Gives a declaration its types. */
export function operation<Query = Record<string, never>, Body = undefined>(
  declared: Operation<Query, Body>,
): Operation<Query, Body> {
  return declared;
}
