/** Where the journeys take place: hubs over real sockets on a SQLite file of the test's own, and what their clients saw of the log. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { TestClient, TestFrame } from '../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../lib/testing/test-hub';

export class Stage {
  private readonly folder = mkdtempSync(join(tmpdir(), 'hitl-journey-'));
  private readonly hubs: TestHub[] = [];

  /** The file that every hub of this stage opens. */
  get path(): string {
    return join(this.folder, 'hitl.db');
  }

  async start(options: TestHubOptions = {}): Promise<TestHub> {
    const hub = await startTestHub({ makeStore: () => sqliteStore(this.path), ...options });
    this.hubs.push(hub);
    return hub;
  }

  async clear(): Promise<void> {
    for (const hub of this.hubs.splice(0)) await hub.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** A new stage for each test of a file; cleared when the test is over. */
export function useStage(): () => Stage {
  let stage: Stage | undefined;
  afterEach(async () => {
    await stage?.clear();
    stage = undefined;
  });
  return () => {
    stage ??= new Stage();
    return stage;
  };
}

const positions = new Set(['welcome', 'snapshot', 'pong']);

/** The logged envelopes that a `hitl.v1` client was sent, as they came. */
export function logOf(client: TestClient): TestFrame[] {
  return client.received.filter(({ event, seq }) => seq !== undefined && !positions.has(event));
}

/** Resolves when the client has been sent the envelope with this `seq`, or one after it. */
export async function hasSeen(client: TestClient, seq: number): Promise<void> {
  if (!logOf(client).some((envelope) => envelope.seq >= seq))
    await client.next((frame) => !positions.has(frame.event) && frame.seq >= seq);
}

/** From, up to and including to. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

/** One short line per envelope. */
export function toLine({ event, message, status, reason, hitl }: TestFrame): string {
  const what = message
    ? `${message.type}: ${message.content}`
    : [status, reason, hitl?.status].filter(Boolean).join(' ');
  return what ? `${event} ${what}` : event;
}
