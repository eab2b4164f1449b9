/** Which web pages may open a socket or answer over REST; asked before anything else of a request is looked at. */
import { HubError } from '../../errors';
import { Hint } from '../../hub/options/hints';
import type { Handshake } from './handshake';

/** What of a request says from which page it comes. */
type Origin = Pick<Handshake, 'headers' | 'socket'>;

export interface OriginOptions {
  /**
   * Pages that may connect (`https://app.example.com`); path, case and default port do not matter. Default: those of the
   * request's own host and port.
   */
  origins?: readonly string[] | undefined;
  /**
   * Lets clients in that send cookies but no Origin. Browsers always send one with a WebSocket, so only other programs
   * do not; those with a bearer token and no cookie are let in anyway. Default false.
   */
  allowMissingOrigin?: boolean | undefined;
}

export class OriginPolicy {
  private allowed: ReadonlySet<string> | undefined;
  /** An Origin was checked. */
  private isInUse = false;

  /**
   * @throws HubError `invalid_request` for something that is no URL
   */
  constructor(private readonly options: OriginOptions) {
    this.allowed = options.origins && new Set(options.origins.map(configured));
  }

  /** Allows more of them. @throws HubError `invalid_request` for something that is no URL, and once a client has come */
  add(origins: readonly string[]): void {
    if (this.isInUse)
      throw new HubError('invalid_request', {
        message: 'A client has come already: write http.origins among the options of expressHitl',
      });
    this.allowed = new Set([...(this.allowed ?? []), ...origins.map(configured)]);
  }

  /** For a socket. @throws HubError `origin_refused` */
  assertSocket(req: Origin): void {
    const { origin, cookie } = req.headers;
    if (origin === undefined && (cookie === undefined || this.options.allowMissingOrigin)) return;
    if (origin === undefined || !this.allows(origin, req)) throw this.refusal(req);
  }

  /**
   * For a `GET` that opens what a socket would open. Pages send no Origin with one of their own site; that it is of their own
   * a header proves that others cannot send without their Origin. @throws HubError `origin_refused`
   */
  assertStream(req: Origin): void {
    const { origin, 'sec-fetch-site': site, 'x-requested-with': requestedWith } = req.headers;
    const isOwn = origin === undefined && (site === 'same-origin' || (!site && requestedWith !== undefined));
    if (!isOwn) this.assertSocket(req);
  }

  /** For a REST call that changes something; there browsers send an Origin if it could be forged. @throws HubError `origin_refused` */
  assertChange(req: Origin): void {
    const { origin } = req.headers;
    const crossSite = origin === undefined && req.headers['sec-fetch-site'] === 'cross-site';
    if (crossSite || (origin !== undefined && !this.allows(origin, req))) throw this.refusal(req);
  }

  /** What came, what is allowed, and which option says so. */
  private refusal({ headers, socket }: Origin): HubError {
    const { allowed } = this;
    const origin = headers.origin === undefined ? undefined : shown(headers.origin);
    const facts = { ...(origin !== undefined && { origin }), ...(allowed && { allowed: [...allowed] }) };
    const what = origin === undefined ? 'A request without an Origin' : `The Origin ${origin}`;
    const host = headers.host?.slice(0, maxShown) ?? '';
    const isHttps = 'encrypted' in socket;
    const rule = allowed
      ? `http.origins has ${[...allowed].join(', ') || 'none'}`
      : `without the option http.origins only pages of the host that was asked for may connect, which is ${isHttps ? `https://${host}` : host}`;
    const advice =
      origin === undefined
        ? 'pages send one by themselves; a program that sends a cookie needs http.allowMissingOrigin'
        : `if it is a page of yours, write http: { origins: ['${origin}'] }${allowed ? '' : ', or let the proxy pass on Host'}`;
    return new HubError('origin_refused', {
      message: `${what} is not allowed here: ${rule}`,
      details: facts,
      cause: new Hint(`origin ${origin}`, `${what} was refused: ${rule}; ${advice}`),
    });
  }

  private allows(origin: string, req: Origin): boolean {
    this.isInUse = true;
    const normal = normalised(origin);
    if (normal === undefined) return false;
    if (this.allowed) return this.allowed.has(normal);
    const scheme = normal.slice(0, normal.indexOf(':'));
    // Behind a proxy that ends TLS the own scheme is not known; where it is, a page sent in the clear is another's.
    if (scheme === 'http' && 'encrypted' in req.socket) return false;
    return normal === normalised(`${scheme}://${req.headers.host ?? ''}`);
  }
}

/** Of an Origin what it is compared by: what else there is in it may be anything. */
function shown(origin: string): string {
  return (normalised(origin) ?? (origin === 'null' ? origin : 'that is no web address')).slice(0, maxShown);
}

/** Characters of what a peer has sent that are shown. */
const maxShown = 200;

function configured(url: string): string {
  const origin = normalised(url);
  if (origin === undefined)
    throw new HubError('invalid_request', {
      message: `Not an origin: ${url}; write for example https://app.example.com`,
    });
  return origin;
}

/** Lower case, no default port, no path; nothing for `null` and for what is no web address. */
function normalised(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}
