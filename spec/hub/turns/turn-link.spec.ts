import type { Turn } from '../../../lib/hub/turns/turn';
import type { RequestRecord } from '../../../lib/protocol/records';
import { diskFull, gate, idle, Rig } from '../rig';

const ben = { id: 'ben', name: 'Ben' };

describe('A request that an agent makes in its turn', () => {
  let rig: Rig;
  /** By the content of the message that it answers. */
  let agents: Record<string, (turn: Turn) => unknown>;
  /** What the agent received, by the content of the message. */
  let outcomes: Record<string, unknown>;

  async function start(): Promise<void> {
    await rig.hub.start();
  }
  beforeEach(async () => {
    agents = {};
    outcomes = {};
    rig = new Rig({
      agent: async (turn) => {
        const { content } = turn.message;
        try {
          outcomes[content] = await agents[content]?.(turn);
        } catch (error) {
          outcomes[content] = error;
          throw error;
        }
      },
    });
    await start();
  });
  afterEach(async () => {
    await rig.hub.close();
    // Jest fails a test during which an unhandled rejection occurs; this leaves time for it.
    await idle();
  });

  const block = { tool: 'block_ip', args: { ip: '203.0.113.7' } };
  async function say(content: string, tab = 'tab'): Promise<string> {
    const { turnId = '' } = await rig.say(rig.join('ann', tab), content);
    await idle();
    return turnId;
  }
  async function only(): Promise<RequestRecord> {
    const { items } = await rig.kept.requests({}, 10);
    const [request, ...others] = items;
    if (!request || others.length > 0) throw new Error(`there are ${items.length} requests`);
    return request;
  }
  const said = async () => (await rig.story()).slice(3);

  it('is shown at the message it belongs to, and continues with the answer', async () => {
    agents.a = async (turn) => {
      const message = await turn.plan('block the address');
      const outcome = await turn.approve({ ...block, message });
      await turn.say(`${outcome.status}: ${outcome.status === 'approved' && outcome.comment}`);
    };
    const turnId = await say('a');
    const request = await only();
    expect(request).toMatchObject({ turnId, ticketId: 'T', userId: 'ann', status: 'pending' });
    expect((await rig.kept.message(request.messageId ?? ''))?.content).toBe('block the address');
    await rig.hub.hitl.respond(request.id, { by: ben, status: 'approved', response: { comment: 'go' } });
    await idle();
    expect(await said()).toEqual([
      'plan: block the address',
      'hitl_request_pending',
      'hitl_request_resolved approved',
      'response: approved: go',
      'turn_ended completed',
    ]);
  });

  it('cannot be put on another ticket or in the name of another turn', async () => {
    const forged = { ...block, ticketId: 'U', turnId: 'x', sessionId: 'y', userId: 'ben' };
    agents.a = (turn) => turn.approve(forged);
    const turnId = await say('a');
    expect(await only()).toMatchObject({ ticketId: 'T', turnId, userId: 'ann' });
  });

  it('is withdrawn when the turn is cancelled while the agent waits, and the agent is notified', async () => {
    agents.a = (turn) => turn.approve(block);
    await rig.hub.turns.cancel('T', await say('a'));
    await idle();
    expect(await said()).toEqual([
      'hitl_request_pending',
      'hitl_request_resolved cancelled',
      'turn_ended aborted cancelled',
    ]);
    expect(outcomes.a).toMatchObject({ status: 'cancelled', reason: 'its turn has ended' });
    expect(rig.hub.hitl.waiting).toBe(0);
  });

  it('is withdrawn when the agent returns without waiting for it', async () => {
    agents.a = (turn) => {
      void turn.approve(block);
      void turn.ask({ question: 'Where?' });
    };
    await say('a');
    expect(await said()).toEqual([
      'hitl_request_pending',
      'hitl_request_pending',
      'hitl_request_resolved cancelled',
      'hitl_request_resolved cancelled',
      'turn_ended completed',
    ]);
  });

  it('is withdrawn when the agent fails beside it', async () => {
    agents.a = (turn) => Promise.all([turn.approve(block), Promise.reject(new Error('no'))]);
    await say('a');
    expect(await said()).toEqual([
      'hitl_request_pending',
      'hitl_request_resolved cancelled',
      'turn_ended aborted error',
    ]);
  });

  it('is withdrawn also when the turn was cancelled while it was on its way to the store', async () => {
    const disk = gate();
    agents.a = (turn) => {
      rig.trouble.requestByKey = () => disk.opened;
      return turn.approve({ ...block, key: 'k' });
    };
    const turnId = await say('a');
    const cancelled = rig.hub.turns.cancel('T', turnId);
    await idle();
    disk.open();
    await cancelled;
    expect(await said()).toEqual([
      'hitl_request_pending',
      'hitl_request_resolved cancelled',
      'turn_ended aborted cancelled',
    ]);
  });

  it('is refused after the end of the turn', async () => {
    const turns: Turn[] = [];
    agents.a = (turn) => void turns.push(turn);
    await say('a');
    await expect(turns[0]?.approve(block)).rejects.toMatchObject({ code: 'turn_ended' });
    await expect(turns[0]?.ask({ question: 'Where?' })).rejects.toMatchObject({ code: 'turn_ended' });
    expect(await said()).toEqual(['turn_ended completed']);
  });

  it('stays where it is when it was answered in the moment the turn was cancelled', async () => {
    agents.a = (turn) => turn.approve(block);
    const turnId = await say('a');
    const { id } = await only();
    const [answered] = await Promise.all([
      rig.hub.hitl.respond(id, { by: ben, status: 'approved' }),
      rig.hub.turns.cancel('T', turnId),
    ]);
    expect(answered.status).toBe('approved');
    await idle();
    expect((await said()).toSorted()).toEqual([
      'hitl_request_pending',
      'hitl_request_resolved approved',
      'turn_ended aborted cancelled',
    ]);
  });

  describe('if it is detached', () => {
    it('stays pending when the turn has completed, and can be answered', async () => {
      agents.a = (turn) => {
        void turn.approve({ ...block, detached: true });
      };
      await say('a');
      const request = await only();
      expect(request).toMatchObject({ status: 'pending', detached: true });
      await rig.hub.hitl.respond(request.id, { by: ben, status: 'denied' });
      expect(await said()).toEqual([
        'hitl_request_pending',
        'hitl_request_updated',
        'turn_ended completed',
        'hitl_request_resolved denied',
      ]);
    });

    it('does not hold the agent when the turn is cancelled', async () => {
      agents.a = (turn) => turn.approve({ ...block, detached: true });
      await rig.hub.turns.cancel('T', await say('a'));
      await idle();
      expect(outcomes.a).toMatchObject({ code: 'turn_ended' });
      expect((await only()).status).toBe('pending');
      expect(rig.hub.hitl.waiting).toBe(0);
    });
  });

  describe('and has been asked by an earlier turn with the same key', () => {
    const keyed = { ...block, key: 'block 203.0.113.7' };

    async function askedBeforeCrash(): Promise<RequestRecord> {
      agents.a = (turn) => turn.approve(keyed);
      await say('a');
      const request = await only();
      rig.newHub();
      await start();
      return request;
    }

    it('is the same request: its answer is the answer', async () => {
      const { id } = await askedBeforeCrash();
      agents.b = (turn) => turn.approve(keyed);
      await say('b');
      expect((await only()).id).toBe(id);
      await rig.hub.hitl.respond(id, { by: ben, status: 'approved' });
      await idle();
      expect(outcomes.b).toMatchObject({ status: 'approved', args: block.args });
    });

    it('is answered already if it was answered in the meantime', async () => {
      const { id } = await askedBeforeCrash();
      await rig.hub.hitl.respond(id, { by: ben, status: 'denied' });
      agents.b = (turn) => turn.approve(keyed);
      await say('b');
      expect(outcomes.b).toMatchObject({ status: 'denied' });
      expect((await said()).at(-1)).toBe('turn_ended completed');
    });

    it('ends with the turn that has asked it again, since no other turn waits for it', async () => {
      await askedBeforeCrash();
      agents.b = (turn) => turn.approve(keyed);
      await rig.hub.turns.cancel('T', await say('b'));
      await idle();
      expect(await only()).toMatchObject({ status: 'cancelled', reason: 'its turn has ended' });
      expect((await said()).slice(-2)).toEqual([
        'hitl_request_resolved cancelled',
        'turn_ended aborted cancelled',
      ]);
      expect(outcomes.b).toMatchObject({ status: 'cancelled' });
    });

    it('stays with the earlier turn while that is running, whatever becomes of the later', async () => {
      agents.a = (turn) => turn.approve(keyed);
      agents.b = (turn) => turn.approve(keyed);
      await say('a');
      await rig.hub.turns.cancel('T', await say('b', 'another tab'));
      await idle();
      expect(outcomes.b).toMatchObject({ code: 'turn_ended' });
      const { id, status } = await only();
      expect(status).toBe('pending');
      await rig.hub.hitl.respond(id, { by: ben, status: 'approved' });
      await idle();
      expect(outcomes.a).toMatchObject({ status: 'approved' });
    });

    it('is not withdrawn if the app itself has asked it', async () => {
      const asked = {
        ticketId: 'T',
        sessionId: 's',
        userId: 'app',
        type: 'tool_approval',
        payload: { tool_name: block.tool, tool_args: block.args },
        key: keyed.key,
      };
      await rig.hub.hitl.request(asked);
      agents.a = (turn) => turn.approve(keyed);
      await rig.hub.turns.cancel('T', await say('a'));
      await idle();
      expect((await only()).status).toBe('pending');
    });
  });

  it('that could not be stored is no request, and the agent is notified', async () => {
    agents.a = async (turn) => {
      rig.trouble.commit = diskFull;
      await turn.approve(block).finally(() => {
        delete rig.trouble.commit;
      });
    };
    await say('a');
    expect(outcomes.a).toMatchObject({ code: 'storage_failed' });
    expect((await rig.kept.requests({}, 10)).items).toEqual([]);
    expect(await said()).toEqual(['turn_ended aborted error']);
  });
});
