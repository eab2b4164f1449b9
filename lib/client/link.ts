/** One connection over all its sockets, to a ticket or an inbox: connects, resumes, notices death and gaps, waits, reconnects; the client runs it. */
import type { Envelope, Welcome } from '../protocol/envelopes';
import type { InboxEnvelope } from '../protocol/inbox-envelopes';
import { plainAddress } from './address';
import { comesBack } from './close-class';
import type { Ending, Refusal } from './ending';
import { EventStream } from './event-stream';
import { Follower, type LogPosition } from './follower';
import { Heartbeat } from './heartbeat';
import type { ClientState, LinkParts, Transport } from './link-parts';
import type { ClientSocket, SocketEvent } from './page';
import { PageLife } from './page-life';
import { Pause } from './pause';
import { Question } from './question';
import { isLogged, parseEnvelope } from './received-text';
import type { Verdict } from './refusal';
import { UpgradeTrial } from './upgrade-trial';

type Subprotocol = typeof import('../protocol/codec').subprotocol;
const subprotocol: Subprotocol = 'hitl.v1';
type Replaced = typeof import('../protocol/close-codes').closeCodes['replaced']['code'];
const replaced: Replaced = 4409;

/** From the start of a connection to its `welcome`; slower counts as failed. */
export const connectMs = 15_000;
/** A connection that lasted this long was a good one: the next wait is short again. */
export const steadyMs = 10_000;
/** How long an envelope before the position of a `pong` may still be under way; only then it counts as lost. */
export const graceMs = 1_000;
/** WebSockets in a row that fail while plain HTTP gets through, before a stream is tried. */
export const maxUpgrades = 2;

export class Link {
  /** Why it is `closed`. */
  ending: Ending | undefined;
  /** Why the last try failed, if the server said so; none while it is connected. */
  refusal: Refusal | undefined;
  /** Of the present connection, or of the last one. */
  transport: Transport = 'websocket';
  private now: ClientState = 'connecting';
  private socket: ClientSocket | undefined;
  /** WebSockets in a row that failed while plain HTTP got through. */
  private failedUpgrades = 0;
  private welcomed: Pick<Welcome, 'epoch' | 'seq'> | undefined;
  private liveSince: number | undefined;
  private cancelConnect: (() => void) | undefined;
  private cancelDoubt: (() => void) | undefined;
  private readonly follower: Follower;
  private readonly pause: Pause;
  private readonly heartbeat: Heartbeat;
  private readonly question: Question;
  private readonly page: PageLife;
  private readonly trial: UpgradeTrial;

  constructor(private readonly parts: LinkParts) {
    this.follower = new Follower(parts.after);
    this.pause = new Pause(parts.clock, parts.random, () => this.tryToConnect());
    this.heartbeat = new Heartbeat(
      parts.clock,
      () => this.send('{"type":"ping"}'),
      () => this.giveUp(),
    );
    this.question = new Question(parts.clock, (verdict) => this.judge(verdict));
    this.trial = new UpgradeTrial({
      clock: parts.clock,
      make: () => this.openSocket(),
      onOpen: () => this.adopt(),
    });
    this.page = new PageLife(parts.events, {
      onSeen: () => this.check(),
      onOnline: () => {
        this.pause.isOffline = false;
        this.check();
        // In another network an upgrade may get through.
        this.trial.tryNow();
      },
      onOffline: () => {
        this.pause.isOffline = true;
        if (this.pause.isUnderWay) this.pause.begin();
        else this.heartbeat.verify();
      },
      onGone: () => {
        this.rest();
        if (this.now === 'live') this.turn('resuming');
      },
      onBack: () => {
        this.pause.reset();
        this.begin();
      },
    });
  }

  get state(): ClientState {
    return this.now;
  }

  /** Up to where every envelope was received. */
  get position(): LogPosition | undefined {
    return this.follower.position;
  }

  /** @throws TypeError for an address that is none, and what the `WebSocket` constructor throws */
  start(): void {
    this.begin();
    this.page.start();
  }

  /** Nothing is sent where there is no connection. */
  send(text: string): void {
    this.socket?.send(text);
  }

  /** Over for good; nothing is left running. Repeatable. */
  end(ending: Ending): void {
    if (this.now === 'closed') return;
    this.page.stop();
    this.rest();
    this.ending = { code: ending.code, reason: ending.reason };
    this.turn('closed');
  }

  /** Leaves, with nothing under way any more. */
  private rest(): void {
    this.pause.stop();
    this.question.stop();
    this.drop()?.close(1000);
  }

  /** Connects, as soon as it is certain where. */
  private begin(): void {
    const certain = this.parts.certain?.();
    if (!certain) {
      this.connect();
      return;
    }
    // An error in the address is thrown at once.
    this.parts.address(this.position);
    void certain.then(() => {
      if (this.now !== 'closed' && !this.page.isAway && !this.socket && !this.pause.isUnderWay)
        this.tryToConnect();
    });
  }

  private connect(): void {
    const { clock, fetch } = this.parts;
    const isStream = fetch !== undefined && this.failedUpgrades >= maxUpgrades;
    const socket = isStream ? new EventStream(plainAddress(this.address), fetch) : this.openSocket();
    this.transport = isStream ? 'sse' : 'websocket';
    this.socket = socket;
    this.cancelConnect = clock.later(connectMs, () => this.giveUp());
    this.listen(socket);
  }

  private openSocket(): ClientSocket {
    return new this.parts.WebSocket(this.address, [subprotocol]);
  }

  private get address(): string {
    return this.parts.address(this.position);
  }

  private tryToConnect(): void {
    try {
      this.connect();
    } catch {
      this.pause.begin();
    }
  }

  /** Events of a dropped socket are ignored; its listeners stay, since an `error` without a listener would throw in Node. */
  private listen(socket: ClientSocket): void {
    const on = (type: 'open' | 'message' | 'close' | 'error', hear: (event: SocketEvent) => void) =>
      socket.addEventListener(type, (event) => {
        if (this.socket === socket) hear(event);
      });
    on('message', ({ data }) => this.receive(String(data)));
    on('close', ({ code = 1006, reason = '', refusal }) => this.closed(code, reason, refusal));
    on('error', () => {});
  }

  /** The WebSocket on trial has taken the place of the stream. */
  private adopt(): void {
    const socket = this.trial.take();
    this.drop()?.close();
    this.transport = 'websocket';
    this.socket = socket;
    this.cancelConnect = this.parts.clock.later(connectMs, () => this.giveUp());
    if (this.now === 'live') this.turn('resuming');
    if (socket) this.listen(socket);
  }

  private receive(text: string): void {
    this.heartbeat.heard();
    const envelope = parseEnvelope(text);
    if (envelope) this.take(envelope);
    else this.parts.onRaw(text);
  }

  private take(envelope: Envelope | InboxEnvelope): void {
    if (envelope.event === 'welcome') this.welcome(envelope);
    else if (envelope.event === 'inbox_snapshot') {
      this.welcome(envelope);
      this.follower.jump(envelope);
    } else if (envelope.event === 'snapshot')
      this.follower.jump(envelope, { isPartial: envelope.more_requests === true });
    else if (envelope.event === 'snapshot_requests' && !envelope.more_requests) this.follower.complete();
    else if (envelope.event === 'pong') this.doubt(envelope.seq);
    else if (envelope.event === 'going_away') this.pause.untilAfter(envelope.retry_after_ms);
    else if (isLogged(envelope)) {
      const place = this.follower.take(envelope);
      if (place === 'gap') this.resync();
      if (place !== 'new') return;
    }
    this.parts.onEnvelope(envelope);
    this.goLive();
  }

  private welcome({ epoch, seq, heartbeat_ms }: Pick<Welcome, 'epoch' | 'seq' | 'heartbeat_ms'>): void {
    this.cancelConnect?.();
    this.question.stop();
    this.refusal = undefined;
    this.welcomed = { epoch, seq };
    this.heartbeat.start(heartbeat_ms, this.transport === 'websocket');
    if (this.transport === 'sse') this.trial.begin();
    else this.failedUpgrades = 0;
  }

  private goLive(): void {
    const { position, welcomed } = this;
    if (!welcomed || !position || position.epoch !== welcomed.epoch || position.seq < welcomed.seq) return;
    this.liveSince ??= this.parts.clock.now();
    this.turn('live');
  }

  private doubt(seq: number): void {
    if (!this.follower.isBehind(seq) || this.cancelDoubt) return;
    this.cancelDoubt = this.parts.clock.later(graceMs, () => {
      this.cancelDoubt = undefined;
      if (this.follower.isBehind(seq)) this.resync();
    });
  }

  /** An envelope is missing: asks for a replay from the last certain position. */
  private resync(): void {
    this.follower.missed();
    this.drop()?.close(1000);
    this.comeBack();
  }

  /** The peer is dead or does not answer. */
  private giveUp(): void {
    const isIn = this.welcomed !== undefined;
    const socket = this.drop();
    if (socket?.terminate) socket.terminate();
    else socket?.close();
    if (!isIn) this.failed();
    this.comeBack();
  }

  private closed(code: number, reason: string, refusal: Refusal | undefined): void {
    // The one on trial has taken the place already, and is about to say so.
    if (code === replaced && this.trial.isUnderWay) {
      this.adopt();
      return;
    }
    const isIn = this.welcomed !== undefined;
    this.drop();
    if (comesBack(code) || (code === replaced && this.parts.renew?.())) {
      if (!isIn && code === 1006) this.failed(refusal);
      this.comeBack();
    } else this.end({ code, reason });
  }

  /** A try has come to nothing, and no close code says why. */
  private failed(refusal?: Refusal): void {
    const { fetch } = this.parts;
    // Before it is a stream again, it is a WebSocket.
    if (this.transport === 'sse') this.failedUpgrades = maxUpgrades - 1;
    else if (fetch) this.question.ask(fetch, plainAddress(this.parts.address(undefined)));
    if (refusal) this.refuse(refusal);
  }

  private judge(verdict: Verdict): void {
    if (verdict === 'welcome') this.failedUpgrades += 1;
    else if ('ending' in verdict) this.end(verdict.ending);
    else this.refuse(verdict.refusal);
  }

  private refuse(refusal: Refusal): void {
    this.refusal = refusal;
    this.parts.onRefusal(refusal);
  }

  /** Lets go of the socket, which is the caller's to close. */
  private drop(): ClientSocket | undefined {
    const { socket } = this;
    this.follower.drop();
    this.heartbeat.stop();
    this.cancelConnect?.();
    this.cancelDoubt?.();
    this.cancelDoubt = undefined;
    this.trial.stop();
    this.socket = undefined;
    this.welcomed = undefined;
    return socket;
  }

  private comeBack(): void {
    const { clock } = this.parts;
    if (this.liveSince !== undefined && clock.now() - this.liveSince >= steadyMs) this.pause.reset();
    this.liveSince = undefined;
    this.pause.begin();
    if (this.now === 'live') this.turn('resuming');
  }

  /** There is reason to look. */
  private check(): void {
    if (this.pause.isUnderWay) {
      this.pause.reset();
      this.pause.begin();
    } else this.heartbeat.verify();
  }

  private turn(state: ClientState): void {
    if (this.now === state) return;
    this.now = state;
    this.parts.onState(state);
  }
}
