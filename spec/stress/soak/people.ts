/** Well-behaved people at a steady pace: they talk, ask, answer, claim, read, break off and come back; the soak plays them in all its rounds. */
import { once } from 'node:events';
import WebSocket from 'ws';
import type { CheckingClient } from '../checking-client';
import type { Random } from '../random';
import type { ServerProcess } from '../server-process';
import type { Stage } from '../stage';
import type { HitlOnWire } from '../wire';

const tickets = 10;
const peopleEach = 4;
const inboxes = 4;
/** From one deed of a person to the next. */
const pauseMs = { least: 300, most: 900 };

/** The tickets in which people are connected, for callers that want to join them. */
export const ticketIds: readonly string[] = Array.from({ length: tickets }, (_, index) => `soak-${index}`);

export class People {
  readonly counts = { people: tickets * peopleEach, inboxes, deeds: 0, answers: 0, returns: 0 };
  private isOver = false;
  private readonly pending = new Map<string, HitlOnWire[]>();
  private readonly answering = new Set<Promise<void>>();
  private all: CheckingClient[] = [];

  constructor(
    private readonly stage: Stage,
    private readonly server: ServerProcess,
  ) {}

  /** Every client joins; resolves with what resolves when all are done, after `end`. */
  async begin(): Promise<() => Promise<void>> {
    const { stage, server } = this;
    this.all = ticketIds.flatMap((ticketId) =>
      Array.from({ length: peopleEach }, (_, index) =>
        stage.client({ port: () => server.port, ticketId, userId: `person-${index}`, tab: ticketId }),
      ),
    );
    await Promise.all(this.all.map((each) => each.enter()));
    stage.ledger.onFirst = ({ event, hitl, ticket_id: ticketId }) => {
      if (!hitl || !ticketIds.includes(ticketId)) return;
      const others = (this.pending.get(ticketId) ?? []).filter(({ id }) => id !== hitl.id);
      this.pending.set(ticketId, event === 'hitl_request_resolved' ? others : [...others, hitl]);
    };
    const lives = [
      ...this.all.map((each, index) => this.live(each, stage.random.fork(`person ${index}`))),
      ...Array.from({ length: inboxes }, (_, index) => this.watch(`person-${index % peopleEach}`)),
    ];
    return async () => {
      this.isOver = true;
      await Promise.all(lives);
      await Promise.all(this.answering);
    };
  }

  private async live(person: CheckingClient, random: Random): Promise<void> {
    while (!this.isOver) {
      await wait(random.int(pauseMs.least, pauseMs.most));
      await this.act(person, random);
      this.counts.deeds += 1;
    }
  }

  /** One deed. Of what is pending the oldest is answered first, so that there is never much. */
  private async act(person: CheckingClient, random: Random): Promise<void> {
    const { stage } = this;
    const [oldest, ...more] = this.pending.get(person.ticketId) ?? [];
    const chance = random.next();
    if (oldest && (chance < 0.3 || more.length > 3)) {
      const status = random.pick(['approved', 'denied'] as const);
      const answer = await person.ask(stage.answer(oldest.id, status));
      const isRight = ['ack', 'already_resolved', 'claimed_by_other'].includes(answer.code ?? answer.event);
      stage.check(isRight, `${person.name}: an answer was refused with ${answer.code}`);
      this.counts.answers += 1;
    } else if (oldest && chance > 0.9) {
      await person.ask(stage.frame('hitl_claim', { request_id: oldest.id }));
      await person.ask(stage.frame('hitl_release', { request_id: oldest.id }));
    } else if (chance > 0.8) {
      person.cut();
      await person.until(() => !person.isLive, 'to be cut');
      await person.until(() => person.isLive, 'to be back');
      this.counts.returns += 1;
    } else if (chance > 0.7) {
      const path = `/tickets/${person.ticketId}/timeline?after=${Math.max(0, person.seq - 50)}&limit=50`;
      await this.read(path);
    } else {
      person.say({ type: 'typing' });
      await stage.insist(person, stage.message({ say: random.int(0, 2), ask: random.chance(0.4) ? 1 : 0 }));
    }
  }

  private async read(path: string): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.server.port}${path}`, {
      headers: { 'x-user': 'reader' },
    });
    this.stage.check(response.ok, `${path} was answered ${response.status}`);
    await response.text();
  }

  /** An inbox: its envelopes are numbered without a gap; it is read from its beginning to its end now and then. */
  private async watch(userId: string): Promise<void> {
    const { stage, server } = this;
    const url = `ws://127.0.0.1:${server.port}/ws/inbox`;
    const socket = new WebSocket(url, 'hitl.v1', { headers: { 'x-user': userId }, perMessageDeflate: false });
    let seq: number | undefined;
    let cursor: string | undefined;
    socket.on('message', (data) => {
      const envelope = JSON.parse(data.toString());
      if (envelope.event === 'inbox_snapshot' || envelope.event === 'ack') cursor = envelope.next_cursor;
      if (!envelope.event.startsWith('inbox_')) return;
      stage.check(
        seq === undefined || envelope.seq === seq + 1,
        `the inbox of ${userId} got ${envelope.seq} after ${seq}`,
      );
      seq = envelope.seq;
    });
    socket.on('error', (error) => stage.check(false, `the inbox of ${userId}: ${error.message}`));
    socket.on('close', (code) => stage.check(this.isOver, `the inbox of ${userId} was closed with ${code}`));
    await once(socket, 'open');
    while (!this.isOver) {
      await wait(500);
      const frame = cursor ? stage.frame('inbox_more', { cursor }) : { type: 'ping' };
      cursor = undefined;
      socket.send(JSON.stringify(frame));
    }
    socket.terminate();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
