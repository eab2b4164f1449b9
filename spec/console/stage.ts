/** A hub with the console on a free port, and people in front of it in browsers of their own; the specs of the console play here. */
import { z } from 'zod';
import { systemClock } from '../../lib/hub/commit/clock';
import { portOf } from '../../lib/hub/hub';
import type { HitlRequestInput } from '../../lib/hub/requests/ask';
import { defineKind } from '../../lib/index';
import type { RequestRecord } from '../../lib/protocol/records';
import { startTestHub, type TestHub, type TestHubOptions } from '../../lib/testing/test-hub';
import { builtConsole } from './built';

/** Who is logged in: the cookie `user`, with groups after a colon (`alice:lead`). */
function userFromCookie(req: { headers: { cookie?: string | undefined } }) {
  const found = /(?:^|; )user=([^;]+)/.exec(req.headers.cookie ?? '')?.[1];
  if (!found) return null;
  const [id = '', groups] = decodeURIComponent(found).split(':');
  return { id, name: id.charAt(0).toUpperCase() + id.slice(1), groups: groups ? groups.split(',') : [] };
}

/** Time goes on by itself, as for a browser. */
export async function stageHub(options: TestHubOptions = {}): Promise<TestHub> {
  return startTestHub({
    mount: '/soc',
    clock: systemClock,
    retention: { log: { envelopes: 20_000 } },
    kinds: {
      severity: defineKind({
        payload: z.looseObject({ title: z.string() }),
        response: z.strictObject({
          level: z.number().int().min(1).max(5).meta({ title: 'Severity', description: '5 is the worst' }),
          team: z.enum(['soc', 'network', 'identity']),
          notify: z.boolean().optional(),
          comment: z.string().max(200).optional(),
        }),
      }),
    },
    ...options,
    pages: { console: { assets: await builtConsole() }, ...options.pages },
    auth: { identify: userFromCookie, inboxTickets: () => 'all', ...options.auth },
    http: { allowMissingOrigin: true, heartbeat: '1s', ...options.http },
    limits: { clientsPerTicket: 100, ...options.limits },
  });
}

/** What the agent of the stage does on a command. */
export const stageAgent: NonNullable<TestHubOptions['agent']> = async (turn) => {
  const [command, argument = ''] = turn.message.content.split(/ (.*)/s);
  if (command === 'block') {
    turn.setIntent(`block ${argument}`);
    const step = await turn.trace(`Looking up ${argument}: it is an indicator of this alert`);
    const approval = await turn.approve({
      message: step,
      tool: 'block_ip',
      args: { ip: argument, hours: 48 },
      expiresIn: '15m',
    });
    const comment = 'comment' in approval ? approval.comment : undefined;
    await turn.say(`${argument}: ${approval.status}${comment ? ` (${comment})` : ''}.`);
  } else if (command === 'work') {
    turn.setIntent('search the logs');
    const line = await turn.trace('Searched 0 of 3 logs');
    for (const done of [1, 2, 3]) await turn.update(line, `Searched ${done} of 3 logs`);
    await new Promise((resolve) => turn.signal.addEventListener('abort', resolve, { once: true }));
  } else if (command === 'many') {
    const lines = Array.from({ length: Number(argument) }, (_, at) => `line ${at + 1}`);
    for (let at = 0; at < lines.length; at += 1_000) {
      await Promise.all(lines.slice(at, at + 1_000).map((line) => turn.trace(line)));
    }
  } else if (command === 'plan') {
    await turn.warn('The gateway serves 400 people: blocking the wrong address locks them out.');
    await turn.plan(
      '1. Block the address\n2. Reset the account\n3. Search other gateways for the same address',
    );
  } else await turn.say(`You said: ${turn.message.content}`);
};

/** A request in a session of its own, put by the app. */
export async function ask(hub: TestHub, input: Partial<HitlRequestInput> = {}): Promise<RequestRecord> {
  const { ticketId = 'T-1', userId = 'dana' } = input;
  return portOf(hub.hub).hitl.request({
    ticketId,
    sessionId: await sessionIn(hub, ticketId, userId),
    userId,
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    detached: true,
    ...input,
  });
}

const sessions = new WeakMap<TestHub, Map<string, Promise<string>>>();

/** The session that this person has in a ticket; begun with a message if there is none. */
function sessionIn(hub: TestHub, ticketId: string, user: string): Promise<string> {
  const known = sessions.get(hub) ?? new Map<string, Promise<string>>();
  sessions.set(hub, known);
  const key = `${ticketId} ${user}`;
  const found = known.get(key) ?? begin();
  known.set(key, found);
  return found;

  async function begin(): Promise<string> {
    const client = await hub.connect({ ticketId, headers: { cookie: `user=${user}` }, user: null });
    const ack = await client.ask({ type: 'message', content: 'hello' });
    client.socket.close();
    return String(ack.session_id);
  }
}
