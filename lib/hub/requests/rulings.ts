/** Changes by a person that the app's rules have to allow: the rules are asked outside the request's lane, so that one person does not wait for the rules of another; answering calls it. */
import type { RequestEvent } from '../../actors/hitl-request';
import { requestRecord } from '../../actors/hitl-request';
import { refusalOf } from '../../actors/refusal';
import type { RequestRecord } from '../../protocol/records';
import type { Clock } from '../commit/clock';
import type { Occasion } from '../commit/occasion';
import { Turnstile } from '../commit/turnstile';
import { assertStillMay } from './app-rules';
import type { Standing } from './decisions';
import type { RequestActors } from './request-actors';

/** Deeds of one person for which the app's rules are asked at the same time. */
export const maxAsking = 4;
/** Deeds of one person that wait for that; one more is refused as `busy`. */
export const maxWaitingDeeds = 100;
/** How often the rules are asked outside the lane about a request that changes in the meantime; after that once inside it. */
export const maxAskings = 3;

/** What the rules say; a rule that is not there, or was not asked, says nothing. */
export interface Ruling {
  permitted?: boolean;
  mayGrant?: boolean;
}

/** Something that a person does to a request. */
export interface Deed {
  /** Whether the app has rules that may have a say. */
  hasRules: boolean;
  /** The event, if the rules say this. @throws HubError what is wrong with it, whatever they say */
  toEvent(record: RequestRecord, ruling: Ruling): RequestEvent;
  /** Asks the rules about it. Never rejects. Undefined: none has a say in this. */
  rules(record: RequestRecord, event: RequestEvent): (() => Promise<Ruling>) | undefined;
}

/** That the person still may was asked last, and before it the rules, if they had a say. */
interface Asked {
  /** The version of the request that the rules were asked about. */
  version?: number;
  ruling?: Ruling;
}

type Ask = () => Promise<Asked>;

export class Rulings {
  private readonly turnstile = new Turnstile({
    maxRunning: maxAsking,
    maxWaiting: maxWaitingDeeds,
    refusal: 'Too much of yours is being decided; wait until some of it is answered',
  });

  constructor(
    private readonly actors: RequestActors,
    private readonly clock: Clock,
  ) {}

  /**
   * As `RequestActors.change`. The rules are asked only about a person whom the policy allows, and their result counts only
   * for the request as it was passed to them: if it has changed in the meantime, they are asked again. After them, and before
   * anything is answered, access is checked again.
   * @throws HubError as `RequestActors.change`, `busy`
   */
  async change(id: string, person: string, deed: Deed, occasion: Occasion): Promise<RequestRecord> {
    const assertAccess = () => assertStillMay(occasion, this.clock);
    const needsAccess = occasion.assertAccess !== undefined;
    let asked: Asked | undefined;
    if (!deed.hasRules && needsAccess) {
      await this.turnstile.run(person, assertAccess);
      asked = {};
    }
    for (let askings = 0; ; askings += 1) {
      const isLast = askings === maxAskings;
      const visit = () =>
        this.actors.tryChange<{ ask: Ask }>(
          id,
          async ({ snapshot, version }) => {
            const record = requestRecord(snapshot);
            const event = deed.toEvent(record, {});
            const isOpen =
              deed.hasRules && record.status === 'pending' && !isRefusedByPolicy(snapshot, event);
            const rules = isOpen ? deed.rules(record, event) : undefined;
            if (!rules && (asked || !needsAccess)) return event;
            if (rules && asked?.ruling && asked.version === version)
              return deed.toEvent(record, asked.ruling);
            const ask = async () => {
              const ruling = await rules?.();
              await assertAccess();
              return { version, ...(ruling && { ruling }) };
            };
            return isLast ? deed.toEvent(record, (await ask()).ruling ?? {}) : { ask };
          },
          occasion,
        );
      // Work that holds the lane must not wait in the queue, so it has waited there before.
      const done = isLast ? await this.turnstile.run(person, visit) : await visit();
      if (!('ask' in done)) return done;
      asked = await this.turnstile.run(person, done.ask);
    }
  }
}

/** Whether the person may not, independent of the app's rules. */
function isRefusedByPolicy(snapshot: Standing['snapshot'], event: RequestEvent): boolean {
  return refusalOf(snapshot.question, event)?.code === 'not_allowed';
}
