/** The mount that the doctor looks at: its address, what is sent along, and plain requests to it; every check uses it. */

export interface TargetOptions {
  headers: Readonly<Record<string, string>>;
  origin?: string | undefined;
  ticketId?: string | undefined;
  /** How long each answer may take. */
  timeoutMs: number;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** What the text is as JSON; nothing where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever a server sends; each check looks at the fields that it needs
  json: any;
  tookMs: number;
}

export class Target {
  readonly base: string;
  /** The Origin of a page of this mount. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ticketId: string | undefined;
  readonly timeoutMs: number;

  constructor(url: URL, { headers, origin, ticketId, timeoutMs }: TargetOptions) {
    // Who copies an address from the browser copies that of a page.
    this.base = `${url.origin}${url.pathname.replace(/\/(?:console|charts)?\/?$/, '')}`;
    this.origin = origin ?? url.origin;
    this.headers = headers;
    this.ticketId = ticketId;
    this.timeoutMs = timeoutMs;
  }

  /** A GET, as a page of the mount sends it. @throws what `fetch` throws */
  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const begun = performance.now();
    const res = await fetch(this.base + path, {
      redirect: 'manual',
      headers: { accept: 'application/json', ...this.headers, ...headers },
      signal: AbortSignal.timeout(this.timeoutMs),
    });
    const text = await res.text();
    return {
      status: res.status,
      headers: res.headers,
      text,
      json: jsonOf(text),
      tookMs: Math.round(performance.now() - begun),
    };
  }

  /** The address of a socket. */
  socketUrl(path: string): string {
    return this.base.replace(/^http/, 'ws') + path;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: as `Answer.json`
export function jsonOf(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
