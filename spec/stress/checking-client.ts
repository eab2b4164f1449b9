/** A client that follows the protocol: resumes from its last position by itself, sends again what was not answered, and reports all it sees to the ledger. */
import WebSocket from 'ws';
import type { Ledger } from './ledger';
import type { Random } from './random';
import { isLogged, type LoggedOnWire, type OnWire, parseEnvelope, type SentFrame } from './wire';

export interface CheckingClientOptions {
  /** Asked again for every connection. */
  port: () => number;
  ticketId: string;
  userId: string;
  /** Default `default`. */
  tab?: string;
  ledger: Ledger;
  random: Random;
  /** One of the loopback addresses, where one address has too few ports. */
  localAddress?: string;
  /** How long the app is to think about who this is, each time. */
  loginMs?: () => number;
  /** So long it waits for a `welcome`. Default two minutes. */
  patienceMs?: number;
  /** Coming back it may get a snapshot though it asked for what it missed. Default false: that is a violation. */
  maySkip?: boolean;
  /** The app may send it away for good; it then stays away until `enter`. Default false: that is a violation. */
  mayBeSentAway?: boolean;
}

/** Tries in a row to come back; with the longest wait between them this is some 100 seconds. */
const maxTries = 120;
const retryMs = { first: 20, longest: 1_000 };
/** Codes after which a client comes back; all others are final. */
const comeBackCodes: ReadonlySet<number> = new Set([1001, 1005, 1006, 1011, 1012, 1013]);

/** A frame on its way. */
interface Unanswered {
  frame: SentFrame;
  settle(answer: OnWire): void;
  /** The connection has ended; none: the frame is sent again on the next. */
  lost?(): void;
}

/** `paging`: of a snapshot with many requests the rest is still to come, while what is live comes already. */
type State = 'away' | 'connecting' | 'welcome' | 'snapshot' | 'paging' | 'replay' | 'live';

export class CheckingClient {
  readonly name: string;
  /** The highest `seq` it has; what it had before came to it in order, or in a snapshot. */
  seq = 0;
  epoch: string | undefined;
  presence: NonNullable<OnWire['presence']> = [];
  /** What became of its connections. */
  readonly counts = { opened: 0, resumed: 0, snapshots: 0, failed: 0 };
  /** Why a connection did not come about, the last time. */
  failure = '';
  /** When it last joined, by `performance.now()`. */
  enteredAt = 0;
  /** How often each close code came. */
  readonly closes = new Map<number, number>();
  /** Whether the last snapshot came to its end; without that there is nothing to go on from. */
  private isWhole = true;
  /** Whether it is connected, or reconnecting. */
  wantsIn = false;
  private socket: WebSocket | undefined;
  private state: State = 'away';
  private target = 0;
  /** Of a snapshot: what is pending and what was running in it. */
  private pending = new Set<string>();
  private running: readonly string[] = [];
  private tries = 0;
  private notBefore = 0;
  private timer: NodeJS.Timeout | undefined;
  private silence: NodeJS.Timeout | undefined;
  private readonly unanswered = new Map<string, Unanswered>();
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: CheckingClientOptions) {
    this.name = `${options.userId}/${options.tab ?? 'default'}@${options.ticketId}`;
  }

  get ticketId(): string {
    return this.options.ticketId;
  }

  get isLive(): boolean {
    return this.state === 'live';
  }

  /** Joins, and from now on reconnects whenever it must. Resolves when it has been sent what was before. */
  enter(timeoutMs = 30_000): Promise<void> {
    this.wantsIn = true;
    if (this.state === 'away') this.connect();
    return this.until(() => this.isLive, 'to be let in', timeoutMs);
  }

  /** Breaks the connection off, without a word; if it wants in, it comes back. */
  cut(): void {
    this.socket?.terminate();
  }

  /** Stops reading; what is sent to it waits, here and there, until `resume`. */
  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  /** Goes away, by breaking off or in good order, and stays away until `enter`. */
  async goAway(how: 'cut' | 'close' = 'cut'): Promise<void> {
    this.wantsIn = false;
    clearTimeout(this.timer);
    if (how === 'cut') this.socket?.terminate();
    else this.socket?.close();
    await this.until(() => this.state === 'away' && !this.socket, 'to be out');
  }

  /** Sends a frame, again after every break, until it is answered; gives the `ack` or the `error`. */
  ask(frame: SentFrame, timeoutMs = 300_000): Promise<OnWire> {
    const { ledger, ticketId, userId } = this.options;
    ledger.sent.push({ ticketId, userId, frame });
    const answered = new Promise<OnWire>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.unanswered.delete(frame.id);
        reject(new Error(`${this.where} waited ${timeoutMs} ms for an answer to ${frame.type} ${frame.id}`));
      }, timeoutMs);
      this.unanswered.set(frame.id, {
        frame,
        settle: (answer) => {
          clearTimeout(timer);
          this.unanswered.delete(frame.id);
          if (answer.event === 'ack') ledger.ack({ ticketId, userId, frame, ack: answer });
          resolve(answer);
        },
      });
      if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
    });
    // Where the scenario has failed already it is no longer awaited, and its own failure must not end the run.
    answered.catch(() => {});
    return answered;
  }

  /** Sends a frame on this connection only; undefined if that ends, or there is none, before an answer comes. */
  askOnce(frame: SentFrame): Promise<OnWire | undefined> {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.resolve(undefined);
    const { ledger, ticketId, userId } = this.options;
    ledger.sent.push({ ticketId, userId, frame });
    return new Promise((resolve) => {
      const finish = (answer?: OnWire) => {
        this.unanswered.delete(frame.id);
        if (answer?.event === 'ack') ledger.ack({ ticketId, userId, frame, ack: answer });
        resolve(answer);
      };
      this.unanswered.set(frame.id, { frame, settle: finish, lost: finish });
      socket.send(JSON.stringify(frame));
    });
  }

  /** Sends what is never answered. */
  say(frame: { type: string }): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  /** Resolves when it has seen the log up to there. */
  reached(seq: number, timeoutMs = 30_000): Promise<void> {
    return this.until(() => this.seq >= seq && this.isLive, `to reach ${seq}`, timeoutMs);
  }

  /** Resolves when it is true, which is asked whenever something came or changed. @throws Error after `timeoutMs` */
  until(isTrue: () => boolean, what: string, timeoutMs = 30_000): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (end: () => void) => {
        clearTimeout(timer);
        this.waiting.delete(check);
        end();
      };
      const check = () => {
        if (isTrue()) finish(resolve);
      };
      const timer = setTimeout(() => {
        finish(() => reject(new Error(`${this.where} waited ${timeoutMs} ms ${what}`)));
      }, timeoutMs);
      this.waiting.add(check);
    });
  }

  private get where(): string {
    return `${this.name} (${this.state} at ${this.seq}, ${JSON.stringify(this.counts)}, ${this.failure})`;
  }

  private get position(): string | undefined {
    return this.epoch === undefined || !this.isWhole ? undefined : `${this.epoch}:${this.seq}`;
  }

  private connect(): void {
    const { port, ticketId, userId, tab, localAddress, loginMs, patienceMs = 120_000 } = this.options;
    const query = new URLSearchParams({
      ...(tab && { tab }),
      ...(this.position && { after: this.position }),
    });
    const url = `ws://127.0.0.1:${port()}/ws/chat/ticket/${ticketId}?${query}`;
    const headers = { 'x-user': userId, ...(loginMs && { 'x-login-ms': String(loginMs()) }) };
    const socket = new WebSocket(url, 'hitl.v1', {
      headers,
      perMessageDeflate: false,
      ...(localAddress && { localAddress }),
    });
    this.socket = socket;
    this.state = 'connecting';
    this.silence = setTimeout(() => socket.terminate(), patienceMs);
    socket.on('open', () => {
      this.counts.opened += 1;
      this.state = 'welcome';
      for (const { frame } of this.unanswered.values()) socket.send(JSON.stringify(frame));
    });
    socket.on('message', (data) => {
      this.heard();
      this.receive(data.toString());
      this.wake();
    });
    socket.on('ping', () => this.heard());
    socket.on('unexpected-response', (req, res) => {
      this.failure = `answered ${res.statusCode}`;
      if (res.statusCode !== 503) this.violate(`was refused with ${res.statusCode}`);
      req.destroy();
      this.closed(socket, 0);
    });
    socket.on('error', (error) => {
      this.failure = error.message;
    });
    socket.on('close', (code) => this.closed(socket, code));
  }

  private closed(socket: WebSocket, code: number): void {
    if (this.socket !== socket) return;
    clearTimeout(this.silence);
    const wasIn = this.state !== 'connecting';
    this.socket = undefined;
    this.state = 'away';
    if (wasIn) this.closes.set(code, (this.closes.get(code) ?? 0) + 1);
    else this.counts.failed += 1;
    for (const waiting of this.unanswered.values()) waiting.lost?.();
    const isFinal = wasIn && !comeBackCodes.has(code) && (code < 4500 || code > 4599);
    if (isFinal && this.options.mayBeSentAway) this.wantsIn = false;
    if (this.wantsIn && isFinal) this.violate(`was closed for good with ${code}`);
    else if (this.wantsIn) this.comeBack();
    this.wake();
  }

  private comeBack(): void {
    this.tries += 1;
    if (this.tries > maxTries) {
      this.violate('could not come back');
      return;
    }
    const longest = Math.min(retryMs.first * 2 ** this.tries, retryMs.longest);
    const wait = Math.max(
      this.notBefore - performance.now(),
      this.options.random.int(retryMs.first / 2, longest),
    );
    this.timer = setTimeout(() => this.wantsIn && this.connect(), wait);
  }

  /** Nothing heard for twice the heartbeat means that the peer is gone. */
  private heard(): void {
    this.silence?.refresh();
  }

  private receive(text: string): void {
    const { ledger, ticketId } = this.options;
    const isInside = this.state === 'live' || this.state === 'replay' || this.state === 'paging';
    // Nine out of ten envelopes were seen by another client before: to compare is enough, and spares the parsing.
    if (
      isInside &&
      this.state !== 'paging' &&
      this.epoch &&
      ledger.textAt(ticketId, this.epoch, this.seq + 1) === text
    ) {
      ledger.observations += 1;
      this.goOn();
      return;
    }
    const envelope = parseEnvelope(text);
    if (isLogged(envelope)) {
      const expected = this.seq + 1;
      if (!isInside) this.violate(`got ${envelope.seq} while it waited for its ${this.state}`);
      else if (envelope.seq !== expected) this.violate(`got ${envelope.seq} where ${expected} was due`);
      if (envelope.ticket_id !== ticketId) this.violate(`got an envelope of ${envelope.ticket_id}`);
      ledger.observe(this.name, envelope, text);
      this.seq = envelope.seq - 1;
      if (this.state === 'paging') this.follow(envelope);
      this.goOn();
    } else this.receiveDirect(envelope);
  }

  /** Requests of a snapshot; after the last of them it is whole. */
  private turnPage({ requests = [], more_requests: isMore }: OnWire): void {
    for (const { id } of requests) this.pending.add(id);
    if (isMore) return;
    const { name, ticketId, seq, running } = this;
    this.options.ledger.shown.push({ who: name, ticketId, seq, pending: [...this.pending], running });
    this.isWhole = true;
    this.state = 'live';
  }

  /** Between the pages of a snapshot. */
  private follow({ event, hitl, turn_id: turnId }: LoggedOnWire): void {
    if (event === 'hitl_request_pending' && hitl) this.pending.add(hitl.id);
    if (event === 'hitl_request_resolved' && hitl) this.pending.delete(hitl.id);
    if (event === 'turn_started' && turnId) this.running = [...this.running, turnId];
    if (event === 'turn_ended') this.running = this.running.filter((id) => id !== turnId);
  }

  private goOn(): void {
    this.seq += 1;
    if (this.state === 'replay' && this.seq >= this.target) this.state = 'live';
  }

  private receiveDirect(envelope: OnWire): void {
    const { event, seq = 0, epoch } = envelope;
    if (this.state === 'welcome' && event !== 'welcome') this.violate(`got ${event} before its welcome`);
    if (event === 'welcome') this.welcome(envelope);
    else if (event === 'snapshot') {
      if (this.state !== 'snapshot' || seq !== this.target) this.violate(`got a snapshot at ${seq} unasked`);
      this.epoch = epoch;
      this.seq = seq;
      this.state = 'paging';
      this.isWhole = false;
      this.presence = envelope.presence ?? [];
      this.pending = new Set();
      this.running = (envelope.turns ?? []).filter(({ status }) => status === 'running').map(({ id }) => id);
      this.turnPage(envelope);
    } else if (event === 'snapshot_requests') {
      if (this.state !== 'paging') this.violate('got more requests unasked');
      this.turnPage(envelope);
    } else if (event === 'presence_changed') this.presence = envelope.presence ?? [];
    else if (event === 'going_away') this.notBefore = performance.now() + (envelope.retry_after_ms ?? 0);
    else if (event === 'pong' && this.isLive && seq > this.seq)
      this.violate(`is at ${this.seq}, and its pong says ${seq}`);
    else if (event === 'ack' || (event === 'error' && envelope.re !== undefined)) {
      const asked = this.unanswered.get(envelope.re ?? '');
      if (asked) asked.settle(envelope);
      else this.violate(`got an answer to ${envelope.re}, which waits for none`);
    }
  }

  private welcome({ seq = 0, epoch, resumed, heartbeat_ms }: OnWire): void {
    if (this.state !== 'welcome') this.violate(`got a welcome while ${this.state}`);
    this.tries = 0;
    this.enteredAt = performance.now();
    this.target = seq;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.cut(), 2 * (heartbeat_ms ?? 30_000));
    if (resumed) {
      this.counts.resumed += 1;
      if (epoch !== this.epoch || seq < this.seq)
        this.violate(`was resumed at ${epoch}:${seq}, and had ${this.position}`);
      this.state = this.seq >= seq ? 'live' : 'replay';
    } else {
      this.counts.snapshots += 1;
      if (this.position && !this.options.maySkip)
        this.violate(`asked for all after ${this.position}, and was not told`);
      this.state = 'snapshot';
    }
  }

  private violate(what: string): void {
    this.options.ledger.violate(`${this.name} ${what}`);
  }

  private wake(): void {
    for (const each of [...this.waiting]) each();
  }
}
