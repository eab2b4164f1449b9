/** A hub over real sockets on which requests of the model live, with the people who act on them and one who only watches. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { HitlRequest } from '../../lib';
import type { Answerer, DeadlineType } from '../../lib/actors/hitl-request';
import { portOf } from '../../lib/hub/hub';
import {
  startTestHub,
  type TestClient,
  type TestFrame,
  type TestHub,
  type TestHubOptions,
} from '../../lib/testing';
import { groupsOf, mayGive, type Rules, stranger } from './request-rules';

/** What the watcher was sent about one request. */
interface Told {
  pending: number;
  resolved: number;
  /** The last view. */
  hitl?: TestFrame;
}

/** The options of a hub for requests of these rules. */
export function hubOptions({ mayCancel }: Rules): TestHubOptions {
  return mayCancel ? { rules: { mayCancel: ({ user: { id } }) => mayCancel.includes(id) } } : {};
}

export class RequestStage {
  hub!: TestHub;
  /** `<request id> <user id>` of everybody the app's own rule has turned against. */
  readonly dismissed = new Set<string>();
  readonly reminded = new Map<string, number>();
  readonly escalated = new Map<string, number>();
  private readonly told = new Map<string, Told>();
  private readonly people = new Map<string, TestClient>();
  private watcher: TestClient | undefined;
  /** Frames of the watcher that were read. */
  private read = 0;
  private position: string | undefined;
  private requests = 0;
  private restarts = 0;

  private constructor() {}

  static async open(options: TestHubOptions = {}): Promise<RequestStage> {
    const stage = new RequestStage();
    const count =
      (counts: Map<string, number>) =>
      ({ request }: { request: HitlRequest }) => {
        counts.set(request.id, (counts.get(request.id) ?? 0) + 1);
      };
    stage.hub = await startTestHub({
      prepare: ({ hub }) => {
        hub.on('request.reminded', count(stage.reminded));
        hub.on('request.escalated', count(stage.escalated));
      },
      ...options,
      rules: {
        mayAnswer: ({ user, request: { id } }) =>
          user.id !== stranger && !stage.dismissed.has(`${id} ${user.id}`),
        mayGrant: ({ user, grant }) => mayGive(user.id, grant),
        ...options.rules,
      },
      limits: { clientsPerTicket: 20, ...options.limits },
    });
    stage.defineTool();
    return stage;
  }

  get hitl() {
    return portOf(this.hub.hub).hitl;
  }

  /** Unique among the requests of this stage. */
  nextKey(): string {
    this.requests += 1;
    return `key ${this.requests}`;
  }

  /** The client of a person, in the ticket. */
  async client(who: string): Promise<TestClient> {
    const known = this.people.get(who);
    if (known) return known;
    const groups = groupsOf[who];
    const client = await this.hub.connect({ user: groups ? `${who}:${groups.join(',')}` : who });
    this.people.set(who, client);
    return client;
  }

  /** A call over REST by a person; gives the body. */
  async rest(who: string, path: string, body?: object): Promise<TestFrame> {
    const groups = groupsOf[who];
    const answer = await fetch(`${this.hub.url}${path}`, {
      headers: {
        'x-user': groups ? `${who}:${groups.join(',')}` : who,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    // Not `json()`, whose objects are another realm's and would equal none of ours.
    return JSON.parse(await answer.text());
  }

  /**
   * What everybody sees of a request now: over REST, which must be what the watcher was sent last.
   * @throws Error if the two differ
   */
  async view(id: string): Promise<{ hitl: TestFrame; told: Told }> {
    await this.listen();
    const { hitl } = await this.rest('wendy', `/hitl/requests/${id}`);
    const told = this.told.get(id) ?? { pending: 0, resolved: 0 };
    if (!isDeepStrictEqual(hitl, told.hitl))
      throw new Error(
        `REST shows ${JSON.stringify(hitl)}, the watcher was told ${JSON.stringify(told.hitl)}`,
      );
    return { hitl, told };
  }

  /**
   * Sends a request a deadline, due or not, or that a person has left. The hub never does the one too early, and for the
   * other it waits: it is asked where the hub itself asks.
   */
  tell(id: string, event: { type: DeadlineType } | { type: 'leave'; by: Answerer }): Promise<unknown> {
    // biome-ignore lint/complexity/useLiteralKeys: private to everybody but this spec, on purpose
    return this.hitl['parts'].actors.change(id, async () => ({ ...event, at: this.hub.clock.now() }));
  }

  answerer(who: string): Answerer {
    return { userId: who, displayName: who, groups: groupsOf[who] ?? [] };
  }

  /** In good order and by a crash, in turn; the watcher comes back and must have missed nothing. */
  async restart(): Promise<void> {
    await this.listen();
    this.restarts += 1;
    if (this.restarts % 2 === 0) await this.hub.crash();
    else await this.hub.restart();
    this.people.clear();
    this.watcher = undefined;
    this.defineTool();
  }

  /** Nothing of this request is left waiting. */
  async tidy(id: string): Promise<void> {
    this.told.delete(id);
    const { items } = await this.hitl.list({ status: 'pending' }, 200);
    for (const each of items) await this.hitl.cancel(each.id, 'the path is over');
    const { grants } = this.hub.hub;
    for (const { id: grant } of (await grants.list({ live: true, limit: 200 })).items)
      await grants.revoke({ grantId: grant, by: { id: 'tidy' } });
    await this.listen();
  }

  close(): Promise<void> {
    return this.hub.close();
  }

  /** Resolves when the watcher has heard everything that was sent so far. */
  async listen(): Promise<void> {
    const watcher = await this.watching();
    await this.hub.settled();
    watcher.send({ type: 'ping' });
    await watcher.next('pong');
    for (const frame of watcher.received.slice(this.read)) {
      if (frame.hitl && frame.event !== 'ack') this.hear(frame);
      if (frame.epoch !== undefined && frame.seq !== undefined) this.position = `${frame.epoch}:${frame.seq}`;
    }
    this.read = watcher.received.length;
  }

  private hear({ event, hitl }: TestFrame): void {
    const told = this.told.get(hitl.id) ?? { pending: 0, resolved: 0 };
    if (event === 'hitl_request_pending') told.pending += 1;
    if (event === 'hitl_request_resolved') told.resolved += 1;
    told.hitl = hitl;
    this.told.set(hitl.id, told);
  }

  private async watching(): Promise<TestClient> {
    if (this.watcher) return this.watcher;
    const after = this.position;
    this.watcher = await this.hub.connect({ user: 'wendy', ...(after !== undefined && { after }) });
    this.read = 0;
    const { resumed } = await this.watcher.next('welcome');
    if (resumed !== (after !== undefined)) throw new Error('The watcher could not resume');
    return this.watcher;
  }

  private defineTool(): void {
    this.hitl.defineTool('block_ip', z.strictObject({ ip: z.string() }));
  }
}
