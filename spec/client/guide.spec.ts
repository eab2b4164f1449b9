/** Holds `docs/writing-a-client.md` and the client together, and runs the guide's code against a real hub. */
import { transformSync } from '@swc/core';
import { WebSocket } from 'ws';
import * as client from '../../lib/client';
import { BackOff, firstWaitMs, longestWaitMs } from '../../lib/client/back-off';
import { comesBack } from '../../lib/client/close-class';
import { maxStreams } from '../../lib/client/event-stream';
import { Follower } from '../../lib/client/follower';
import { verifyMs } from '../../lib/client/heartbeat';
import { connectMs, graceMs, maxUpgrades, steadyMs } from '../../lib/client/link';
import { maxUnderWay, maxWaiting } from '../../lib/client/outbox';
import { verdictOn } from '../../lib/client/refusal';
import { patienceMs } from '../../lib/client/tab-name';
import { trialMs } from '../../lib/client/upgrade-trial';
import { portOf } from '../../lib/hub/hub';
import { closeCodes } from '../../lib/protocol/close-codes';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { maxFramesInFlight } from '../../lib/transport/core/seat';
import { readPage, section, tableOf } from '../protocol/markdown';
import { cutAll, testSocket } from './guest';

const page = readPage('writing-a-client.md');

describe('the tables', () => {
  const place = (text = '') => {
    const [, epoch, seq] = /`(\w+):(\d+)`/.exec(text) ?? [];
    return epoch === undefined ? undefined : { epoch, seq: Number(seq) };
  };

  test.each(tableOf(page, 'Handled').rows.map((row) => Object.values(row)))(
    'handled %s, comes %s: %s',
    (handled, comes, then) => {
      const [follower, next] = [new Follower(place(handled)), place(comes)];
      if (!next) throw new Error('no envelope');
      const what = { new: 'handle it', seen: 'ignore it', gap: 'gap: close the socket, come back' };
      const took = follower.take(next);
      expect(then).toMatch(new RegExp(`^${what[took]}`));
      expect(follower.position).toEqual(took === 'new' ? next : place(handled));
    },
  );

  test('the close codes are judged as the client judges them, the known final ones all named', () => {
    const { rows } = tableOf(page, 'Code');
    const judged = rows.map(
      ({ Code = '', 'Come back': back = '' }) => [Number.parseInt(Code, 10), back] as const,
    );
    for (const [code, back] of judged) expect([code, comesBack(code) ? 'yes' : 'no']).toEqual([code, back]);
    // What only a client that breaks the protocol itself can meet stands in the table of protocol.md.
    const clientsFault = [1002, 1003, 1007, 4400];
    const named = Object.values(closeCodes).map(({ code }) => code);
    expect(judged.map(([code]) => code)).toEqual(
      expect.arrayContaining(named.filter((code) => !clientsFault.includes(code))),
    );
  });

  test('the waits are those of the client', () => {
    const backOff = new BackOff(() => 1);
    for (const { 'Limit in ms': limit } of tableOf(page, 'Try').rows) {
      expect(limit).toBe(backOff.next().toLocaleString('en'));
    }
    expect([firstWaitMs, backOff.next()]).toEqual([1_000, longestWaitMs]);
  });

  test('the options are those of the client, and no more', () => {
    const documented = tableOf(page, 'Option').rows.flatMap(({ Option = '' }) =>
      [...Option.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    const all: Record<keyof client.TicketOptions, true> = {
      url: true,
      ticketId: true,
      tab: true,
      sessionId: true,
      after: true,
      WebSocket: true,
      fetch: true,
      events: true,
      signal: true,
      clock: true,
      random: true,
    };
    expect(documented).toEqual(Object.keys(all));
    const ofInbox: Record<Exclude<keyof client.InboxOptions, keyof client.ConnectOptions>, true> = {
      type: true,
      toolName: true,
      ticketId: true,
      order: true,
      limit: true,
    };
    const inboxOptions = tableOf(page, 'Option of an inbox').rows.map((row) => row['Option of an inbox']);
    expect(inboxOptions).toEqual(Object.keys(ofInbox).map((name) => `\`${name}\``));
    const states: Record<client.ClientState, true> = {
      connecting: true,
      live: true,
      resuming: true,
      closed: true,
    };
    expect(tableOf(page, 'State').rows.map(({ State }) => State)).toEqual(
      Object.keys(states).map((state) => `\`${state}\``),
    );
  });

  test('an answer in place of a connection is judged as the client judges it', async () => {
    const { rows } = tableOf(section(page, '## A handshake that is refused'), 'Answer');
    const judged = rows.flatMap(({ Answer = '', Then = '' }) =>
      [...Answer.matchAll(/`(\w+)`/g)].map(([, code = '']) => [code, Then] as const),
    );
    for (const [code, then] of judged) {
      const verdict = await verdictOn({ status: 403, json: async () => ({ error: { code } }) });
      const ending = typeof verdict === 'object' && 'ending' in verdict ? verdict.ending.code : undefined;
      if (ending !== undefined) expect([code, then]).toEqual([code, `over, as ${ending}`]);
      else expect([code, then]).toEqual([code, expect.not.stringContaining('over')]);
      expect([code, verdict === 'welcome']).toEqual([code, then.includes('would be let in')]);
    }
    expect(judged.filter(([, then]) => then.startsWith('over')).length).toBe(7);
  });

  test('so are the numbers in the text', () => {
    const seconds = (ms: number) => `${ms / 1_000} second`;
    const says = (heading: string, ...texts: string[]) => {
      const text = section(page, heading);
      for (const each of texts) expect(text).toContain(each);
    };
    says('## States', `after ${seconds(connectMs)}`);
    says('## Coming back', `live for ${seconds(steadyMs)}`);
    says('## Is the other side still there', `wait ${seconds(verifyMs)}`, `after ${seconds(graceMs)}`);
    const times = ['no', 'one', 'two', 'three'];
    says(
      '## Where no WebSocket gets through',
      `${times[maxUpgrades]} WebSockets in a row`,
      `every ${trialMs / 60_000} minutes`,
      `at most ${maxStreams} streams`,
    );
    says('## Tabs', `up to ${patienceMs} ms`);
    says(
      '## Sending frames',
      `buffers ${maxWaiting}`,
      `has ${maxUnderWay}`,
      `more than ${maxFramesInFlight} `,
    );
  });
});

describe('the code', () => {
  let hub: TestHub;
  beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0));
  afterEach(async () => {
    jest.restoreAllMocks();
    await hub.close();
  });

  /** What a block of the page exports, run with what it imports and the names it leaves open. */
  function load(label: string, modules: object = {}, open: object = {}): Promise<Record<string, unknown>> {
    const [, text] = new RegExp(`^\`\`\`[jt]s ${label}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? [];
    if (text === undefined) throw new Error(`no block ${label}`);
    const { code } = transformSync(text, {
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs', ignoreDynamic: true },
      isModule: true,
    });
    const names = { exports: {}, require: (name: keyof typeof modules) => modules[name], ...open };
    const run = new Function(...Object.keys(names), `return (async () => { ${code}; return exports; })();`);
    return run(...Object.values(names));
  }

  test('the client in a page answers the request and talks', async () => {
    hub = await startTestHub({
      agent: async (turn) => {
        await turn.approve({ tool: 'block_ip', args: { ip: '203.0.113.7' } });
        await turn.say('done');
      },
    });
    let made: client.TicketClient | undefined;
    const connectTicket = (options: client.TicketOptions) => {
      made = client.connectTicket({ ...options, url: hub.url, WebSocket: testSocket(hub) });
      return made;
    };
    const watcher = await hub.connect({ ticketId: 'INC-7', user: 'bob' });
    await load('client-in-a-page', { 'express-hitl/client': { ...client, connectTicket } });
    expect(await watcher.next('hitl_request_resolved')).toMatchObject({
      hitl: { status: 'approved', response: { comment: 'Known scanner' } },
    });
    await watcher.next('turn_ended');
    expect(await watcher.ask({ type: 'message', content: 'still there' })).toMatchObject({ event: 'ack' });
    made?.close();
  });

  test('the inbox in a page shows what waits, and answers it', async () => {
    hub = await startTestHub();
    const lines: unknown[] = [];
    jest.spyOn(console, 'log').mockImplementation((line) => void lines.push(line));
    let made: client.InboxClient | undefined;
    const connectInbox = (options: client.InboxOptions) => {
      made = client.connectInbox({ ...options, url: hub.url, WebSocket: testSocket(hub) });
      return made;
    };
    await load('inbox-in-a-page', { 'express-hitl/client': { ...client, connectInbox } });
    await new Promise<void>((resolve) => made?.on('inbox_snapshot', () => resolve()));
    const gone = new Promise<void>((resolve) => made?.on('inbox_removed', () => resolve()));
    const { id } = await portOf(hub.hub).hitl.request({
      ...{ ticketId: 'T-1', sessionId: 's', userId: 'agent', type: 'tool_approval' },
      payload: { tool_name: 'block_ip', tool_args: {} },
    });
    await gone;
    expect(lines).toEqual([
      '0 of 0 wait, first of all undefined',
      `1 of 1 wait, first of all ${id}`,
      '0 of 0 wait, first of all undefined',
      `${id}: denied by alice`,
    ]);
    made?.close();
  });

  test('the client in Node says who it is in a header', async () => {
    hub = await startTestHub({
      auth: { identify: (req) => req.get('authorization')?.replace('Bearer ', '') },
    });
    let made: client.TicketClient | undefined;
    const connectTicket = (options: client.TicketOptions) => {
      made = client.connectTicket({ ...options, url: hub.url });
      return made;
    };
    const modules = { 'express-hitl/client': { ...client, connectTicket }, ws: { WebSocket } };
    await load('client-in-node', modules, { currentToken: () => 'carol' });
    await made?.send('hello');
    const timeline = await fetch(`${hub.url}/tickets/INC-7/timeline`, {
      headers: { authorization: 'Bearer carol' },
    });
    expect(await timeline.json()).toMatchObject({
      items: [{}, { message: { author: { user_id: 'carol' } } }],
    });
    made?.close();
  });

  describe('the smallest client', () => {
    interface Small {
      send(frame: object): string;
      close(): void;
    }
    let small: Small | undefined;
    afterEach(() => small?.close());

    /** The guide's client in the ticket, what it was sent, and a way to wait for more. */
    async function start(loses: (envelope: client.Envelope) => boolean = () => false) {
      const told: client.Envelope[] = [];
      const closed: number[] = [];
      let wake = () => {};
      const { follow } = await load('smallest-client');
      const onEnvelope = (envelope: client.Envelope) => {
        told.push(envelope);
        wake();
      };
      const onClosed = (code: number) => {
        closed.push(code);
        wake();
      };
      const address = `${hub.url.replace('http', 'ws')}/ws/chat/ticket/T-1?tab=small`;
      const sockets: WebSocket[] = [];
      const options = { WebSocket: testSocket(hub, { loses, sockets }), onEnvelope, onClosed };
      small = (follow as (address: string, options: object) => Small)(address, options);
      const until = async (isTrue: () => boolean) => {
        while (!isTrue()) await new Promise<void>((resolve) => (wake = resolve));
      };
      const contents = () =>
        told.flatMap((each) => (each.event === 'session_message_added' ? [each.message.content] : []));
      return { small, told, closed, sockets, contents, until };
    }

    test('is sent everything once, in order, over cuts, losses and a restart; and sends once', async () => {
      hub = await startTestHub();
      let lost = 0;
      const { small, told, contents, until } = await start((envelope) => {
        // A message, and an answer with which the connection goes too.
        const isTheOne =
          (lost === 0 && envelope.event === 'session_message_added' && envelope.message.content === '3') ||
          (lost === 1 && envelope.event === 'ack');
        if (!isTheOne) return false;
        lost += 1;
        if (lost === 2) cutAll(hub);
        return true;
      });
      for (let sent = 1; sent <= 12; sent += 1) {
        small.send({ type: 'message', content: `${sent}` });
        if (sent === 6) cutAll(hub);
        if (sent === 9) await hub.restart();
        // The third is not emitted before the fourth shows that it is missing.
        if (sent !== 3) await until(() => contents().length === sent);
      }
      expect(lost).toBe(2);
      expect(contents()).toEqual(Array.from({ length: 12 }, (_, index) => `${index + 1}`));
      const seqs = told.flatMap((each) => ('session_id' in each && 'epoch' in each ? [each.seq] : []));
      expect(seqs).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
      expect(told.filter(({ event }) => event === 'snapshot')).toHaveLength(1);
    });

    test('stays away after a code that is final', async () => {
      hub = await startTestHub();
      const { told, closed, sockets, until } = await start();
      await until(() => told.length > 1);
      hub.hub.clients.disconnect({ where: () => true, code: 'session_ended' });
      await until(() => closed.length > 0);
      expect(closed).toEqual([4401]);
      expect(sockets).toHaveLength(1);
    });
  });
});
