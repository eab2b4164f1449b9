/** The journal of a turn that is not over as JSON, for a repository's fixtures: saved from a store or a hub, and replayed against the code of today, executing nothing. */
import { HubError } from '../errors';
import type { HitlTypes } from '../hub/kinds/app-types';
import { codeOf, type DurableAgent } from '../hub/turns/durable/durable';
import { readJournal } from '../hub/turns/durable/read-journal';
import type { TurnRecord } from '../protocol/records';
import { isOpen } from '../store/shared/turns';
import type { JournalEntry, Store } from '../store/store';
import type { Fit, SavedJournal } from './fit';
import { rehearse } from './rehearsal';

const maxMessages = 200;

/**
 * The journal of a turn's present leg, with what belongs to it; plain JSON.
 * @param from an open store, or a test hub
 * @throws Error for a turn that is not there, is of a plain agent, or is over: the journal ends with its turn
 */
export async function saveJournal(
  from: Store | { readonly store: Store },
  turnId: string,
): Promise<SavedJournal> {
  const store = 'commit' in from ? from : from.store;
  const turn = await store.turn(turnId);
  if (!turn) throw new Error(`There is no turn ${turnId}`);
  if (!turn.run || turn.messageId === undefined) throw new Error('A turn of a plain agent has no journal');
  if (!isOpen(turn.status))
    throw new Error(
      'The turn is over, and its journal ended with it: save it while the turn waits, or is stuck',
    );
  return collect(store, turn, await readJournal(store, turnId), await store.turnState(turnId));
}

/** What belongs to these entries. */
export async function collect(
  store: Pick<Store, 'message' | 'messages' | 'request'>,
  turn: TurnRecord,
  entries: readonly JournalEntry[],
  state: unknown,
): Promise<SavedJournal> {
  const message = await store.message(`${turn.messageId}`);
  if (!message) throw new Error('The message that the turn answers is not there');
  const found = await Promise.all([...requestsIn(turn, entries)].map((id) => store.request(id)));
  return JSON.parse(
    JSON.stringify({
      format: 1,
      turn,
      message,
      entries,
      ...(state !== undefined && { state }),
      requests: found.flatMap((each) => (each ? [each.record] : [])),
      messages: await store.messages(turn.sessionId, maxMessages),
    } satisfies SavedJournal),
  );
}

function requestsIn({ run }: TurnRecord, entries: readonly JournalEntry[]): Set<string> {
  const ids = new Set(run?.when ?? []);
  for (const { call, body } of entries) {
    const named = /^(?:answer|wait):([^#]+)/.exec(call)?.[1];
    if (named !== undefined) ids.add(named);
    if (typeof body === 'object' && body !== null && 'asked' in body) ids.add(`${body.asked}`);
  }
  return ids;
}

/**
 * Replays a saved journal with the code of now, as a hub would after a deploy. Nothing is executed: no step, no request, no word.
 * What comes after the end of the journal is free.
 * @throws Error for what `saveJournal` has not given, or a plain agent
 */
export async function replayJournal<App extends HitlTypes>(
  agent: DurableAgent<App>,
  saved: SavedJournal,
): Promise<Fit> {
  const code = codeOf(agent);
  if (!code) throw new HubError('invalid_request', { message: 'replayJournal takes what durable gives' });
  if (saved?.format !== 1) throw new Error('This is no journal that saveJournal has given');
  const { departure } = await rehearse(code, saved);
  return departure ?? { fits: true };
}
