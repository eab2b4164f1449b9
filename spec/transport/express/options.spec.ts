/** What `expressHitl` refuses to be given: unknown names, with what was probably meant or where it is now, and values that cannot be. */
import { z } from 'zod';
import { webhookChannel } from '../../../lib/channels/webhook';
import { durable } from '../../../lib/hub/turns/durable/durable';
import { expressHitl } from '../../../lib/transport/express/express-hitl';
import { movedOptions } from '../../../lib/transport/express/moved-options';
import { type HitlTestOptions, makeHitl } from '../serve';

const refusal = (make: () => unknown) => {
  try {
    make();
  } catch (error) {
    return error;
  }
  return undefined;
};
const links = { secret: 's'.repeat(32), baseUrl: 'https://a.example' };

test.each<[string, object, string]>([
  ['an option', { retenton: {} }, 'retention'],
  ['a callback', { auth: { identfy: () => null } }, 'identify'],
  ['a rule', { rules: { mayAnser: () => true } }, 'mayAnswer'],
  ['a limit in snake_case', { limits: { clients_per_ticket: 3 } }, 'clientsPerTicket'],
  ['a bound of the log', { retention: { log: { maxage: '1d' } } }, 'maxAge'],
  ['a limit of frames', { limits: { frames: { perConection: 3 } } }, 'perConnection'],
  ['an option of http', { http: { origns: [] } }, 'origins'],
  ['an option of links', { links: { ...links, baseURL: 'https://a.example' } }, 'baseUrl'],
  ['a page', { pages: { chart: {} } }, 'charts'],
  ['an option of the console', { pages: { console: { asset: '.' } } }, 'assets'],
  ['a rule of the charts', { pages: { charts: { maysee: () => true } } }, 'maySee'],
  [
    'a part of a kind',
    { kinds: { k: { payload: z.object({}), aproval: () => z.object({}) } } },
    'defineKind',
  ],
  ['a method of a channel', { channels: { mail: { present() {}, settle() {}, updaet() {} } } }, 'update'],
  ['an option that belongs into a group', { clientsPerTicket: 3 }, 'limits.clientsPerTicket'],
  ['an option in another group', { http: { clientsPerTicket: 3 } }, 'limits.clientsPerTicket'],
  ['a misspelt callback outside its group', { identfy: () => null }, 'auth.identify'],
  ['an old name that is misspelt too', { max_clients_per_tickt: 3 }, 'limits.clientsPerTicket'],
])('%s that is unknown is refused with the one that was meant', (_what, options, meant) => {
  expect(refusal(() => makeHitl(options as HitlTestOptions))).toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining(meant),
  });
});

/** An object with this value at a path. */
const nested = (path: string, value: unknown): object =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;

test.each(Object.entries(movedOptions))('the old option %s says where it is now', (old, place) => {
  expect(refusal(() => makeHitl(nested(old, () => true) as HitlTestOptions))).toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining(`${old} is ${place} now`),
  });
});

test.each<[string, object]>([
  ['a rule that is no function', { rules: { mayAnswer: true } }],
  ['a group that is null', { rules: null }],
  ['a group that is a text', { limits: 'many' }],
  ['a callback that is a text', { auth: { inboxTickets: 'all' } }],
  ['a list of origins that is one text', { http: { origins: 'https://a.example' } }],
  ['a flag that is a text', { http: { allowMissingOrigin: 'false' } }],
  ['a channel without settle', { channels: { mail: { present() {} } } }],
  ['a log that holds half an envelope', { retention: { log: { envelopes: 0.5 } } }],
  ['an agent without a name', { agentName: { id: 'a' } }],
  ['an agent that is no function', { agent: {} }],
  ['a logger that cannot warn', { logger: { debug() {}, info() {}, error() {} } }],
  ['charts without a rule', { pages: { charts: {} } }],
])('%s is refused', (_what, options) => {
  expect(refusal(() => makeHitl(options as HitlTestOptions))).toMatchObject({
    code: 'invalid_request',
  });
});

test.each<[missing: string, options: object, write: string]>([
  ['auth', {}, 'identify: (req) =>'],
  ['auth.identify', { auth: { authorize: () => 'allow' } }, 'identify: (req) =>'],
  ['auth.authorize', { auth: { identify: () => 'alice' } }, 'authorize: ({ user, ticketId }) =>'],
  [
    'auth.findUser',
    { auth: { identify: () => 'a', authorize: () => 'allow' }, links },
    'findUser: (userId) =>',
  ],
])('without %s there is no hub, and it says what to write', (missing, options, write) => {
  const refused = refusal(() => expressHitl(options as never)) as Error;
  expect(refused).toMatchObject({ code: 'invalid_request' });
  expect(refused.message).toContain(`${missing} is missing`);
  expect(refused.message).toContain(write);
});

test('a durable agent among the options says where it goes', () => {
  expect(refusal(() => makeHitl({ agent: durable(() => {}) as never }))).toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('hitl.agent(durable(…))'),
  });
});

test('what it gives refuses unknown options too', async () => {
  const hitl = makeHitl({});
  expect(refusal(() => hitl.attach({} as never, { pth: '/soc' } as never))).toMatchObject({
    message: expect.stringContaining('path'),
  });
  await expect(hitl.drain({ ovr: '1s' } as never)).rejects.toMatchObject({ code: 'invalid_request' });
  expect(refusal(() => webhookChannel({ url: 'https://a.example', secrt: 'x' } as never))).toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('secret'),
  });
  await hitl.close();
});

test('options that are instances of classes are taken for what they can do', async () => {
  class Rules {
    private readonly asked: string[] = [];
    mayAnswer({ user }: { user: { id: string } }) {
      this.asked.push(user.id);
      return this.asked.length > 0;
    }
  }
  const hitl = makeHitl({ rules: new Rules() });
  await hitl.start();
  const { id } = await hitl.hub.requests.open({
    ...{ ticketId: 'T-1', requestedBy: 'agent', kind: 'question', question: 'Go?' },
  });
  const answer = { requestId: id, by: { id: 'bob' }, status: 'denied' } as const;
  expect(await hitl.hub.requests.answer(answer)).toMatchObject({ status: 'denied' });
  await hitl.close();
});
