/** What is asked of people: new requests, those that are found by their key, and amendments; `Hitl` calls it. */
import type { ExpiryDefault, RequestInput } from '../../actors/hitl-request';
import { isJoinedByApp, isLeft, keyOutcome } from '../../actors/key-claim';
import { HubError, isHubError } from '../../errors';
import type { Display, RequestRecord } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import { Lanes } from '../commit/lanes';
import type { Occasion } from '../commit/occasion';
import { toDisplay } from '../kinds/display';
import { digestOf, type Kinds } from '../kinds/kinds';
import { hasTerms } from '../kinds/terms';
import type { Logger } from '../options/logger';
import { type HitlRequestInput, toRequestInput, withEditable } from './ask';
import { type Askers, theApp } from './askers';
import type { Grants } from './grants';
import type { RequestActors } from './request-actors';

/** On whose behalf something is amended, and what is shown beside the payload from then on. */
export interface Amendment extends Occasion {
  /** Default: it stays as it is. `null`: nothing is shown any more. */
  display?: Display | null;
}

/** How often the lookup is repeated when a grant was gone at its use, or a key was taken in the meantime. */
const maxAttempts = 3;

export interface AskingParts {
  store: Store;
  actors: RequestActors;
  grants: Grants;
  clock: Clock;
  kinds: Kinds;
  logger: Logger;
}

export class Asking {
  private readonly keys = new Lanes();

  constructor(private readonly parts: AskingParts & { askers: Askers }) {}

  /**
   * Asks a human. Resolves when the request is committed and sent, with its record; `wait` for the outcome.
   * @param occasion here and in all that `Hitl` passes on: on whose behalf and which way, for the audit; default: the app's own code
   * @throws HubError `invalid_request`, `too_large`, `key_conflict`, `storage_failed`
   */
  async request(input: HitlRequestInput, occasion: Occasion = {}): Promise<RequestRecord> {
    return (await this.ask(input, occasion)).request;
  }

  /**
   * As `request`, and says whether the question is new.
   * @param onlyOwn a key that is used by another requester is not found or taken over: `key_conflict`
   */
  async ask(
    input: HitlRequestInput,
    occasion: Occasion = {},
    onlyOwn = false,
  ): Promise<{ request: RequestRecord; isNew: boolean }> {
    const { kinds, clock } = this.parts;
    const born = toRequestInput(input, kinds, clock.now(), this.notEditable(input?.type));
    const { key, ticketId } = input;
    const begin = async (olderId?: string) => ({
      request: await this.begin(born, occasion, olderId),
      isNew: true,
    });
    if (!key) return begin();
    const find = async () => {
      const older = await this.parts.store.requestByKey(ticketId, key);
      if (!older) return begin();
      const { id } = older.record;
      const outcome = keyOutcome(older.record, {
        userId: input.userId,
        digest: born.digest,
        hasSameTerms: hasTerms(older.record, input, born.termsDigest ?? ''),
        supersede: input.supersede ?? false,
        onlyOwn,
      });
      if (outcome === 'conflict') throw new HubError('key_conflict', { details: { request_id: id } });
      if (outcome === 'supersede') return begin(id);
      if (isJoinedByApp(older.record, input.turnId)) this.parts.askers.attend(id, theApp);
      return {
        request: isLeft(older.record) ? await this.parts.askers.takeUp(id, occasion) : older.record,
        isNew: false,
      };
    };
    return this.keys.run(`${ticketId}\n${key}`, async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await find();
        } catch (error) {
          // Another node has asked with the key since the lookup on this node: then that request is found.
          const isTaken = HubError.is(error, 'key_conflict') && !error.details?.request_id;
          if (!isTaken || attempt >= maxAttempts) throw error;
        }
      }
    });
  }

  /**
   * Replaces what is asked, or what is shown beside it, while there is no answer: `revision` grows, answers to the older one
   * are refused.
   * @param payload default: it stays as it is; then `display` is given
   * @throws HubError `invalid_request`, `too_large`, `already_resolved`, `not_found`
   */
  async amend(
    id: string,
    payload: Record<string, unknown> | undefined,
    { display, ...occasion }: Amendment = {},
  ): Promise<RequestRecord> {
    if (payload === undefined && display === undefined)
      throw new HubError('invalid_request', { message: 'An amendment has a payload, a display, or both' });
    const shown = display !== undefined && {
      display: display === null ? null : (toDisplay(display) ?? null),
    };
    return this.parts.actors.change(
      id,
      async (record, { onExpiry }) => {
        const asked = payload !== undefined && this.asked(record, payload, onExpiry);
        return { type: 'amend', at: this.parts.clock.now(), ...asked, ...shown };
      },
      occasion,
    );
  }

  /** Another payload for a request. @throws HubError `invalid_request`, `too_large` */
  private asked({ type, policy }: RequestRecord, payload: Record<string, unknown>, onExpiry: ExpiryDefault) {
    const { kinds } = this.parts;
    const copy = withEditable(type, kinds.payload(type, payload), policy, kinds, this.notEditable(type));
    const responseSchema = kinds.responseSchema(type, copy);
    const bySilence = onExpiry === 'approved' && kinds.whyNotBySilence(type, copy);
    if (bySilence)
      throw new HubError('invalid_request', { message: `It cannot be amended like this: ${bySilence}` });
    return { payload: copy, digest: digestOf(type, copy), ...(responseSchema && { responseSchema }) };
  }

  /** Says in the log why arguments that were to be editable are not. */
  private notEditable(type: string | undefined): (why: string) => void {
    return (why) => this.parts.logger.warn('Arguments are shown as not editable', { type, why });
  }

  /** A request that a live grant covers is approved by it; every other waits for people. */
  private async begin(born: RequestInput, occasion: Occasion, olderId?: string): Promise<RequestRecord> {
    const { grants, actors } = this.parts;
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      const grant = await grants.covering(born);
      if (!grant) break;
      try {
        const used = { id: grant.id, givenBy: grant.givenBy };
        return await actors.begin(born, occasion, { olderId, grant: used });
      } catch (error) {
        // Its last use was taken, or it was revoked, in this very moment.
        if (!(isHubError(error) && error.code === 'conflict')) throw error;
      }
    }
    return actors.begin(born, occasion, { olderId });
  }
}
