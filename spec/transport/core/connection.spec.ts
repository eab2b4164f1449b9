/** The exact bounds of one connection, on a socket whose network the test holds in its hand. */
import { Broadcast, type Outbound } from '../../../lib/hub/tickets/broadcast';
import type { Dialect } from '../../../lib/protocol/codec';
import type { LoggedEnvelope, MessageDelta, Typing } from '../../../lib/protocol/envelopes';
import type { RequestView } from '../../../lib/protocol/request-view';
import { ManualClock } from '../../../lib/testing/manual-clock';
import type { Socket } from '../../../lib/transport/core/batch';
import {
  Connection,
  closeTimeoutMs,
  maxQueuedBytes,
  maxQueuedFrames,
  pressureBytes,
  pressureFrames,
} from '../../../lib/transport/core/connection';

/** Holds what it is given until the test releases it. */
class StubbornSocket implements Socket {
  readonly sent: string[] = [];
  readonly closes: [number, string][] = [];
  pings = 0;
  terminated = false;
  protected waiting: { bytes: number; done: (() => void) | undefined }[] = [];

  get bufferedAmount(): number {
    return this.waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  send(data: string, done?: () => void): void {
    this.sent.push(data);
    this.waiting.push({ bytes: Buffer.byteLength(data), done });
  }

  /** The network takes the first `frames` of what waits. */
  drain(frames = this.waiting.length): void {
    for (const { done } of this.waiting.splice(0, frames)) done?.();
  }

  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
  }

  terminate(): void {
    this.terminated = true;
  }

  ping(): void {
    this.pings += 1;
  }
}

/** The same, with the insides of ws that let a batch go out in one write. */
class OpenSocket extends StubbornSocket {
  readonly readyState = 1;
  readonly _isServer = true;
  readonly _sender = { _queue: [], _state: 0, _firstFragment: true, _extensions: {} };
  readonly _socket = {
    write: (bytes: Buffer, done?: () => void) => {
      const texts = textsIn(bytes);
      this.sent.push(...texts);
      this.waiting.push({ bytes: Buffer.byteLength(texts.join('')), done });
    },
  };
}

/** What the unmasked text frames of a write say. */
function textsIn(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0x81);
    const short = bytes.readUInt8(at + 1);
    const head = { 126: 4, 127: 10 }[short] ?? 2;
    const long = head === 10 ? Number(bytes.readBigUInt64BE(at + 2)) : bytes.readUInt16BE(at + 2);
    const end = at + head + (head === 2 ? short : long);
    texts.push(bytes.toString('utf8', at + head, end));
    at = end;
  }
  return texts;
}

let clock: ManualClock;
let socket: StubbornSocket;
let newSocket: () => StubbornSocket;

function connect(dialect: Dialect = 'hitl.v1'): Connection {
  clock = new ManualClock();
  socket = newSocket();
  const connection = new Connection(dialect, clock, { id: 'agent', name: 'Agent' });
  connection.open(socket);
  return connection;
}

function live(dialect?: Dialect): Connection {
  const connection = connect(dialect);
  connection.goLive([], 0);
  return connection;
}

const at = '2026-01-01T00:00:00.000Z';
const typing: Typing = { event: 'typing', timestamp: at, ticket_id: 'T', user: { id: 'u', name: 'U' } };
const logged = (seq: number, intent = ''): LoggedEnvelope => ({
  event: 'turn_ended',
  timestamp: at,
  session_id: 's',
  turn_id: 't',
  status: 'completed',
  intent,
  ticket_id: 'T',
  epoch: 'e',
  seq,
});
const delta = (offset: number, text = 'x'): MessageDelta => ({
  event: 'message_delta',
  session_id: 's',
  turn_id: 't',
  message_id: 'm',
  offset,
  text,
});
const of = (...outbounds: Outbound[]) => new Broadcast(outbounds);
const seqs = () => socket.sent.map((frame) => JSON.parse(frame).seq);

const sockets = [
  ['frame by frame', () => new StubbornSocket()],
  ['in one write', () => new OpenSocket()],
] as const;

/** A request, as far as it is sent to a classic client. */
const prompt = (id: string, asOf: number, revision = 1): Outbound => ({
  prompt: {
    id,
    session_id: 's',
    type: 'question',
    status: 'pending',
    revision,
    created_at: at,
  } as RequestView,
  asOf,
});

describe('A prompt that is sent again', () => {
  beforeEach(() => {
    newSocket = () => new StubbornSocket();
  });
  const told = () => socket.sent.map((frame) => JSON.parse(frame).hitl?.id).filter(Boolean);

  test('is not sent where the opening knew better', () => {
    const connection = connect('classic');
    connection.deliver(of(prompt('old', 4)));
    connection.deliver(of(logged(5), prompt('gone', 5), logged(6), prompt('there', 6)));
    connection.goLive([], 6);
    expect(told()).toEqual(['there']);
  });

  test('reaches a client that is behind, where what is not logged is dropped', () => {
    const connection = live('classic');
    connection.deliver(of(logged(1, 'x'.repeat(pressureBytes))));
    connection.deliver(of(typing, prompt('r', 1), { raw: 'noise' }));
    expect(told()).toEqual(['r']);
    expect(socket.sent).not.toContain('noise');
  });

  test('is what its panel shows then, in the revision that it has; others have no panel', () => {
    const connection = live('classic');
    connection.deliver(of(prompt('r', 0, 3)));
    expect(connection.panel?.revisionOf('r')).toBe(3);
    expect(connection.panel?.revisionOf('other')).toBe(1);
    expect(live().panel).toBeUndefined();
  });

  test('is nothing to others', () => {
    live().deliver(of(prompt('r', 0)));
    expect(socket.sent).toEqual([]);
  });
});

describe.each(sockets)('%s:', (_how, make) => {
  beforeEach(() => {
    newSocket = make;
  });

  describe('a client that is behind', () => {
    test(`B1: ${maxQueuedFrames} frames may wait; the one after them finds the queue full`, () => {
      const connection = live();
      for (let seq = 1; seq <= maxQueuedFrames; seq += 1)
        expect(connection.deliver(of(logged(seq)))).toBe(true);
      expect(connection.deliver(of(logged(maxQueuedFrames + 1)))).toBe(false);
      expect(socket.sent).toHaveLength(maxQueuedFrames);
    });

    test('each frame that gets through makes room for one', () => {
      const connection = live();
      for (let seq = 1; seq <= maxQueuedFrames; seq += 1) connection.deliver(of(logged(seq)));
      socket.drain(2);
      expect(connection.deliver(of(logged(257)))).toBe(true);
      expect(connection.deliver(of(logged(258)))).toBe(true);
      expect(connection.deliver(of(logged(259)))).toBe(false);
    });

    test('B1: acks, errors and pongs count as well, so that answers to no client pile up in memory', () => {
      const connection = live();
      for (let n = 1; n <= maxQueuedFrames; n += 1)
        expect(connection.send({ event: 'pong', seq: n })).toBe(true);
      expect(connection.send({ event: 'pong', seq: 0 })).toBe(false);
    });

    test(`B1: ${maxQueuedBytes} bytes may wait, and not one more`, () => {
      expect(live().deliver(of({ raw: 'x'.repeat(maxQueuedBytes) }))).toBe(true);
      expect(live().deliver(of({ raw: 'x'.repeat(maxQueuedBytes + 1) }))).toBe(false);
    });

    test('many frames of one tick are no sign of a slow client', () => {
      const connection = live();
      const burst = Array.from({ length: 1_000 }, (_each, index) => logged(index + 1));
      expect(connection.deliver(of(...burst))).toBe(true);
      socket.drain();
      expect(connection.deliver(of(logged(1_001)))).toBe(true);
      expect(seqs()).toEqual(Array.from({ length: 1_001 }, (_each, index) => index + 1));
    });

    test('a socket over which everything is always a little late is no slow client either', () => {
      const connection = live();
      for (let seq = 1; seq <= 2_000; seq += 1) {
        expect(connection.deliver(of(logged(seq)))).toBe(true);
        // As over TLS: there is never a moment at which nothing waits.
        if (seq > 3) socket.drain(1);
      }
      expect(socket.bufferedAmount).toBeGreaterThan(0);
    });

    test('the opening is not held against it, however long it is', () => {
      const connection = connect();
      const opening = Array.from({ length: 1_000 }, (_each, index) => logged(index + 1, 'x'.repeat(5_000)));
      expect(connection.goLive(opening, 1_000)).toBe(true);
      expect(socket.bufferedAmount).toBeGreaterThan(4 * maxQueuedBytes);
      expect(connection.deliver(of(logged(1_001)))).toBe(true);
      expect(connection.send({ event: 'pong', seq: 1_001 })).toBe(true);
    });

    test('what of the opening has gone out is not forgiven a second time', () => {
      const connection = connect();
      connection.goLive([logged(1, 'x'.repeat(3 * maxQueuedBytes)), logged(2)], 2);
      socket.drain(1);
      expect(connection.deliver(of(logged(3, 'x'.repeat(maxQueuedBytes - 1_000))))).toBe(true);
      expect(connection.deliver(of(logged(4, 'x'.repeat(1_000))))).toBe(false);
    });
  });

  describe('under pressure', () => {
    test(`from ${pressureBytes} bytes on ephemeral frames are dropped and counted, logged ones are not`, () => {
      const connection = live();
      connection.deliver(of({ raw: 'x'.repeat(pressureBytes) }));
      expect(connection.deliver(of(typing))).toBe(true);
      expect(socket.sent).toHaveLength(2);
      expect(connection.deliver(of(typing, logged(1), typing, logged(2)))).toBe(true);
      expect(socket.sent.slice(2).map((frame) => JSON.parse(frame).event)).toEqual([
        'turn_ended',
        'turn_ended',
      ]);
      expect(connection.dropped).toBe(2);
    });

    test(`from ${pressureFrames} frames on, however small, the same: many deltas do not close a slow client`, () => {
      const connection = live();
      for (let n = 0; n < 2 * maxQueuedFrames; n += 1) expect(connection.deliver(of(delta(n)))).toBe(true);
      expect(socket.sent).toHaveLength(pressureFrames);
      expect(connection.deliver(of(delta(0), logged(1)))).toBe(true);
      expect(seqs().at(-1)).toBe(1);
      socket.drain();
      connection.deliver(of(delta(7)));
      expect(JSON.parse(`${socket.sent.at(-1)}`)).toEqual(delta(7));
    });

    test('is over when the frames have gone', () => {
      const connection = live();
      connection.deliver(of({ raw: 'x'.repeat(pressureBytes + 1) }));
      connection.deliver(of(typing));
      socket.drain();
      connection.deliver(of(typing));
      expect(socket.sent).toHaveLength(2);
      expect(connection.dropped).toBe(1);
    });

    test('costs the others nothing: clients that are not behind share one encoding', () => {
      const broadcast = of(typing, logged(1));
      const slow = live();
      slow.deliver(of({ raw: 'x'.repeat(pressureBytes + 1) }));
      slow.deliver(broadcast);
      const first = live();
      first.deliver(broadcast);
      const ofFirst = socket.sent;
      const second = live();
      second.deliver(broadcast);
      expect(ofFirst).toHaveLength(2);
      expect(socket.sent).toEqual(ofFirst);
    });
  });

  describe('before the client knows what was before', () => {
    test('B7: what is live is held back, and then sent once and in order', () => {
      const connection = connect();
      connection.deliver(of(logged(1), logged(2)));
      connection.deliver(of(typing, logged(3)));
      connection.send({ event: 'pong', seq: 3 });
      expect(socket.sent).toEqual([]);
      connection.goLive([logged(1), logged(2)], 2);
      expect(socket.sent.map((frame) => JSON.parse(frame)).map(({ event, seq }) => [event, seq])).toEqual([
        ['turn_ended', 1],
        ['turn_ended', 2],
        ['typing', undefined],
        ['turn_ended', 3],
        ['pong', 3],
      ]);
    });

    test('deltas are not held back; what has come of them so far is sent with the opening, however long that is', () => {
      const connection = connect();
      for (let n = 0; n < 2 * maxQueuedFrames; n += 1)
        expect(connection.deliver(of(delta(n), ...(n === 7 ? [logged(1)] : [])))).toBe(true);
      connection.goLive([], 0);
      connection.catchUp([delta(0, 'x'.repeat(maxQueuedBytes)), delta(1)]);
      expect(socket.sent.map((frame) => JSON.parse(frame)).map(({ seq, offset }) => seq ?? offset)).toEqual([
        1, 0, 1,
      ]);
      expect(connection.deliver(of(logged(2)))).toBe(true);
    });

    test(`no more than ${maxQueuedFrames} frames are held, however they come`, () => {
      const each = connect();
      for (let seq = 1; seq <= maxQueuedFrames; seq += 1) expect(each.deliver(of(logged(seq)))).toBe(true);
      expect(each.send({ event: 'pong', seq: 1 })).toBe(false);
      const together = connect();
      const burst = Array.from({ length: maxQueuedFrames + 1 }, (_each, index) => logged(index + 1));
      expect(together.deliver(of(...burst))).toBe(false);
    });

    test('B7: closed before it was live, it is sent nothing', () => {
      const connection = connect();
      connection.deliver(of(logged(1)));
      connection.close('replaced');
      expect(connection.goLive([logged(1)], 1)).toBe(true);
      expect(socket.sent).toEqual([]);
    });
  });

  describe('closing', () => {
    test.each([
      ['hitl.v1', 'replaced', 4409],
      ['hitl.v1', 'resync', 4508],
      ['hitl.v1', 'going_away', 1001],
      ['classic', 'replaced', 1000],
      ['classic', 'resync', 4508],
      ['classic', 'going_away', 1012],
    ] as const)('%s, %s: %i', (dialect, name, code) => {
      live(dialect).close(name);
      expect(socket.closes).toEqual([[code, expect.any(String)]]);
    });

    test('B2: nothing is sent after the close, and a second close says nothing', () => {
      const connection = live();
      connection.close('forbidden');
      connection.close('going_away');
      expect(connection.deliver(of(logged(1)))).toBe(true);
      expect(connection.send({ event: 'pong', seq: 1 })).toBe(true);
      expect([socket.sent, socket.closes.length]).toEqual([[], 1]);
    });

    test('a peer that does not answer the close is cut off', () => {
      live().close('resync');
      clock.advance(closeTimeoutMs - 1);
      expect(socket.terminated).toBe(false);
      clock.advance(1);
      expect(socket.terminated).toBe(true);
    });

    test('one that answers leaves no timer behind', () => {
      const connection = live();
      connection.close('resync');
      connection.ended();
      expect(clock.pending).toBe(0);
    });
  });

  describe('heartbeat', () => {
    test('a peer that is heard of between two beats stays', () => {
      const connection = live();
      for (let beat = 0; beat < 5; beat += 1) {
        connection.beat();
        connection.heard();
      }
      expect([socket.pings, socket.terminated]).toEqual([5, false]);
    });

    test('a silent one is cut off at the second', () => {
      const connection = live();
      connection.beat();
      expect(socket.terminated).toBe(false);
      connection.beat();
      expect(socket.terminated).toBe(true);
    });
  });
});
