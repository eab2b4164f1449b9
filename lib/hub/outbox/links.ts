/** Links by which one person answers one request from a mail or a chat: made and read here, opened by `transport/pages/link-page`. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { HubError } from '../../errors';
import type { Millis, RequestRecord } from '../../protocol/records';
import { requestView } from '../../protocol/request-view';
import type { Clock } from '../commit/clock';
import { linkFields } from '../options/asked-options';
import { type Duration, toDeadlineMillis } from '../options/duration';
import { assertOptions } from '../options/options';
import type { Hitl } from '../requests/hitl';

/** How links are made: the option `links`. */
export interface LinkOptions {
  /** At least 32 secret bytes. Of several secrets the first signs and all are accepted, so that they can be rotated. */
  secret: string | readonly string[];
  /** The mount as the person's browser reaches it, such as `https://app.example.com/soc`. */
  baseUrl: string;
}

/** What a link is bound to. */
export interface LinkTerms {
  requestId: string;
  userId: string;
  revision: number;
  digest: string;
  expiresAt: Millis;
}

const minSecretBytes = 32;
/** Characters of a token that is looked at; longer ones are none of ours. */
const maxTokenLength = 2_048;

export class Links {
  private readonly secrets: readonly string[];
  /** None where the app has no links. */
  private readonly base: string | undefined;

  /** @throws HubError `invalid_request` for a secret that is too short, or a `baseUrl` that is none @internal */
  constructor(
    options: LinkOptions | undefined,
    private readonly parts: { hitl: Hitl; clock: Clock },
  ) {
    this.secrets = [];
    if (!options) return;
    this.secrets = [options.secret].flat();
    if (
      this.secrets.length === 0 ||
      this.secrets.some((secret) => Buffer.byteLength(secret) < minSecretBytes)
    )
      throw new HubError('invalid_request', {
        message: `links.secret needs at least ${minSecretBytes} bytes`,
      });
    if (!/^https?:\/\//.test(options.baseUrl) || !URL.canParse(options.baseUrl))
      throw new HubError('invalid_request', { message: 'links.baseUrl is no http or https address' });
    this.base = options.baseUrl.replace(/\/+$/, '');
  }

  /**
   * A link for one person to one pending request as it stands now. It is an answer in their name: send it to them alone.
   * @param link `expiresIn` defaults to `'24h'`
   * @throws HubError `not_found`, `already_resolved`, `invalid_request`, also without the option `links`
   */
  async create(link: { requestId: string; userId: string; expiresIn?: Duration }): Promise<string> {
    if (this.base === undefined)
      throw new HubError('invalid_request', {
        message:
          'links is missing among the options of expressHitl: write links: { secret, baseUrl }, and auth.findUser',
      });
    assertOptions('The link', link, linkFields);
    const now = this.parts.clock.now();
    const request = await this.parts.hitl.get(link.requestId);
    if (request.status !== 'pending')
      throw new HubError('already_resolved', { details: { hitl: requestView(request, now) } });
    const expiresAt = now + toDeadlineMillis(link.expiresIn ?? '24h');
    return `${this.base}/hitl/links/${this.sign(request, link.userId, expiresAt)}`;
  }

  /** Whether the app has links. @internal */
  get isOn(): boolean {
    return this.base !== undefined;
  }

  /** What a token is bound to. @throws HubError `not_found` for one that is not ours, or whose time is over @internal */
  read(token: string): LinkTerms {
    const [body = '', signature = '', ...more] = token.length > maxTokenLength ? [] : token.split('.');
    const given = Buffer.from(signature, 'base64url');
    const isOurs = this.secrets
      .map((secret) => timingSafeEqual(pad(given), mac(secret, body)))
      .some((equal) => equal);
    if (more.length > 0 || !isOurs) throw new HubError('not_found', { message: 'There is no such link' });
    const [requestId, userId, revision, digest, expires] = Buffer.from(body, 'base64url')
      .toString()
      .split('\n');
    const expiresAt = Number(expires);
    if (
      requestId === undefined ||
      userId === undefined ||
      digest === undefined ||
      !(expiresAt > this.parts.clock.now())
    )
      throw new HubError('not_found', { message: 'The time of this link is over' });
    return {
      requestId: decodeURIComponent(requestId),
      userId: decodeURIComponent(userId),
      revision: Number(revision),
      digest,
      expiresAt,
    };
  }

  private sign({ id, revision, digest }: RequestRecord, userId: string, expiresAt: Millis): string {
    const terms = [encodeURIComponent(id), encodeURIComponent(userId), revision, digest, expiresAt].join(
      '\n',
    );
    const body = Buffer.from(terms).toString('base64url');
    return `${body}.${mac(this.secrets[0] ?? '', body).toString('base64url')}`;
  }
}

function mac(secret: string, body: string): Buffer {
  return createHmac('sha256', secret).update(`express-hitl link v1\n${body}`).digest();
}

/** Padded to the length of a signature, so that the comparison takes the same time for any input. */
function pad(given: Buffer): Buffer {
  const padded = Buffer.alloc(32);
  if (given.length === 32) given.copy(padded);
  return padded;
}
