/** What `expressHitl` refuses to be told: names nobody knows, with what was probably meant, and values that cannot be. */
import { z } from 'zod';
import { webhookChannel } from '../../../lib/channels/webhook';
import { type ExpressHitlOptions, expressHitl } from '../../../lib/transport/express/express-hitl';
import { makeHitl } from '../serve';

const refusal = (make: () => unknown) => {
  try {
    make();
  } catch (error) {
    return error;
  }
  return undefined;
};

test.each<[string, object, string]>([
  ['an option', { mayRespnd: () => true }, 'mayRespond'],
  ['an option in snake_case', { max_clients_per_ticket: 3 }, 'maxClientsPerTicket'],
  ['a hook', { hooks: { resolvd: () => {} } }, 'resolved'],
  ['a bound of the log', { log: { maxage: '1d' } }, 'maxAge'],
  ['a rate limit', { rateLimit: { framesPerConection: 3 } }, 'framesPerConnection'],
  [
    'an option of links',
    { links: { secret: 's'.repeat(32), baseURL: 'https://a.example', person: () => null } },
    'baseUrl',
  ],
  ['an option of the console', { console: { asset: '.' } }, 'assets'],
  ['a rule of the charts', { charts: { admins: () => true } }, 'admin'],
  ['a part of a kind', { kinds: { k: { payload: z.object({}), aproval: () => z.object({}) } } }, 'approval'],
  ['a method of a channel', { channels: { mail: { present() {}, settle() {}, updaet() {} } } }, 'update'],
])('%s that nobody knows is refused with the one that was meant', (_what, options, meant) => {
  expect(refusal(() => makeHitl(options as Partial<ExpressHitlOptions>))).toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining(meant),
  });
});

test.each<[string, object]>([
  ['a rule that is no function', { mayRespond: true }],
  ['a group that is null', { hooks: null }],
  ['a hook that is no function', { hooks: { resolved: 'yes' } }],
  ['a list of origins that is one text', { allowedOrigins: 'https://a.example' }],
  ['a flag that is a text', { allowMissingOrigin: 'false' }],
  ['a channel without settle', { channels: { mail: { present() {} } } }],
  ['a log that holds half an envelope', { log: { keep: 0.5 } }],
  ['an agent without a name', { agentUser: { id: 'a' } }],
])('%s is refused', (_what, options) => {
  expect(refusal(() => makeHitl(options as Partial<ExpressHitlOptions>))).toMatchObject({
    code: 'invalid_request',
  });
});

test('without user or ticket nobody could come in, so there is no hub', () => {
  expect(refusal(() => expressHitl({ ticket: () => 'allow' } as never))).toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('user is missing'),
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
  class Hooks {
    private readonly told: string[] = [];
    resolved() {
      this.told.push('resolved');
    }
  }
  const hitl = makeHitl({ hooks: new Hooks() });
  await hitl.close();
});
