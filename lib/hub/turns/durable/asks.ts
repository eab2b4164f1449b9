/** What a durable turn asks people: each request is committed with its entry in the journal, and so is each answer; `RunPort` asks here. */
import type { RequestRecord, User } from '../../../protocol/records';
import type { Store } from '../../../store/store';
import { digestOf } from '../../kinds/kinds';
import { termsDigestOf } from '../../kinds/terms';
import type { Hitl } from '../../requests/hitl';
import type { Asked } from '../../requests/request-input';
import { isLeftBehind } from '../orphans';
import { asBorn, asSettled } from './as-then';
import { keyed } from './names';
import type { Run } from './run';

export interface AsksParts {
  store: Pick<Store, 'turn'>;
  hitl: Hitl;
}

export class Asks {
  /** Requests whose answer the journal gets. */
  private readonly followed = new Set<string>();
  /** Requests of a turn that is gone, asked again by this one. */
  readonly adopted = new Set<string>();
  /** Requests that this turn waits for and that outlive it. */
  readonly attended = new Set<string>();

  constructor(
    private readonly parts: AsksParts,
    private readonly run: Run,
    private readonly user: Required<User>,
  ) {}

  open(asked: Asked): Promise<{ request: RequestRecord; isNew: boolean }> {
    return this.run.call('open', nameOf(asked), {
      perform: (call) => this.ask(call, asked),
      revive: async (body) => {
        const { asked: id, isNew, status, isOrphan = false } = body as Opened;
        const record = await this.parts.hitl.get(id);
        this.follow(record, isOrphan);
        return { request: asBorn(record, status), isNew };
      },
    });
  }

  async wait(requestId: string): Promise<RequestRecord> {
    if (!this.followed.has(requestId)) await this.followOther(requestId);
    try {
      return await this.run.awaitAnswer(requestId, async () =>
        asSettled(await this.parts.hitl.get(requestId)),
      );
    } finally {
      this.attended.delete(requestId);
      this.parts.hitl.turnAway(requestId, this.run.turn.id);
    }
  }

  private async ask(call: string, asked: Asked): Promise<void> {
    const { hitl, store } = this.parts;
    const { user } = this;
    const { id: turnId, ticketId, sessionId } = this.run.turn;
    const terms = termsDigestOf(asked);
    const opened = ({ id, status }: RequestRecord, more: Pick<Opened, 'isNew' | 'isOrphan'>): Opened => ({
      ...{ asked: id, status, terms },
      ...more,
    });
    const waitsFor = ({ id }: RequestRecord) => [{ turnId, requestId: id }];
    const again = asked.key === undefined ? await this.earlier(call, terms) : undefined;
    if (again) return this.run.append(call, opened(again, { isNew: false }), waitsFor(again));
    const beside = (born: RequestRecord) => ({
      ...this.run.beside(call, opened(born, { isNew: true })),
      waits: waitsFor(born),
    });
    const asker = { ticketId, sessionId, turnId, userId: user.id };
    const { request, isNew } = await hitl.ask({ ...asked, ...asker }, { by: user, via: 'turn', beside });
    if (isNew) return;
    if (request.turnId !== undefined && request.turnId !== turnId) await hitl.takeUp(request.id);
    const isOrphan = await isLeftBehind(store, request, turnId);
    await this.run.append(
      call,
      opened(request, { isNew: false, ...(isOrphan && { isOrphan }) }),
      waitsFor(request),
    );
  }

  /** The same request, asked in the leg from which the turn was started over, unless it was withdrawn. */
  private async earlier(call: string, terms: string): Promise<RequestRecord | undefined> {
    const opened = this.run.keptOf(call) as Opened | undefined;
    if (opened?.terms !== terms) return undefined;
    const record = await this.parts.hitl.get(opened.asked);
    return record.status === 'cancelled' || record.status === 'superseded' ? undefined : record;
  }

  /** The turn waits for this request, as one that the hub knows of. */
  private follow({ id, detached }: RequestRecord, isOrphan: boolean): void {
    this.followed.add(id);
    this.parts.hitl.attend(id, this.run.turn.id);
    if (detached) this.attended.add(id);
    else if (isOrphan) this.adopted.add(id);
  }

  /** A request that this turn has not asked: from now on its answer comes into this journal too. */
  private followOther(requestId: string): Promise<void> {
    return this.run.call<void>('wait', `wait:${requestId}`, {
      perform: async (call) => {
        await this.parts.hitl.get(requestId);
        await this.run.append(call, {}, [{ turnId: this.run.turn.id, requestId }]);
      },
      revive: () => void this.followed.add(requestId),
    });
  }
}

/** The body of the entry of a request that was asked. */
interface Opened {
  asked: string;
  isNew: boolean;
  status: RequestRecord['status'];
  /** Digest of the terms it was asked under. */
  terms: string;
  /** The turn that asked it is over: it ends with this one. */
  isOrphan?: boolean;
}

/** What tells a request from others: its key, or what it asks. */
function nameOf({ type, payload, key }: Asked): string {
  if (key !== undefined) return `ask:${type}${keyed(key)}`;
  try {
    return `ask:${type}:${digestOf(type, payload).slice(-16)}`;
  } catch {
    // It cannot be asked either, and is refused when it is.
    return `ask:${type}`;
  }
}
