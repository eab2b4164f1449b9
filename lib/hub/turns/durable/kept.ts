/** A call that the hub carries out for a durable turn's code: its work begins and ends in the journal, and is not done again once its end is there; `RunPort` keeps calls here. */
import { HubError } from '../../../errors';
import type { CallName, CommitBeside, Ending, Entry, Kept } from '../entry';
import { runInside } from '../steps';
import { isNote } from './journal';
import { failure, result } from './results';
import type { Run } from './run';

/** The body of an entry that has a result. */
interface Body {
  v?: unknown;
  i?: Kept['instead'];
}

/**
 * @param keyOf what names a call outside
 * @param work records its end by the entry, or gives it
 * @returns what is recorded @throws what is recorded
 */
export function keep(
  run: Run,
  keyOf: (call: string) => string,
  { name, noun }: CallName,
  work: (entry: Entry) => Promise<Kept>,
): Promise<Kept> {
  let begun: unknown;
  return run.call<Kept>('callTool', name, {
    note: (note) => {
      begun = note;
    },
    perform: async (call) => {
      const earlier = run.keptOf(call);
      if (isNote(earlier)) begun ??= earlier.begun;
      else if (earlier !== undefined) return run.append(call, earlier);
      let hasEnded = false;
      const write = async (body: unknown, commit: CommitBeside | undefined) => {
        const beside = () => run.beside(call, body);
        const written = await run.persisted(async () => {
          await (commit ? commit(beside) : run.append(call, body));
          return true;
        });
        if (!written) throw new HubError('closing');
      };
      const entry: Entry = {
        key: keyOf(call),
        begun,
        begin: (note, commit) => write({ begun: note }, commit),
        end: async (ending, commit) => {
          try {
            await write(bodyOf(noun, ending), commit);
          } catch (error) {
            // The turn is another process's. What has been done outside has been done all the same.
            if (HubError.is(error, 'closing')) await commit?.().catch(() => {});
            throw error;
          }
          hasEnded = true;
        },
        waitUntil: (at) => run.restUntil(at),
      };
      try {
        const kept = await runInside({ noun, turnId: run.turn.id }, () => work(entry));
        if (!hasEnded) await entry.end(kept);
      } catch (error) {
        if (!hasEnded) throw error;
      }
    },
    revive: (body) => {
      const { v, i } = body as Body;
      return { ...(v !== undefined && { value: v }), ...(i && { instead: i }) };
    },
  });
}

function bodyOf(noun: string, ending: Ending): Body | { e: Record<string, unknown> } {
  if ('error' in ending) return failure(ending.error);
  try {
    return { ...result(noun, ending.value), ...(ending.instead && { i: ending.instead }) };
  } catch (error) {
    return failure(error);
  }
}
