/** The app's own rules: asked outside the request's lane, only about whom the policy lets, and about the request as it is. */
import { HubError } from '../../../lib/errors';
import type { HubOptions } from '../../../lib/hub/port';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import { maxAsking, maxAskings, maxWaitingDeeds } from '../../../lib/hub/requests/rulings';
import type { User } from '../../../lib/index';
import { gate, idle, Rig } from '../rig';

const ann: User = { id: 'ann', name: 'Ann' };
const ben: User = { id: 'ben', name: 'Ben' };
const eve: User = { id: 'eve', name: 'Eve' };
const yes = (by: User, revision?: number) =>
  ({ by, status: 'approved', ...(revision !== undefined && { revision }) }) as const;

describe("The app's own rules", () => {
  let rig: Rig;
  /** Who was asked about, and which revision. */
  let asked: string[];
  /** What the rule says of a person, now or later; nothing: no. */
  let says: Record<string, boolean | Promise<boolean>>;
  beforeEach(() => {
    asked = [];
    says = {};
  });
  afterEach(() => rig.hub.close());

  async function start(options: Partial<HubOptions> = {}) {
    const rule = ({ user, request: { revision } }: { user: User; request: { revision: number } }) => {
      asked.push(`${user.id} ${revision}`);
      return says[user.id] ?? false;
    };
    rig = new Rig({ ...options, rules: { mayAnswer: rule, mayCancel: rule, ...options.rules } });
    await rig.hub.start();
  }
  const hitl = () => rig.hub.hitl;
  const ask = (input: Partial<HitlRequestInput> = {}) =>
    hitl().request({
      ticketId: 'T',
      sessionId: 's',
      userId: 'agent',
      type: 'tool_approval',
      payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
      ...input,
    });
  const amend = (id: string, ip: string) => hitl().amend(id, { tool_name: 'block_ip', tool_args: { ip } });

  it("let one's answer through while sixty of another person still wait for the rule", async () => {
    const slow = gate<boolean>();
    says = { eve: slow.opened, ann: true };
    await start();
    const { id } = await ask({ policy: { approvals: 2 } });
    const refused = Promise.allSettled(Array.from({ length: 60 }, () => hitl().respond(id, yes(eve))));
    await idle();
    expect(await hitl().respond(id, yes(ann))).toMatchObject({ verdicts: [{ by: { userId: 'ann' } }] });
    expect(await hitl().claim(id, ann)).toMatchObject({ claim: { by: { userId: 'ann' } } });
    slow.open(false);
    for (const each of await refused) {
      expect(each).toMatchObject({ reason: { code: 'not_allowed', details: { rule: 'app' } } });
    }
  });

  it('delay no other answer either while it is asked whether a person still may, which comes last and counts', async () => {
    const order: string[] = [];
    const slow = gate();
    says = { eve: true, ann: true };
    await start();
    const { id } = await ask({ policy: { approvals: 2 } });
    const assertAccess = async () => {
      order.push(...asked.splice(0), 'access');
      await slow.opened;
      throw new HubError('forbidden');
    };
    const occasion = { assertAccess };
    const late = [
      hitl().respond(id, yes(eve), occasion),
      hitl().release(id, eve, occasion),
      hitl().withdraw(id, { by: eve, reason: 'x' }, occasion),
      hitl().respond(id, yes(eve, 9), occasion),
    ].map((each) => expect(each).rejects.toMatchObject({ code: 'forbidden' }));
    await idle();
    expect(await hitl().respond(id, yes(ann))).toMatchObject({ verdicts: [{ by: { userId: 'ann' } }] });
    slow.open();
    await Promise.all(late);
    expect(order.filter((each) => each === 'access')).toHaveLength(4);
    expect(order).toContain('eve 1');
    expect(await hitl().get(id)).toMatchObject({ status: 'pending', verdicts: [{ by: { userId: 'ann' } }] });
  });

  it('delay no deadline, neither of that request nor of another', async () => {
    const reminded: string[] = [];
    says = { eve: new Promise(() => {}) };
    await start();
    rig.app.on('request.reminded', ({ request }) => void reminded.push(request.id));
    const requests = [await ask({ remindIn: '5s' }), await ask({ remindIn: '5s' })];
    const stuck = hitl()
      .respond(requests[0]?.id ?? '', yes(eve))
      .catch(({ code }) => code);
    await idle();
    rig.clock.advance(5_000);
    await rig.hub.settled();
    await idle();
    expect(reminded.sort()).toEqual(requests.map(({ id }) => id).sort());
    // The reminder has changed the request, so it is asked about again.
    rig.clock.advance(5_000);
    await idle();
    rig.clock.advance(10_000);
    expect(await stuck).toBe('not_allowed');
  });

  it(`are asked about ${maxAsking} answers of a person at once, ${maxWaitingDeeds} more wait, and the next is refused`, async () => {
    const slow = gate<boolean>();
    says = { eve: slow.opened, ann: true };
    await start();
    const { id } = await ask({ policy: { approvals: 2 } });
    const many = Array.from({ length: maxAsking + maxWaitingDeeds }, () => hitl().respond(id, yes(eve)));
    const refused = Promise.allSettled(many);
    await idle();
    expect(asked).toHaveLength(maxAsking);
    await expect(hitl().respond(id, yes(eve))).rejects.toMatchObject({ code: 'busy' });
    await expect(hitl().claim(id, eve)).rejects.toMatchObject({ code: 'busy' });
    expect(await hitl().respond(id, yes(ann))).toMatchObject({ verdicts: [{ by: { userId: 'ann' } }] });
    slow.open(false);
    await refused;
    says.eve = true;
    expect(await hitl().respond(id, yes(eve))).toMatchObject({ status: 'approved' });
  });

  it('are not asked about a person whom the policy refuses, nor about a request that has ended', async () => {
    says = { ann: true };
    await start();
    const named = await ask({ policy: { users: ['ann', 'agent'], excludeRequester: true } });
    const refusals: [Promise<unknown>, string][] = [
      [hitl().respond(named.id, yes(eve)), 'answerers'],
      [hitl().respond(named.id, yes(eve, 7)), 'answerers'],
      [hitl().claim(named.id, eve), 'answerers'],
      [hitl().respond(named.id, yes({ id: 'agent' })), 'four_eyes'],
    ];
    for (const [refused, rule] of refusals)
      await expect(refused).rejects.toMatchObject({ code: 'not_allowed', details: { rule } });
    expect(asked).toEqual([]);
    await hitl().respond(named.id, yes(ann));
    for (const late of [
      hitl().respond(named.id, yes(ann)),
      hitl().claim(named.id, ann),
      hitl().withdraw(named.id, { by: ben, reason: 'late' }),
    ])
      await expect(late).rejects.toMatchObject({ code: 'already_resolved' });
    expect(asked).toEqual(['ann 1']);
  });

  it('leave refused answers in the audit, whichever rule refused them', async () => {
    await start();
    const { id } = await ask({ policy: { users: ['ann'] } });
    for (const by of [ann, eve])
      await hitl()
        .respond(id, yes(by))
        .catch(() => {});
    const trail = [];
    for await (const entry of hitl().audit({ ticketId: 'T', requestId: id })) trail.push(entry);
    expect(trail).toMatchObject([
      { event: 'requested' },
      { event: 'refused', rule: 'app' },
      { event: 'refused', rule: 'answerers' },
    ]);
  });

  it('are asked again about a request that was changed in the meantime, and their earlier ruling no longer counts', async () => {
    const first = gate<boolean>();
    says = { ann: first.opened };
    await start();
    const { id } = await ask();
    await amend(id, '203.0.113.8');
    const later = hitl().withdraw(id, { by: ann, reason: 'no need' });
    await idle();
    await amend(id, '203.0.113.9');
    says.ann = false;
    first.open(true);
    await expect(later).rejects.toMatchObject({ code: 'not_allowed', details: { rule: 'app' } });
    expect(asked).toEqual(['ann 2', 'ann 3']);
  });

  it(`are asked ${maxAskings} times while it goes on changing, then once while nothing can change it`, async () => {
    await start();
    const { id } = await ask();
    let change: Promise<unknown> | undefined;
    says = new Proxy(
      {},
      {
        get: (): Promise<boolean> => {
          change = amend(id, `203.0.113.${asked.length}`);
          // Inside the lane the change waits for this answer, so the answer must not wait for the change.
          return asked.length > maxAskings ? Promise.resolve(true) : change.then(() => true);
        },
      },
    );
    expect(await hitl().withdraw(id, { by: ann, reason: 'enough' })).toMatchObject({ status: 'cancelled' });
    await expect(change).rejects.toMatchObject({ code: 'already_resolved' });
    expect(asked).toEqual(['ann 1', 'ann 2', 'ann 3', 'ann 4']);
  });

  it('let others go on while the one on grants is asked, which is after the one on answers', async () => {
    const slow = gate<boolean>();
    const granted: string[] = [];
    says = { ann: true, ben: true };
    await start({
      rules: {
        mayGrant: ({ user: { id } }) => {
          granted.push(id);
          return slow.opened;
        },
      },
    });
    const grants = [{ scope: 'everywhere', args: 'exact', expires_in_ms: 60_000 }];
    const { id } = await ask({
      payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' }, grants },
      policy: { approvals: 2 },
    });
    const response = { grant: 0 };
    await expect(hitl().respond(id, { ...yes(eve), response })).rejects.toMatchObject({
      code: 'not_allowed',
    });
    const giving = hitl().respond(id, { ...yes(ann), response });
    await idle();
    expect(await hitl().respond(id, yes(ben))).toMatchObject({ status: 'pending' });
    slow.open(false);
    await expect(giving).rejects.toMatchObject({ code: 'not_allowed', details: { rule: 'grant' } });
    expect(granted).toEqual(['ann', 'ann']);
  });
});
