/** Two hubs on one store: what the one has in memory the other may have changed, and each event is decided on what is stored. */
import type { HitlRequestInput } from '../../lib/hub/requests/ask';
import { gate, Rig } from './rig';

const ann = { id: 'ann', name: 'Ann' };
const ben = { id: 'ben', name: 'Ben' };
const blocking = (ip: string) => ({ tool_name: 'block_ip', tool_args: { ip } });

describe('Two hubs on one store', () => {
  let rig: Rig;
  let here: Rig['hub'];
  let there: Rig['hub'];
  beforeEach(async () => {
    rig = new Rig();
    here = rig.hub;
    there = rig.newHub();
    await here.start();
    await there.start();
  });
  afterEach(async () => {
    await here.close();
    await there.close();
  });

  const ask = (input: Partial<HitlRequestInput> = {}) =>
    here.hitl.request({
      ticketId: 'T',
      sessionId: 's',
      userId: 'agent',
      type: 'tool_approval',
      payload: blocking('203.0.113.7'),
      key: 'k',
      ...input,
    });
  /** The same key with other content, which takes the place of the first. */
  const askAnew = () => ask({ payload: blocking('198.51.100.1'), supersede: true });

  it('refuse the second answer, whichever of them was asked, and name the winner', async () => {
    const { id } = await ask();
    await there.hitl.respond(id, { by: ben, status: 'denied' });
    await expect(here.hitl.respond(id, { by: ann, status: 'approved' })).rejects.toMatchObject({
      code: 'already_resolved',
      details: { hitl: { status: 'denied', responded_by: { user_id: 'ben' } } },
    });
    expect(await rig.story()).toEqual(['hitl_request_pending', 'hitl_request_resolved denied']);
  });

  it('say so too when the second answer does not fit what was asked', async () => {
    const { id } = await ask();
    await there.hitl.respond(id, { by: ben, status: 'denied' });
    const unfit = { by: ann, status: 'approved', response: { answer: 'no question was asked' } } as const;
    await expect(here.hitl.respond(id, unfit)).rejects.toMatchObject({ code: 'already_resolved' });
  });

  it('find one request when the same is asked in both at once, with the same key', async () => {
    const input = { ticketId: 'T', sessionId: 's', userId: 'agent', type: 'tool_approval', key: 'k' };
    const payload = blocking('203.0.113.7');
    // Both have looked for the key before either has stored a request.
    let looking = 0;
    const { open, opened } = gate();
    rig.trouble.requestByKey = () => {
      looking += 1;
      if (looking === 2) open();
      return looking <= 2 ? opened : undefined;
    };
    const [one, other] = await Promise.all(
      [here, there].map((hub) => hub.hitl.request({ ...input, payload })),
    );
    expect(other?.id).toBe(one?.id);
    expect(looking).toBe(3);
    expect(await rig.story()).toEqual(['hitl_request_pending']);
  });

  it('refuse the other when different things are asked at once with one key, and name the request that has it', async () => {
    let looking = 0;
    const { open, opened } = gate();
    rig.trouble.requestByKey = () => {
      looking += 1;
      if (looking === 2) open();
      return looking <= 2 ? opened : undefined;
    };
    const input = { ticketId: 'T', sessionId: 's', userId: 'agent', type: 'tool_approval', key: 'k' };
    const asked = await Promise.allSettled([
      here.hitl.request({ ...input, payload: blocking('203.0.113.7') }),
      there.hitl.request({ ...input, payload: blocking('203.0.113.8') }),
    ]);
    const won = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : []));
    const lost = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(lost).toMatchObject([{ code: 'key_conflict', details: { request_id: won[0] } }]);
  });

  it('decide an event again that lost a race, on the state that the winner stored', async () => {
    const { id } = await ask();
    await there.hitl.claim(id, ben);
    expect(await here.hitl.respond(id, { by: ann, status: 'approved' })).toMatchObject({
      status: 'approved',
      respondedBy: { userId: 'ann' },
    });
  });

  it('decide a request again that supersedes another and lost a race: of an amended one', async () => {
    const first = await ask();
    await there.hitl.amend(first.id, blocking('192.0.2.1'));
    const second = await askAnew();
    expect(second).toMatchObject({ status: 'pending', payload: blocking('198.51.100.1') });
    expect(await here.hitl.get(first.id)).toMatchObject({
      status: 'superseded',
      revision: 2,
      reason: `superseded by ${second.id}`,
    });
    await expect(there.hitl.respond(first.id, { by: ben, status: 'approved' })).rejects.toMatchObject({
      code: 'already_resolved',
    });
    expect(await rig.story()).toEqual([
      'hitl_request_pending',
      'hitl_request_updated',
      'hitl_request_resolved superseded',
      'hitl_request_pending',
    ]);
  });

  it('and of one that was answered in the meantime: that answer stands', async () => {
    const first = await ask();
    await there.hitl.respond(first.id, { by: ben, status: 'approved' });
    const second = await askAnew();
    expect(await here.hitl.get(first.id)).toMatchObject({
      status: 'approved',
      respondedBy: { userId: 'ben' },
    });
    expect(await rig.story()).toEqual([
      'hitl_request_pending',
      'hitl_request_resolved approved',
      'hitl_request_pending',
    ]);
    expect((await askAnew()).id).toBe(second.id);
  });

  it('give up after five lost races, and then nothing has changed', async () => {
    const first = await ask();
    let races = 0;
    rig.trouble.commit = async (commits) => {
      if (commits[0]?.requests?.[0]?.record.status !== 'superseded') return;
      races += 1;
      await there.hitl.amend(first.id, blocking(`192.0.2.${races}`));
    };
    await expect(askAnew()).rejects.toMatchObject({ code: 'conflict' });
    expect(races).toBe(5);
    expect(await here.hitl.get(first.id)).toMatchObject({ status: 'pending', revision: 6 });
    expect((await rig.story()).filter((line) => line !== 'hitl_request_updated')).toEqual([
      'hitl_request_pending',
    ]);
  });
});
