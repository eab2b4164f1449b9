import { isDeepStrictEqual } from 'node:util';
import { executionMachine } from '../../lib/actors/execution-machine';
import { nextDeadline, type RequestInput, requestRecord } from '../../lib/actors/hitl-request';
import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { LiveRequest, type LiveSnapshot } from '../../lib/hub/requests/live-request';
import type { StoredRequest } from '../../lib/store/store';
import { livesOf, type RequestLife } from '../models/request-lives';
import { type Rules, requests } from '../models/request-rules';

type Stored = Pick<StoredRequest, 'record' | 'snapshot'>;

const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));
/** As a store gives it back. */
function storedOf(live: LiveRequest): Stored {
  const record = requestRecord(live.snapshot);
  return asJson({ record, snapshot: live.stored(record) });
}

/** As the version before this one stored it: the snapshots of the actors, whole, as XState persists them. */
function storedWhole({ snapshot }: LiveRequest): Stored {
  const question = hitlRequestMachine.getPersistedSnapshot(snapshot.question);
  const execution = snapshot.execution && executionMachine.getPersistedSnapshot(snapshot.execution);
  return asJson({ record: requestRecord(snapshot), snapshot: { version: 2, question, execution } });
}

/** All that there is to know of a request that stands somewhere. */
const standing = (snapshot: LiveSnapshot) =>
  asJson({
    question: [snapshot.question.value, snapshot.question.context, [...snapshot.question.tags]],
    execution: snapshot.execution && [snapshot.execution.value, snapshot.execution.context],
    next: nextDeadline(snapshot),
  });

const hasDeadlines = ({ remindAfter, more, end }: Rules) =>
  remindAfter !== undefined || more !== undefined || (end !== undefined && end.means !== 'expired');

describe.each(Object.entries(requests))('What is stored of a request with %s', (_name, rules) => {
  let lives: readonly RequestLife[];
  beforeAll(async () => {
    lives = await livesOf(rules);
  }, 60_000);

  /** Goes every way, and gives what differed on it, which is nothing. */
  function differences(stored: (live: LiveRequest) => Stored): unknown[] {
    const found: unknown[] = [];
    for (const { input, sent } of lives) {
      const [itself] = LiveRequest.begin(input);
      for (const event of sent) {
        const other = LiveRequest.restore(stored(itself));
        const before = [standing(itself.snapshot), standing(other.snapshot)];
        const replies = [asJson(itself.send(event)), asJson(other.send(event))];
        const after = [standing(itself.snapshot), standing(other.snapshot)];
        for (const [one, two] of [before, replies, after])
          if (!isDeepStrictEqual(one, two)) found.push({ sent, event, one, two });
      }
    }
    return found;
  }

  it('brings back, beside its record, the request that it was: where it stands, what it knows, and what it says to every event', () => {
    expect(lives.some(({ sent }) => sent.length > 1)).toBe(true);
    expect(differences(storedOf)).toEqual([]);
  });

  it('is read as well where an earlier version stored its actors whole', () => {
    expect(differences(storedWhole)).toEqual([]);
  });

  it('is nothing once it is settled, and before that no more than its deadlines', () => {
    const found = new Set<string>();
    for (const { input, sent } of lives) {
      const [live] = LiveRequest.begin(input);
      for (const event of [undefined, ...sent]) {
        if (event) live.send(event);
        const { record, snapshot } = storedOf(live);
        if (record.status !== 'pending') expect(snapshot).toBeUndefined();
        else if (snapshot) {
          const { version, context, ...others } = snapshot as { version: number; context: object };
          expect([version, others]).toEqual([3, {}]);
          for (const name of Object.keys(context)) found.add(name);
        }
      }
    }
    const deadlines = ['remindAt', 'escalateAt', 'escalateTo', 'onExpiry'];
    expect([...found].filter((name) => !deadlines.includes(name))).toEqual([]);
    expect(found.size > 0).toBe(hasDeadlines(rules));
  });
});

describe('What is stored of a request', () => {
  const plain: RequestInput = {
    id: 'r1',
    ticketId: 'T-1',
    sessionId: 's1',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    digest: 'original',
    userId: 'rita',
    createdAt: 1_000_000,
    policy: {},
    remindAt: [],
    escalateTo: {},
    onExpiry: 'expired',
  };
  const begin = (more: Partial<RequestInput> = {}) => LiveRequest.begin({ ...plain, ...more })[0];
  const approved = () => {
    const live = begin();
    const by = { userId: 'ann', displayName: 'Ann', groups: [] };
    live.send({ type: 'respond', at: 1_000_001, by, permitted: true, status: 'approved' });
    return live;
  };

  it('is small where there is something to store', () => {
    expect(begin().stored()).toBeUndefined();
    expect(begin({ onExpiry: 'approved', expiresAt: 2_000_000 }).stored()).toEqual({
      version: 3,
      context: { onExpiry: 'approved' },
    });
    expect(begin({ remindAt: [2_000_000] }).stored()).toEqual({
      version: 3,
      context: { remindAt: [2_000_000] },
    });
  });

  it('has what does not follow from the record, wherever that may come from', () => {
    const strange = [storedWhole(begin()), storedWhole(approved())].map(({ record, snapshot }) => {
      const { question, execution } = snapshot as Record<string, { value: unknown; context: object }>;
      Object.assign(question?.context ?? {}, { revision: 7, termsDigest: 'other' });
      if (record.status === 'pending') Object.assign(question ?? {}, { value: { pending: 'claimed' } });
      Object.assign(execution ?? {}, { value: 'failed' });
      Object.assign(execution?.context ?? {}, { digest: 'edited' });
      return { record, snapshot };
    });
    for (const stored of strange) {
      const live = LiveRequest.restore(stored);
      const again = asJson({ record: stored.record, snapshot: live.stored(stored.record) });
      expect(again.snapshot).toMatchObject({ version: 3, context: { revision: 7, termsDigest: 'other' } });
      expect(standing(LiveRequest.restore(again).snapshot)).toEqual(standing(live.snapshot));
    }
  });

  it('is left as it is by what is restored from it', () => {
    const stored = storedOf(begin({ remindAt: [1, 2] }));
    const before = structuredClone(stored);
    LiveRequest.restore(stored).send({ type: 'remind', at: 1 });
    expect(stored).toEqual(before);
  });

  const whole = (live: LiveRequest) => storedWhole(live).snapshot as { execution: unknown };
  const cases: [string, () => Stored][] = [
    ['of a later version', () => ({ ...storedOf(begin()), snapshot: { version: 4 } })],
    ['without a version', () => ({ ...storedOf(begin()), snapshot: { context: {} } })],
    ['that is no object', () => ({ ...storedOf(begin()), snapshot: 7 })],
    ['that is null', () => ({ ...storedOf(begin()), snapshot: null })],
    ['settled where the record is pending', () => ({ ...storedOf(begin()), snapshot: whole(approved()) })],
    ['pending where the record is settled', () => ({ ...storedOf(approved()), snapshot: whole(begin()) })],
    [
      'in another state than that of the record',
      () => ({ ...storedOf(begin()), snapshot: { version: 3, value: { resolved: 'denied' } } }),
    ],
    [
      'approved and without an execution',
      () => ({ ...storedOf(approved()), snapshot: { ...whole(approved()), execution: undefined } }),
    ],
    [
      'in a state that there is not',
      () => ({ ...storedOf(begin()), snapshot: { version: 3, value: { pending: 'x' } } }),
    ],
    [
      'with a status that there is not',
      () => ({ record: { ...storedOf(begin()).record, status: 'forgotten' as 'pending' } }),
    ],
  ];
  it.each(cases)('is refused %s', (_name, stored) => {
    expect(() => LiveRequest.restore(asJson(stored()))).toThrow();
  });
});
