/** Asks the app who sends a request, person or program, and fails closed; the socket route, REST and links identify here. */
import { z } from 'zod';
import { HubError } from '../../errors';
import type { Clock } from '../../hub/commit/clock';
import { Hint, Hints } from '../../hub/options/hints';
import type { Logger } from '../../hub/options/logger';
import { describeIssue } from '../../protocol/codec';
import { nearestName } from '../../protocol/nearest-name';
import type { Millis, User } from '../../protocol/records';
import { askApp } from './ask-app';
import type { AuthOptions, Identity, Service } from './auth-options';
import type { Handshake } from './handshake';

/** A user of whom all is known. */
export type Known = Required<User> & { expiresAt?: Millis };

const endSchema = z
  .union([z.number(), z.date()], 'Must be a number of milliseconds since 1970, or a Date')
  .transform(Number)
  .nullish();
/** An app's user may have whatever else it needs. */
const userSchema = z.object({
  id: z.string().nullish(),
  name: z.string().nullish(),
  groups: z.array(z.string()).nullish(),
  expiresAt: endSchema,
});

export class Identities {
  private readonly hints: Hints;
  private hasIdentified = false;

  constructor(
    private readonly auth: AuthOptions,
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {
    this.hints = Hints.of(logger);
  }

  /** Whether the app can say of a person how they are now, without a request of theirs. */
  get findsPeople(): boolean {
    return this.auth.findUser !== undefined;
  }

  /** The program behind a request, if it is one. @throws HubError `authentication_required` after its end, `unavailable` */
  async service(req: Handshake): Promise<Service | undefined> {
    const given = await askApp(this.logger, 'auth.identifyService', async () =>
      this.auth.identifyService?.(req),
    );
    if (!given) return undefined;
    const { id, name, tickets, mayExpireApproved } = given;
    const end = endSchema.safeParse(given.expiresAt);
    if (
      end.success &&
      typeof id === 'string' &&
      id !== '' &&
      (name === undefined || typeof name === 'string')
    ) {
      const expiresAt = end.data ?? undefined;
      this.assertHolds(expiresAt);
      return {
        id,
        tickets,
        mayExpireApproved: mayExpireApproved === true,
        ...(name !== undefined && { name }),
        ...(expiresAt !== undefined && { expiresAt }),
      };
    }
    this.logger.error('auth.identifyService gave no service; access is refused');
    throw new HubError('unavailable');
  }

  /** The person behind a request. @throws HubError `authentication_required`, `forbidden` for a program, `unavailable` */
  async identify(req: Handshake): Promise<Known> {
    if (await this.service(req))
      throw new HubError('forbidden', { message: 'This is for people, not for programs' });
    return this.known('auth.identify', async () => this.auth.identify(req), req);
  }

  /** @throws HubError `authentication_required` once this time has come */
  assertHolds(expiresAt: Identity['expiresAt']): void {
    if (expiresAt != null && Number(expiresAt) <= this.clock.now())
      throw new HubError('authentication_required', { message: 'The login has ended' });
  }

  /** A person as they are now. @throws HubError `authentication_required`, `forbidden`, `unavailable` */
  async person(id: string): Promise<Known> {
    const user = await this.known('auth.findUser', async () => this.auth.findUser?.(id));
    if (user.id !== id) throw new HubError('forbidden');
    return user;
  }

  /** @param req where the callback is asked about one */
  private async known(
    callbackName: string,
    callback: () => Promise<unknown>,
    req?: Handshake,
  ): Promise<Known> {
    const given = await askApp(this.logger, callbackName, callback);
    if (!given) throw new HubError('authentication_required', { cause: this.whyNobody(given, req) });
    const result = userSchema.safeParse(typeof given === 'string' ? { id: given } : given);
    if (!result.success) {
      // Groups that are one string would let `includes` find what is not there: nothing here is guessed at.
      const id: unknown = typeof given === 'object' ? Reflect.get(given, 'id') : given;
      const wrong =
        typeof id === 'number' || typeof id === 'bigint'
          ? `the id is a ${typeof id}, and has to be a text: write String(id)`
          : describeIssue(result.error.issues[0]);
      this.logger.error(`${callbackName} gave no user; access is refused`, { wrong });
      throw new HubError('unavailable');
    }
    const { id, name, groups, expiresAt } = result.data;
    if (!id) {
      const has = typeof given === 'object' ? Object.keys(given).slice(0, 10).join(', ') : '';
      const cause = new Hint(
        `${callbackName} id`,
        `${callbackName} gave a user without id, so the answer is 401: it has ${has || 'nothing'}; return { id, name?, groups? }, the id a text that stays`,
      );
      throw new HubError('authentication_required', { cause });
    }
    this.hasIdentified = true;
    if (expiresAt == null) this.warnOfMisspelt(callbackName, given);
    else this.assertHolds(expiresAt);
    // The app's own fields are given back to its callbacks and agents.
    const { expiresAt: _end, ...own } = Object(given) as Identity;
    const fields = typeof given === 'string' ? {} : own;
    return { ...fields, id, name: name ?? id, groups: groups ?? [], ...(expiresAt != null && { expiresAt }) };
  }

  /** A callback that has identified no one so far is likely never to identify anyone. */
  private whyNobody(given: unknown, req: Handshake | undefined): Hint | undefined {
    if (this.hasIdentified || !req) return undefined;
    return new Hint(
      'nobody',
      `auth.identify gave ${given === '' ? 'an empty text' : given} for the first who came, so the answer is 401, as for everybody of whom it gives nothing: is somebody signed in, does the login run before app.use(hitl.router), and does identify return what it found?${whyNoCookie(req)}`,
    );
  }

  /** An end of a login under an unknown name would have no effect: warned about once, since it may be the app's own field. */
  private warnOfMisspelt(callbackName: string, given: unknown): void {
    if (typeof given !== 'object') return;
    const misspelt = Object.keys(given ?? {}).find((name) => nearestName(name, ['expiresAt']));
    if (misspelt === undefined) return;
    this.hints.give(
      'expiresAt',
      `${callbackName} gave ${misspelt}, which ends nothing: did you mean expiresAt?`,
    );
  }
}

/** What a hub can see of why a login was not remembered: a proxy that the app does not trust, a page of another site. */
function whyNoCookie({ headers, secure }: Handshake): string {
  if (headers.cookie !== undefined || headers.authorization !== undefined) return '';
  if (/^https\b/.test(`${headers['x-forwarded-proto'] ?? ''}`) && secure === false)
    return " No cookie came, and a proxy took the request over https, which Express does not know: write app.set('trust proxy', 1), else a session with a secure cookie sets none.";
  const { origin, host } = headers;
  if (origin === undefined || !URL.canParse(origin) || new URL(origin).host === host) return '';
  return ` No cookie came with it from ${origin.slice(0, 200)}: for a page of another site the cookie needs SameSite=None; Secure, and a fetch credentials: 'include'.`;
}
