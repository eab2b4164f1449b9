/** What all clients of a run saw together: each of them writes here as it receives, and whatever does not fit is a violation. */
import { isDeepStrictEqual } from 'node:util';
import type { HitlOnWire, LoggedOnWire, OnWire, SentFrame } from './wire';

/** A frame, who sent it, and where. */
export interface Sent {
  ticketId: string;
  userId: string;
  frame: SentFrame;
}

/** A frame that was acked, and with what. */
export interface Acked extends Sent {
  ack: OnWire;
}

/** What of a snapshot can be checked against the log: where it stands, and what is under way there. */
export interface Shown {
  who: string;
  ticketId: string;
  seq: number;
  pending: readonly string[];
  running: readonly string[];
}

interface SeenLog {
  epoch: string;
  /** Envelopes by `seq`, as the first client got them. */
  texts: string[];
}

/** Violations recorded, and characters of each; what follows the first ones is seldom news. */
const maxViolations = 20;
const maxLength = 400;

export class Ledger {
  readonly violations: string[] = [];
  /** Every frame with an id, as often as it was sent. */
  readonly sent: Sent[] = [];
  readonly acked: Acked[] = [];
  readonly shown: Shown[] = [];
  /** Logged envelopes received, by all clients together. */
  observations = 0;
  /** Called with each envelope when the first client gets it. */
  onFirst: (envelope: LoggedOnWire) => void = () => {};
  private readonly logs = new Map<string, SeenLog>();
  private readonly asked = new Map<string, readonly HitlOnWire[]>();
  private readonly settled = new Set<string>();
  private readonly acks = new Map<string, OnWire>();

  violate(what: string): void {
    if (this.violations.length < maxViolations) this.violations.push(what.slice(0, maxLength));
  }

  /** Tickets of which something was seen. */
  get tickets(): string[] {
    return [...this.logs.keys()];
  }

  /** The envelope at this place as it was first seen; for a client that only wants to know whether it got the same. */
  textAt(ticketId: string, epoch: string, seq: number): string | undefined {
    const log = this.logs.get(ticketId);
    return log?.epoch === epoch ? log.texts[seq] : undefined;
  }

  /** What any client saw of a ticket, by `seq`; places that no client saw are empty. */
  seen(ticketId: string): readonly (string | undefined)[] {
    return this.logs.get(ticketId)?.texts ?? [];
  }

  /** Requests of a turn that any client has seen asked, in their order; also those that have been settled since. */
  requestsOf(turnId: string): readonly HitlOnWire[] {
    return this.asked.get(turnId) ?? [];
  }

  /** Whether any client has seen this request end. */
  isSettled(requestId: string): boolean {
    return this.settled.has(requestId);
  }

  /** One client has received one logged envelope: it must be what every other client got at this place. */
  observe(who: string, envelope: LoggedOnWire, text: string): void {
    this.observations += 1;
    const { ticket_id: ticketId, epoch, seq } = envelope;
    const log = this.logs.get(ticketId) ?? { epoch, texts: [] };
    this.logs.set(ticketId, log);
    if (log.epoch !== epoch) {
      this.violate(`${who}: the log of ${ticketId} has the epoch ${epoch}, and had ${log.epoch}`);
      return;
    }
    const known = log.texts[seq];
    if (known === undefined) {
      log.texts[seq] = text;
      this.note(envelope);
      this.onFirst(envelope);
    } else if (known !== text && !isDeepStrictEqual(JSON.parse(known), JSON.parse(text))) {
      this.violate(`${who}: ${ticketId} ${seq} is ${text}, and another client saw ${known}`);
    }
  }

  private note({ event, hitl }: LoggedOnWire): void {
    const { id, turn_id: turnId = '' } = hitl ?? {};
    if (!id || !hitl) return;
    if (event === 'hitl_request_pending') this.asked.set(turnId, [...this.requestsOf(turnId), hitl]);
    if (event === 'hitl_request_resolved') this.settled.add(id);
  }

  /** A frame was acked; the same frame, however often it is sent, must always get the same ack. */
  ack(acked: Acked): void {
    const key = `${acked.userId}\n${acked.frame.id}`;
    const before = this.acks.get(key);
    if (before === undefined) {
      this.acks.set(key, acked.ack);
      this.acked.push(acked);
    } else if (!isDeepStrictEqual(before, acked.ack)) {
      this.violate(`frame ${acked.frame.id} of ${acked.userId} was acked twice, and differently`);
    }
  }
}
