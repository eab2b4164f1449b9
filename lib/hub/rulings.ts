/** What a person does to a request where the app's own rules have a say: these are asked outside the request's lane, so that nobody waits for somebody else's. */
import type { RequestEvent } from '../actors/hitl-request';
import { requestRecord } from '../actors/hitl-request';
import { refusalOf } from '../actors/refusal';
import type { RequestRecord } from '../protocol/records';
import type { Occasion } from './occasion';
import type { RequestActors } from './request-actors';
import { Turnstile } from './turnstile';

/** Deeds of one person for which the app's rules are asked at the same time. */
export const maxAsking = 4;
/** Deeds of one person that wait for that; one more is refused as `busy`. */
export const maxWaitingDeeds = 100;
/** How often the rules are asked outside the lane about a request that changes meanwhile; after that once inside it. */
export const maxAskings = 3;

/** What the rules say; a rule that is not there, or was not asked, says nothing. */
export interface Ruling {
  permitted?: boolean;
  mayGrant?: boolean;
}

/** Something that a person does to a request. */
export interface Deed {
  /** The event, if the rules say this. @throws HubError what is wrong with it, whatever they say */
  toEvent(record: RequestRecord, ruling: Ruling): RequestEvent;
  /** Asks the rules about it. Never rejects. Undefined: none has a say. */
  rules(record: RequestRecord, event: RequestEvent): (() => Promise<Ruling>) | undefined;
}

/** What was asked, and about which version of the request. */
interface Asked {
  version: number;
  ruling: Ruling;
}

export class Rulings {
  private readonly turnstile = new Turnstile(maxAsking, maxWaitingDeeds);

  constructor(private readonly actors: RequestActors) {}

  /**
   * As `RequestActors.change`. The rules are asked only if nothing else speaks against the deed, and what they say counts only
   * for the request as it was shown to them: if it has changed meanwhile they are asked again.
   * @throws HubError as `RequestActors.change`, `busy`
   */
  async change(id: string, person: string, deed: Deed, occasion: Occasion): Promise<RequestRecord> {
    let known: Asked | undefined;
    for (let askings = 0; ; askings += 1) {
      const isLast = askings === maxAskings;
      const visit = () => this.visit(id, deed, known, isLast, occasion);
      // Whoever holds the lane must not wait in line, so who asks inside it has waited before.
      const done = isLast ? await this.turnstile.run(person, visit) : await visit();
      if (!('ask' in done)) return done;
      known = await this.turnstile.run(person, done.ask);
    }
  }

  /** The changed request, or whom to ask before. */
  private visit(id: string, deed: Deed, known: Asked | undefined, isLast: boolean, occasion: Occasion) {
    return this.actors.tryChange<{ ask: () => Promise<Asked> }>(
      id,
      async ({ snapshot, version }) => {
        const record = requestRecord(snapshot);
        const event = deed.toEvent(record, {});
        const rules = record.status === 'pending' ? deed.rules(record, event) : undefined;
        if (!rules || refusalOf(snapshot, event)) return event;
        if (known?.version === version) return deed.toEvent(record, known.ruling);
        if (isLast) return deed.toEvent(record, await rules());
        return { ask: async () => ({ version, ruling: await rules() }) };
      },
      occasion,
    );
  }
}
