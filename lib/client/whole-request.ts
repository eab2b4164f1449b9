/** Puts an update that leaves out what is known together with it; the clients and the view do, each with what it has. */
import type { FixedField, RequestView } from '../protocol/request-view';

/** What is looked at of an envelope; those of other kinds have none of it. */
interface AboutRequest {
  hitl?: RequestView;
  unchanged?: FixedField[];
}

/**
 * The envelope with what was left out, as it is `known`; as it came where nothing was left out, or where the request is not
 * known at its revision.
 */
export function withUnchanged<T extends object>(
  envelope: T,
  known: (id: string) => RequestView | undefined,
): T {
  const { unchanged, hitl, ...rest } = envelope as AboutRequest;
  const before = unchanged && hitl && known(hitl.id);
  if (before?.revision !== hitl?.revision || !before) return envelope;
  const same = Object.fromEntries(unchanged.map((field) => [field, before[field]]));
  return { ...rest, hitl: { ...hitl, ...same } } as T;
}
