import type { TestClient } from '../../lib/testing/test-client';
import { gate } from '../hub/rig';
import { logOf, range, toLine, useStage } from './stage';

describe('A chat message', () => {
  const stage = useStage();
  const story = (client: TestClient) => logOf(client).map(toLine);

  it('is stored, shown to every client in the ticket in one order, and answered by a turn', async () => {
    const hub = await stage().start({
      agent: async (turn) => {
        turn.setIntent('a lookup');
        const line = await turn.trace('Looking up 203.0.113.7');
        await turn.update(line, 'Looked up 203.0.113.7');
        await turn.say('It is a scanner.');
      },
    });
    const [alice, bob, other] = await Promise.all([
      hub.connect({ user: 'alice' }),
      hub.connect({ user: 'bob' }),
      hub.connect({ user: 'alice', tab: 'second' }),
    ]);
    const elsewhere = await hub.connect({ user: 'alice', ticketId: 'T-2' });
    const ack = await alice.ask({ type: 'message', content: 'Who is 203.0.113.7?' });
    await Promise.all([alice, bob, other].map((client) => client.next('turn_ended')));
    expect(story(alice)).toEqual([
      'session_created',
      'turn_started',
      'session_message_added user: Who is 203.0.113.7?',
      'session_message_added trace: Looking up 203.0.113.7',
      'session_message_updated trace: Looked up 203.0.113.7',
      'session_message_added response: It is a scanner.',
      'turn_ended completed',
    ]);
    expect(logOf(bob)).toEqual(logOf(alice));
    expect(logOf(other)).toEqual(logOf(alice));
    expect(logOf(elsewhere)).toEqual([]);
    const [created, started, question, , , , ended] = logOf(alice);
    expect(ack).toMatchObject({
      event: 'ack',
      message_id: question.message.id,
      session_id: created.session.id,
      turn_id: started.turn.id,
    });
    expect(question.message).toMatchObject({ turn_id: ack.turn_id, author: { user_id: 'alice' } });
    expect(ended).toMatchObject({ turn_id: ack.turn_id, intent: 'a lookup' });
    expect(logOf(alice).map(({ seq }) => seq)).toEqual(range(1, 7));
  });

  it('that is sent again under its id is taken once and answered the same, also after a restart', async () => {
    const hub = await stage().start({ agent: (turn) => turn.say('once') });
    const frame = { type: 'message', id: 'my-frame', content: 'help' };
    const alice = await hub.connect();
    const first = await alice.ask(frame);
    await alice.next('turn_ended');
    const second = await hub.connect({ tab: 'second' });
    expect(await second.ask(frame)).toEqual(first);
    await hub.restart();
    const third = await hub.connect();
    expect(await third.ask({ ...frame, content: 'something else' })).toEqual(first);
    // Another person may use the same id.
    const bob = await hub.connect({ user: 'bob' });
    expect((await bob.ask(frame)).message_id).not.toBe(first.message_id);
    await bob.next('turn_ended');
    expect((await hub.store.state('T-1', 100)).messages.map(({ content }) => content)).toEqual([
      'help',
      'once',
      'help',
      'once',
    ]);
  });

  it('waits for its turn while another of its session is answered; other sessions do not', async () => {
    const first = gate();
    const hub = await stage().start({
      agent: async (turn) => {
        if (turn.message.content === 'slow') await first.opened;
        await turn.say(`answer to ${turn.message.content}`);
      },
    });
    const alice = await hub.connect({ user: 'alice' });
    const bob = await hub.connect({ user: 'bob' });
    await alice.ask({ type: 'message', content: 'slow' });
    await alice.ask({ type: 'message', content: 'next' });
    await bob.ask({ type: 'message', content: 'quick' });
    await bob.next('turn_ended');
    const late = await hub.connect({ user: 'carol' });
    expect((await late.next('snapshot')).turns.map(({ status }: { status: string }) => status)).toEqual([
      'running',
      'queued',
    ]);
    first.open();
    await alice.next((frame) => frame.message?.content === 'answer to next');
    const answers = story(alice).filter((line) => line.includes('response'));
    expect(answers.map((line) => line.split(': ')[1])).toEqual([
      'answer to quick',
      'answer to slow',
      'answer to next',
    ]);
  });

  it('is answered by a turn that any client of the ticket can stop, once', async () => {
    const hub = await stage().start({
      agent: (turn) => new Promise((resolve) => turn.signal.addEventListener('abort', resolve)),
    });
    const alice = await hub.connect({ user: 'alice' });
    const bob = await hub.connect({ user: 'bob' });
    const outsider = await hub.connect({ user: 'eve', ticketId: 'T-2' });
    const { turn_id } = await alice.ask({ type: 'message', content: 'go' });
    expect(await outsider.ask({ type: 'turn_cancel', turn_id })).toMatchObject({ code: 'not_found' });
    expect(await bob.ask({ type: 'turn_cancel', turn_id })).toMatchObject({ event: 'ack', turn_id });
    expect(await alice.next('turn_ended')).toMatchObject({ status: 'aborted', reason: 'cancelled', turn_id });
    expect(await alice.ask({ type: 'turn_cancel', turn_id })).toMatchObject({ code: 'turn_ended' });
    expect(logOf(bob).filter(({ event }) => event === 'turn_ended')).toHaveLength(1);
  });

  it('brings a turn that ends also when the agent fails, and the next message is answered', async () => {
    const hub = await stage().start({
      agent: (turn) => {
        if (turn.message.content === 'bad') throw new Error('a fault of the agent');
        return turn.say('fine');
      },
    });
    const alice = await hub.connect({ user: 'alice' });
    const classic = await hub.connect({ user: 'carol', dialect: 'classic' });
    await alice.ask({ type: 'message', content: 'bad' });
    expect(await alice.next('turn_ended')).toMatchObject({ status: 'aborted', reason: 'error' });
    expect(await classic.next('error')).toMatchObject({ content: 'Failed to process message' });
    await alice.ask({ type: 'message', content: 'good' });
    expect(await alice.next('turn_ended')).toMatchObject({ status: 'completed' });
    // What went wrong is the log's, not the wire's.
    expect(JSON.stringify([alice.received, classic.received])).not.toContain('a fault of the agent');
  });

  it('from the front end of the reference is a message like any other', async () => {
    const hub = await stage().start({ agent: (turn) => turn.say(`hello ${turn.user.name}`) });
    const classic = await hub.connect({ user: 'carol', dialect: 'classic' });
    const alice = await hub.connect({ user: 'alice' });
    await alice.next('snapshot');
    classic.send({ type: 'message', content: 'hi', timestamp: 0 });
    await alice.next('turn_ended');
    expect(story(alice)).toEqual([
      'session_created',
      'turn_started',
      'session_message_added user: hi',
      'session_message_added response: hello carol',
      'turn_ended completed',
    ]);
  });
});
