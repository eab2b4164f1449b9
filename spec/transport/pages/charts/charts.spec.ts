import { get, type IncomingMessage } from 'node:http';
import { HubError } from '../../../../lib/errors';
import { portOf } from '../../../../lib/hub/hub';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../../lib/testing';
import { accessEveryMs } from '../../../../lib/transport/core/reading';
import { keepAliveMs, maxStreams, movedMs } from '../../../../lib/transport/pages/charts/step-stream';

let hub: TestHub;
const streams: IncomingMessage[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.destroy();
  await hub.close();
});

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({
    mount: '/soc',
    pages: { charts: { maySee: (req) => req.get('x-user') === 'root' } },
    agent: async (turn) => {
      await turn.approve({
        tool: 'block_ip',
        args: { ip: '203.0.113.7' },
        policy: { users: ['ben'] },
      });
    },
    ...options,
  });
}

function ask(path: string, user = 'root'): Promise<Response> {
  return fetch(`${hub.url}/charts/${path}`, { headers: { 'x-user': user }, redirect: 'manual' });
}

/** What a stream says: each event with its data. */
class Listener {
  private readonly told: { event: string; data: unknown }[] = [];
  private text = '';
  private heard = () => {};
  isOver = false;

  static async open(query: string): Promise<Listener> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${hub.url}/charts/steps${query}`, { headers: { 'x-user': 'root' } }, resolve).on('error', reject);
    });
    streams.push(response);
    expect(response.headers['content-type']).toBe('text/event-stream');
    return new Listener(response);
  }

  private constructor(response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (chunk: string) => this.read(chunk));
    response.on('error', () => {});
    response.on('close', () => {
      this.isOver = true;
      this.heard();
    });
  }

  async next(event: string): Promise<unknown> {
    for (;;) {
      const index = this.told.findIndex((each) => each.event === event);
      if (index >= 0) return this.told.splice(0, index + 1).at(-1)?.data;
      await new Promise<void>((resolve) => {
        this.heard = resolve;
      });
    }
  }

  async over(): Promise<void> {
    while (!this.isOver) {
      await new Promise<void>((resolve) => {
        this.heard = resolve;
      });
    }
  }

  private read(chunk: string): void {
    this.text += chunk;
    const blocks = this.text.split('\n\n');
    this.text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event] = /^event: (.*)$/m.exec(block) ?? [];
      const [, data] = /^data: (.*)$/m.exec(block) ?? [];
      this.told.push({ event: event ?? 'comment', data: data && JSON.parse(data) });
    }
    this.heard();
  }
}

/** A pending approval and those in its ticket. */
async function pending() {
  const alice = await hub.connect({ user: 'alice' });
  const ben = await hub.connect({ user: 'ben' });
  alice.send({ type: 'message', id: 'm-1', content: 'block it' });
  const { hitl } = await ben.next('hitl_request_pending');
  return { alice, ben, hitl };
}

describe('The live charts', () => {
  it('are not there unless the app asks for them', async () => {
    hub = await startTestHub({ mount: '/soc' });
    expect((await ask('')).status).toBe(404);
  });

  it.each(['', 'page.mjs', 'machines/turn.svg', 'actors', 'actors/turn/t-1', 'steps'])(
    'show nothing of /%s to other people',
    async (path) => {
      await start();
      const answer = await ask(path, 'alice');
      expect([answer.status, (await answer.json()).error.code]).toEqual([403, 'forbidden']);
    },
  );

  it.each([
    [
      'throws',
      () => {
        throw new Error('login is down');
      },
      503,
    ],
    ['says something that is not true', () => 'yes' as unknown as boolean, 403],
    [
      'names the refusal',
      () => {
        throw new HubError('authentication_required');
      },
      503,
    ],
  ] as const)('refuse everybody where the rule %s', async (_how, maySee, status) => {
    await start({ pages: { charts: { maySee } } });
    expect((await ask('actors')).status).toBe(status);
  });

  it('are a page that loads nothing from elsewhere', async () => {
    await start();
    const redirect = await ask('');
    const page = await fetch(`${hub.url}/charts/`, { headers: { 'x-user': 'root' } });
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    const html = await page.text();
    expect(redirect.status).toBe(200);
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
    for (const path of loaded) expect([path, (await ask(path ?? '')).status]).toEqual([path, 200]);
    expect(loaded).toEqual(['page.css', 'page.mjs']);
    const bare = await fetch(`${hub.url}/charts`, { headers: { 'x-user': 'root' }, redirect: 'manual' });
    expect([bare.status, bare.headers.get('location')]).toEqual([308, 'charts/']);
  });

  it.each(['hitlRequest', 'turn', 'ticket'])(
    'have the picture of %s, which may hold its own style',
    async (machine) => {
      await start();
      const answer = await ask(`machines/${machine}.svg`);
      expect(answer.headers.get('content-type')).toMatch('image/svg+xml');
      expect(answer.headers.get('content-security-policy')).toMatch("style-src 'unsafe-inline'");
      expect(await answer.text()).toMatch(`<title>${machine}</title>`);
      expect((await ask('machines/..%2f..%2fpackage.json.svg')).status).toBe(404);
    },
  );

  it('list tickets, turns and requests with their states', async () => {
    await start();
    const { hitl } = await pending();
    const list = await (await ask('actors?ticket_id=T-1&status=pending')).json();
    expect(list).toMatchObject({
      tickets: [{ machine: 'ticket', id: 'T-1', states: ['ticket.active'] }],
      turns: [{ machine: 'turn', ticket_id: 'T-1', states: ['turn.running'] }],
      requests: [
        {
          machine: 'hitlRequest',
          id: hitl.id,
          what: 'block_ip',
          states: ['hitlRequest.pending', 'hitlRequest.pending.open'],
        },
      ],
    });
    expect(await (await ask('actors?ticket_id=T-2')).json()).toEqual({
      tickets: [],
      turns: [],
      requests: [],
    });
    expect((await ask('actors?status=nonsense')).status).toBe(400);
  });

  it('show what a request has gone through, also before the page was opened and before a restart', async () => {
    const respond = expect.stringMatching(/^hitlRequest\.pending:respond:\d+$/);
    await start();
    const { ben, hitl } = await pending();
    await ben.ask({ type: 'hitl_claim', id: 'c-1', request_id: hitl.id });
    await hub.restart();
    await portOf(hub.hub).hitl.respond(hitl.id, {
      by: { id: 'ben' },
      status: 'denied',
      response: { comment: 'no' },
    });
    const told = await (await ask(`actors/hitlRequest/${hitl.id}`)).json();
    expect(
      told.steps.map(({ event, to, taken, why }: Record<string, unknown>) => [event, to, taken, why]),
    ).toEqual([
      ['xstate.init', ['hitlRequest.pending', 'hitlRequest.pending.open'], [], undefined],
      [
        'claim',
        ['hitlRequest.pending', 'hitlRequest.pending.claimed'],
        [expect.stringMatching(/^hitlRequest\.pending(\.open)?:claim:\d$/)],
        undefined,
      ],
      [
        'asker_leave',
        ['hitlRequest.pending', 'hitlRequest.pending.claimed'],
        ['hitlRequest.pending:asker_leave:1'],
        undefined,
      ],
      [
        'respond',
        ['hitlRequest.resolved', 'hitlRequest.resolved.denied'],
        // A veto and the last no of a majority lead alike; which it was, the audit does not say.
        [respond, respond],
        'no',
      ],
    ]);
    expect(told.states).toEqual(['hitlRequest.resolved', 'hitlRequest.resolved.denied']);
    expect((await ask('actors/hitlRequest/nobody')).status).toBe(404);
    expect((await ask('actors/nothing/x')).status).toBe(404);
  });

  it('show the few steps of a turn from its record', async () => {
    await start();
    const { alice, hitl } = await pending();
    await alice.ask({ type: 'turn_cancel', id: 'x-1', turn_id: hitl.turn_id ?? '' });
    const told = await (await ask(`actors/turn/${hitl.turn_id}`)).json();
    expect(told.steps.map(({ event, taken }: Record<string, unknown>) => [event, taken])).toEqual([
      ['xstate.init', []],
      ['start', ['turn.queued:start:1']],
      ['cancel', ['turn:cancel:1']],
    ]);
    expect(told.states).toEqual(['turn.aborted']);
  });

  it('show durable turns that wait or are stuck from their records, whichever process had them', async () => {
    await start();
    const turn = {
      ticketId: 'T-9',
      sessionId: 's',
      userId: 'ann',
      queuedAt: 1,
      startedAt: 2,
      intent: 'block',
    };
    const run = { generation: 2, leg: 0, tries: 0, triedAt: 3 };
    const waitsFor = { since: 5, requestIds: ['r'] };
    const problem = { reason: 'crashing', at: 6, message: '3 processes ended under it' } as const;
    const turns = [
      { ...turn, id: 'w', run, status: 'waiting', continuedAt: 4, waitsFor },
      { ...turn, id: 's', run, status: 'stuck', problem },
      { ...turn, id: 'e', run, status: 'aborted', endedAt: 7, reason: 'expired' },
    ] as const;
    await hub.store.commit([{ ticketId: 'T-9', at: 8, turns, envelopes: [] }]);
    const { turns: listed } = await (await ask('actors?ticket_id=T-9')).json();
    expect(listed.map(({ id, states, what }: Record<string, unknown>) => [id, states, what])).toEqual([
      ['w', ['turn.waiting'], 'block'],
      ['s', ['turn.stuck'], 'block'],
    ]);
    const stepsOf = async (id: string) => {
      const { steps, note } = await (await ask(`actors/turn/${id}`)).json();
      expect(note).toMatch(/not recorded/);
      return steps.map(({ event, to, taken, why }: Record<string, unknown>) => [event, to, taken, why]);
    };
    const began = [
      ['xstate.init', ['turn.queued'], [], undefined],
      ['start', ['turn.running'], ['turn.queued:start:1'], undefined],
    ];
    expect(await stepsOf('w')).toEqual([
      ...began,
      ['take', ['turn.running'], ['turn.running:take:2'], undefined],
      ['rest', ['turn.waiting'], ['turn.running:rest:1'], undefined],
    ]);
    expect(await stepsOf('s')).toEqual([
      ...began,
      ['take', ['turn.stuck'], ['turn.running:take:1'], '3 processes ended under it'],
    ]);
    expect(await stepsOf('e')).toEqual([
      ...began,
      ['expire', ['turn.aborted'], ['turn:expire:1'], undefined],
    ]);
  });

  it('stream each step of what is shown, with the very transition that was taken', async () => {
    await start();
    const { ben, hitl } = await pending();
    const listener = await Listener.open(`?machine=hitlRequest&id=${hitl.id}`);
    await portOf(hub.hub)
      .hitl.respond(hitl.id, { by: { id: 'eve' }, status: 'approved' })
      .catch(() => {});
    expect(await listener.next('step')).toMatchObject({
      event: 'respond',
      to: ['hitlRequest.pending', 'hitlRequest.pending.open'],
      taken: ['hitlRequest.pending:respond:4'],
    });
    await ben.ask({
      type: 'hitl_respond',
      id: 'r-1',
      request_id: hitl.id,
      revision: 1,
      status: 'approved',
    });
    expect(await listener.next('step')).toMatchObject({
      machine: 'hitlRequest',
      id: hitl.id,
      ticket_id: 'T-1',
      event: 'respond',
      from: ['hitlRequest.pending', 'hitlRequest.pending.open'],
      to: expect.arrayContaining(['hitlRequest.resolved.approved']),
    });
  });

  it('stream nothing that was not committed', async () => {
    await start();
    const { hitl } = await pending();
    const listener = await Listener.open(`?machine=hitlRequest&id=${hitl.id}`);
    const commit = jest.spyOn(hub.store, 'commit').mockRejectedValueOnce(new Error('disk full'));
    const by = { id: 'ben' };
    await expect(portOf(hub.hub).hitl.respond(hitl.id, { by, status: 'denied' })).rejects.toMatchObject({
      code: 'storage_failed',
    });
    commit.mockRestore();
    await portOf(hub.hub).hitl.claim(hitl.id, by);
    expect(await listener.next('step')).toMatchObject({ event: 'claim' });
  });

  it('say once, and a moment later, that others have moved', async () => {
    await start();
    const listener = await Listener.open('');
    await pending();
    await hub.advance(movedMs);
    expect(await listener.next('moved')).toEqual({});
  });

  it('send a comment now and then, so that no proxy takes the silence for an end', async () => {
    await start();
    const listener = await Listener.open('');
    await hub.advance(keepAliveMs);
    expect(await listener.next('comment')).toBeUndefined();
  });

  it('cost nothing while no page is open, and limit how many are', async () => {
    await start();
    const listeners = await Promise.all(Array.from({ length: maxStreams }, () => Listener.open('')));
    expect(portOf(hub.hub).steps.isWatched).toBe(true);
    const refused = await ask('steps');
    expect([refused.status, (await refused.json()).error.code]).toEqual([503, 'busy']);
    for (const stream of streams.splice(0)) stream.destroy();
    await Promise.all(listeners.map((listener) => listener.over()));
    while (portOf(hub.hub).steps.isWatched) await new Promise((resolve) => setImmediate(resolve));
    expect((await Listener.open('')).isOver).toBe(false);
  });

  it('end the stream of a page that may look no longer', async () => {
    let may = true;
    await start({ pages: { charts: { maySee: (req) => may && req.get('x-user') === 'root' } } });
    const listener = await Listener.open('');
    await hub.advance(accessEveryMs);
    expect(listener.isOver).toBe(false);
    may = false;
    await hub.advance(accessEveryMs);
    await listener.over();
  });

  it('end their streams when the hub closes, and open no more', async () => {
    await start();
    const listener = await Listener.open('');
    await hub.hitl.close();
    await listener.over();
    expect((await ask('steps')).status).toBe(503);
  });
});
