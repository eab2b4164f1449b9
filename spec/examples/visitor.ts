/** Someone who uses an example from outside, over HTTP and sockets, with the same headers everywhere; the example specs come as these. */
import {
  type Refused,
  TestClient,
  type TestClientOptions,
  type TestFrame,
} from '../../lib/testing/test-client';

export class Visitor {
  private readonly clients: TestClient[] = [];

  /** @param place whatever has the address; looked at with every call, so that it may move */
  constructor(
    public place: { url: string },
    readonly headers: Record<string, string>,
  ) {}

  /** A socket at `path`, or how it was refused. */
  async knock(path: string, options: TestClientOptions = {}): Promise<TestClient | Refused> {
    const url = this.place.url.replace('http', 'ws') + path;
    const opened = await TestClient.open(url, { headers: this.headers, ...options });
    if (opened instanceof TestClient) this.clients.push(opened);
    return opened;
  }

  /** A socket at `path`. @throws Error if it was refused */
  async join(path: string, options: TestClientOptions = {}): Promise<TestClient> {
    const opened = await this.knock(path, options);
    if (opened instanceof TestClient) return opened;
    throw new Error(`Refused with ${opened.status}`);
  }

  /** Redirects are not followed; a body is JSON. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.headers, ...(init.body ? { 'content-type': 'application/json' } : {}) };
    return fetch(this.place.url + path, { redirect: 'manual', ...init, headers });
  }

  /** The JSON at `path`. @throws Error unless it is answered with 200 */
  async read(path: string): Promise<TestFrame> {
    const response = await this.fetch(path);
    if (response.status !== 200) throw new Error(`${path} was answered with ${response.status}`);
    return response.json();
  }

  /** Answers a request over REST. */
  respond(requestId: string, body: object): Promise<Response> {
    return this.fetch(`/hitl/requests/${requestId}/respond`, { method: 'POST', body: JSON.stringify(body) });
  }

  /** Closes all sockets. */
  async leave(): Promise<void> {
    await Promise.all(this.clients.splice(0).map((client) => client.close()));
  }
}
