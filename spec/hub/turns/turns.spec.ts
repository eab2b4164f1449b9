import { maxOutputBytes } from '../../../lib/hub/turns/outputs';
import { maxQueuedTurns } from '../../../lib/hub/turns/queues';
import type { Agent, Turn } from '../../../lib/hub/turns/turn';
import { maxIntentLength } from '../../../lib/hub/turns/turns';
import { gate, idle, Rig } from '../rig';

describe('A turn', () => {
  let rig: Rig;
  afterEach(async () => {
    await rig.hub.close();
    // Jest fails a test during which an unhandled rejection or an uncaught error occurs; this leaves time for it.
    await idle();
    expect(rig.hub.turns.size).toBe(0);
  });

  async function start(agent?: Agent): Promise<void> {
    rig = new Rig({ agent });
    await rig.hub.start();
  }
  const ends = async () => (await rig.story()).filter((line) => line.startsWith('turn_ended'));

  describe('that a message brings', () => {
    it('is sent from its beginning to its end, in this order', async () => {
      await start(async (turn) => {
        await turn.trace('looking');
        await turn.plan('block it');
        await turn.warn('careful');
        await turn.say('done');
      });
      const ann = rig.join();
      const { turnId, messageId, sessionId } = await rig.say(ann, 'help');
      await idle();
      expect(await rig.story()).toEqual([
        'session_created',
        'turn_started',
        'user: help',
        'trace: looking',
        'plan: block it',
        'warning: careful',
        'response: done',
        'turn_ended completed',
      ]);
      expect(await rig.kept.turn(turnId ?? '')).toMatchObject({
        status: 'completed',
        sessionId,
        userId: 'ann',
      });
      expect(await rig.kept.message(messageId)).toMatchObject({
        turnId,
        type: 'user',
        author: { userId: 'ann', displayName: 'ANN' },
        content: 'help',
      });
      expect(ann.ears.seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    });

    it('is shown to every client of the ticket, and to none of another', async () => {
      await start((turn) => turn.say('hello'));
      const [ann, ben, other] = [rig.join(), rig.join('ben'), rig.join('ann', 'tab', 'U')];
      await rig.say(ann, 'help');
      await idle();
      expect(ann.ears.seqs).toEqual([1, 2, 3, 4, 5]);
      expect(ben.ears.seqs).toEqual(ann.ears.seqs);
      expect(other.ears.seqs).toEqual([]);
    });

    it('does not exist where there is no agent; the message is shown and stored', async () => {
      await start();
      const accepted = await rig.say(rig.join(), 'anybody?');
      expect(accepted).not.toHaveProperty('turnId');
      await idle();
      expect(await rig.story()).toEqual(['session_created', 'user: anybody?']);
    });

    it('continues when every client has left', async () => {
      const seen = gate();
      await start(async (turn) => {
        await seen.opened;
        await turn.say('anybody still here?');
      });
      const ann = rig.join();
      await rig.say(ann, 'help');
      await idle();
      rig.hub.unregister(ann.client);
      seen.open();
      await idle();
      expect((await rig.story()).slice(-2)).toEqual([
        'response: anybody still here?',
        'turn_ended completed',
      ]);
    });

    it.each(['', ' ', '\n\t\u00a0'])('is refused without content: %j', async (content) => {
      await start(() => {});
      await expect(rig.say(rig.join(), content)).rejects.toMatchObject({ code: 'empty_message' });
      expect(await rig.story()).toEqual([]);
    });

    it('is refused with too much content', async () => {
      await start(() => {});
      const content = 'ä'.repeat(maxOutputBytes / 2);
      await expect(rig.say(rig.join(), `${content}!`)).rejects.toMatchObject({ code: 'too_large' });
      await rig.say(rig.join(), content);
      expect(await rig.story()).toHaveLength(3);
    });

    it('happens once, however often the same frame arrives', async () => {
      await start((turn) => turn.say('once'));
      const { client } = rig.join();
      const frame = { userId: 'ann', frameId: 'f1' };
      const [first, second] = await Promise.allSettled([
        rig.hub.turns.message(client, 'help', { frame }),
        rig.hub.turns.message(client, 'help', { frame }),
      ]);
      await idle();
      const { messageId, sessionId, turnId } = first.status === 'fulfilled' ? first.value : ({} as never);
      const ack = { message_id: messageId, session_id: sessionId, turn_id: turnId };
      expect(second).toMatchObject({ reason: { code: 'duplicate_id', details: ack } });
      expect(await rig.hub.processedFrame('ann', 'f1')).toEqual(ack);
      expect((await rig.story()).filter((line) => line === 'response: once')).toHaveLength(1);
    });
  });

  describe('of a session with one running', () => {
    it('waits, and starts when that has ended, in the order of the messages', async () => {
      const gates = new Map(['one', 'two', 'three'].map((name) => [name, gate()]));
      const running: string[] = [];
      let most = 0;
      await start(async (turn) => {
        running.push(turn.message.content);
        most = Math.max(most, running.length);
        await gates.get(turn.message.content)?.opened;
        await turn.say(`answer to ${turn.message.content}`);
        running.pop();
      });
      const ann = rig.join();
      for (const name of gates.keys()) await rig.say(ann, name);
      await idle();
      expect(running).toEqual(['one']);
      expect((await rig.kept.state('T', 10)).turns.map(({ status }) => status)).toEqual([
        'running',
        'queued',
        'queued',
      ]);
      for (const each of gates.values()) each.open();
      await idle();
      expect(await rig.story()).toEqual([
        'session_created',
        'turn_started',
        'user: one',
        'user: two',
        'user: three',
        'response: answer to one',
        'turn_ended completed',
        'turn_started',
        'response: answer to two',
        'turn_ended completed',
        'turn_started',
        'response: answer to three',
        'turn_ended completed',
      ]);
      expect(most).toBe(1);
    });

    it('does not wait for those of other sessions', async () => {
      const stuck = gate();
      await start((turn) => (turn.user.id === 'ann' ? stuck.opened : turn.say('quick')));
      await rig.say(rig.join('ann'), 'slow');
      await rig.say(rig.join('ben'), 'fast');
      await idle();
      expect(await rig.story()).toContain('response: quick');
      stuck.open();
      await idle();
    });

    it(`may be one of ${maxQueuedTurns} that wait; one more is refused as busy and leaves no trace`, async () => {
      const stuck = gate();
      await start(() => stuck.opened);
      const ann = rig.join();
      const said = Array.from({ length: maxQueuedTurns + 3 }, (_, n) => rig.say(ann, `message ${n}`));
      const refused = (await Promise.allSettled(said)).filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(2);
      expect(refused[0]).toMatchObject({ reason: { code: 'busy' } });
      expect(rig.hub.turns.size).toBe(maxQueuedTurns + 1);
      expect((await rig.story()).filter((line) => line.startsWith('user:'))).toHaveLength(maxQueuedTurns + 1);
      stuck.open();
      await idle();
      expect(await ends()).toHaveLength(maxQueuedTurns + 1);
      await rig.say(ann, 'again there is room');
      await idle();
      expect(await ends()).toHaveLength(maxQueuedTurns + 2);
    });

    it('starts also when the one before failed', async () => {
      await start((turn) => {
        if (turn.message.content === 'bad') throw new Error('no');
        return turn.say('fine');
      });
      const ann = rig.join();
      await Promise.all([rig.say(ann, 'bad'), rig.say(ann, 'good')]);
      await idle();
      expect((await rig.story()).slice(-4)).toEqual([
        'turn_ended aborted error',
        'turn_started',
        'response: fine',
        'turn_ended completed',
      ]);
    });
  });

  it('aborts its signal when it ends, and not before', async () => {
    const given: Turn[] = [];
    const ending = gate();
    await start(async (turn) => {
      given.push(turn);
      await ending.opened;
    });
    await rig.say(rig.join(), 'help');
    await idle();
    expect(given[0]?.signal.aborted).toBe(false);
    ending.open();
    await idle();
    expect(given[0]?.signal.reason).toMatchObject({ code: 'turn_ended' });
  });

  it('reports what it is about when it ends, and what is too long of it is cut', async () => {
    await start((turn) => turn.setIntent(turn.message.content));
    const ann = rig.join();
    await rig.say(ann, 'block an address');
    await rig.say(ann, 'x'.repeat(maxIntentLength + 1));
    await idle();
    const intents = (await rig.log()).flatMap((each) => (each.event === 'turn_ended' ? [each.intent] : []));
    expect(intents).toEqual(['block an address', 'x'.repeat(maxIntentLength)]);
  });

  it('reports nothing about itself after its end', async () => {
    const given: Turn[] = [];
    await start((turn) => {
      given.push(turn);
    });
    const { turnId = '' } = await rig.say(rig.join(), 'help');
    await idle();
    given[0]?.setIntent('too late');
    await idle();
    expect(await rig.kept.turn(turnId)).not.toHaveProperty('intent');
    expect(rig.errors).toEqual([]);
  });

  describe('is cancelled', () => {
    const never = () => new Promise(() => {});

    it('before the agent is called, which then is not', async () => {
      const agent = jest.fn();
      await start(agent);
      const { turnId = '' } = await rig.say(rig.join(), 'help');
      await rig.hub.turns.cancel('T', turnId);
      await idle();
      expect(agent).not.toHaveBeenCalled();
      expect(await ends()).toEqual(['turn_ended aborted cancelled']);
    });

    it('while it waits in the queue, without ever having started, and the order of the others stays', async () => {
      const first = gate();
      await start(async (turn) => {
        if (turn.message.content === 'one') await first.opened;
        await turn.say(turn.message.content);
      });
      const ann = rig.join();
      await rig.say(ann, 'one');
      const { turnId = '' } = await rig.say(ann, 'two');
      await rig.say(ann, 'three');
      await rig.hub.turns.cancel('T', turnId);
      first.open();
      await idle();
      expect((await rig.story()).slice(5)).toEqual([
        'turn_ended aborted cancelled',
        'response: one',
        'turn_ended completed',
        'turn_started',
        'response: three',
        'turn_ended completed',
      ]);
    });

    it('while it runs, and the next starts', async () => {
      await start((turn) => (turn.message.content === 'one' ? never() : turn.say('here')));
      const ann = rig.join();
      const { turnId = '' } = await rig.say(ann, 'one');
      await rig.say(ann, 'two');
      await rig.hub.turns.cancel('T', turnId);
      await idle();
      expect(await ends()).toEqual(['turn_ended aborted cancelled', 'turn_ended completed']);
    });

    it('only once; after that, and after any other end, the answer says that it has ended', async () => {
      await start((turn) => (turn.message.content === 'one' ? never() : undefined));
      const ann = rig.join();
      const { turnId: one = '' } = await rig.say(ann, 'one');
      const [first, second] = await Promise.allSettled([
        rig.hub.turns.cancel('T', one),
        rig.hub.turns.cancel('T', one),
      ]);
      expect(first.status).toBe('fulfilled');
      expect(second).toMatchObject({ reason: { code: 'turn_ended' } });
      await expect(rig.hub.turns.cancel('T', one)).rejects.toMatchObject({ code: 'turn_ended' });
      const { turnId: two = '' } = await rig.say(ann, 'two');
      await idle();
      await expect(rig.hub.turns.cancel('T', two)).rejects.toMatchObject({ code: 'turn_ended' });
    });

    it('only by its own ticket', async () => {
      await start(never);
      const { turnId = '' } = await rig.say(rig.join(), 'help');
      await expect(rig.hub.turns.cancel('U', turnId)).rejects.toMatchObject({ code: 'not_found' });
      await expect(rig.hub.turns.cancel('T', 'unknown')).rejects.toMatchObject({ code: 'not_found' });
      expect(await ends()).toEqual([]);
    });
  });
});
