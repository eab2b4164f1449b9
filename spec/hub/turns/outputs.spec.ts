import { maxOutputBytes } from '../../../lib/hub/turns/outputs';
import type { Turn } from '../../../lib/hub/turns/turn';
import type { MessageRecord } from '../../../lib/protocol/records';
import { maxRevisions } from '../../../lib/store/shared/limits';
import { diskFull, gate, idle, Rig } from '../rig';

describe('What an agent says', () => {
  let rig: Rig;
  /** What the agent does with its turn. */
  let work: (turn: Turn) => unknown;

  beforeEach(async () => {
    work = () => {};
    rig = new Rig({ agent: (turn) => work(turn) });
    await rig.hub.start();
  });
  afterEach(async () => {
    await rig.hub.close();
    // Jest fails a test during which an unhandled rejection occurs; this leaves time for it.
    await idle();
  });

  /** The whole turn, with what the agent got. */
  async function during<T>(doing: (turn: Turn) => T): Promise<Awaited<T>> {
    const got = gate<Awaited<T>>();
    work = async (turn) => got.open(await doing(turn));
    await rig.say(rig.join(), 'help');
    await idle();
    return got.opened;
  }
  /** The log after the user's message. */
  const said = async () => (await rig.story()).slice(3);

  /** A line as the store has it, with its revisions. */
  async function stored(id: string): Promise<MessageRecord | undefined> {
    const { sessionId = '' } = (await rig.kept.message(id)) ?? {};
    return (await rig.kept.messages(sessionId, 200)).find((message) => message.id === id);
  }

  it.each(['trace', 'plan', 'warn', 'say'] as const)('by %s is stored and shown', async (verb) => {
    const message = await during((turn) => turn[verb]('hello'));
    const type = { trace: 'trace', plan: 'plan', warn: 'warning', say: 'response' }[verb];
    expect(await said()).toEqual([`${type}: hello`, 'turn_ended completed']);
    expect(await rig.kept.message(message.id)).toEqual(message);
    expect(message).toMatchObject({ type, content: 'hello', createdAt: rig.clock.now(), revisions: [] });
    expect(message).not.toHaveProperty('author');
  });

  it('without waiting is stored in the order in which it was sent, in one transaction, before the end', async () => {
    const groups: number[] = [];
    rig.trouble.commit = (commits) => groups.push(commits.length);
    await during((turn) => {
      for (let n = 0; n < 20; n += 1) void turn.trace(`${n}`);
    });
    expect(await said()).toEqual([
      ...Array.from({ length: 20 }, (_, n) => `trace: ${n}`),
      'turn_ended completed',
    ]);
    expect(groups).toEqual([1, 20, 1]);
  });

  it('may be replaced; its earlier content stays as a revision', async () => {
    const begun = rig.clock.now();
    const { id } = await during(async (turn) => {
      const line = await turn.trace('10 %');
      rig.clock.advance(1_000);
      await turn.update(line, '50 %');
      rig.clock.advance(1_000);
      return turn.update(line, 'done');
    });
    expect(await said()).toEqual([
      'trace: 10 %',
      'trace now: 50 %',
      'trace now: done',
      'turn_ended completed',
    ]);
    expect(await stored(id)).toMatchObject({
      content: 'done',
      createdAt: begun,
      updatedAt: begun + 2_000,
      revisions: [
        { content: '10 %', updatedAt: begun },
        { content: '50 %', updatedAt: begun + 1_000 },
      ],
    });
  });

  it('may be replaced many times at once, and no content is lost', async () => {
    const { id } = await during(async (turn) => {
      const line = await turn.trace('0');
      await Promise.all(Array.from({ length: 20 }, (_, n) => turn.update(line, `${n + 1}`)));
      return line;
    });
    const kept = await stored(id);
    expect(kept?.revisions.map(({ content }) => content)).toEqual(
      Array.from({ length: 20 }, (_, n) => `${n}`),
    );
    expect(kept?.content).toBe('20');
  });

  it(`remembers its last ${maxRevisions} contents`, async () => {
    const { id } = await during(async (turn) => {
      const line = await turn.trace('0');
      for (let n = 1; n <= maxRevisions + 5; n += 1) await turn.update(line, `${n}`);
      return line;
    });
    await idle();
    const kept = await stored(id);
    expect(kept?.revisions).toHaveLength(maxRevisions);
    expect(kept?.revisions[0]?.content).toBe('5');
    expect(kept?.content).toBe(`${maxRevisions + 5}`);
  });

  it('costs the same however often it was replaced: with each update goes the content that it replaces, and no other', async () => {
    const written: (readonly string[])[] = [];
    rig.trouble.commit = (commits) => {
      for (const { revisions, content } of commits.flatMap(({ messages = [] }) => messages))
        written.push([content, ...revisions.map((revision) => revision.content)]);
    };
    const updated = await during(async (turn) => {
      const line = await turn.trace('0');
      const results = [];
      for (let n = 1; n <= 3; n += 1) results.push(await turn.update(line, `${n}`));
      return results;
    });
    expect(written.slice(-4)).toEqual([['0'], ['1', '0'], ['2', '1'], ['3', '2']]);
    expect(updated.map(({ revisions }) => revisions.map(({ content }) => content))).toEqual([
      ['0'],
      ['1'],
      ['2'],
    ]);
    const [first] = updated;
    expect((await rig.kept.message(first?.id ?? ''))?.revisions).toEqual([]);
  });

  it('is still replaced when the agent returns without waiting for that', async () => {
    const reading = gate();
    const ended = during(async (turn) => {
      const line = await turn.trace('working');
      rig.trouble.message = () => reading.opened;
      void turn.update(line, 'done');
    });
    await idle();
    reading.open();
    await ended;
    await idle();
    expect(await said()).toEqual(['trace: working', 'trace now: done', 'turn_ended completed']);
  });

  it('can only be replaced in its own turn', async () => {
    const line = await during((turn) => turn.trace('mine'));
    const error = await during((turn) => turn.update(line, 'not yours').catch((thrown) => thrown));
    expect(error).toMatchObject({ code: 'not_found' });
    expect(await stored(line.id)).toMatchObject({ content: 'mine', revisions: [] });
  });

  it('does not replace a message of a person, nor one that does not exist', async () => {
    const errors = await during((turn) =>
      Promise.all(
        [turn.message, { id: 'unknown' }].map((line) => turn.update(line, 'x').catch((thrown) => thrown)),
      ),
    );
    expect(errors).toMatchObject([{ code: 'not_found' }, { code: 'not_found' }]);
    expect(await said()).toEqual(['turn_ended completed']);
  });

  it(`has at most ${maxOutputBytes} bytes`, async () => {
    const most = 'ä'.repeat(maxOutputBytes / 2);
    const errors = await during(async (turn) => {
      const line = await turn.say(most);
      return Promise.all(
        [turn.say(`${most}!`), turn.update(line, `${most}!`)].map((each) => each.catch((thrown) => thrown)),
      );
    });
    expect(errors).toMatchObject([{ code: 'too_large' }, { code: 'too_large' }]);
    expect(await said()).toEqual([`response: ${most}`, 'turn_ended completed']);
  });

  it('after the end of its turn is refused, whether or not the agent awaits that', async () => {
    const turns: Turn[] = [];
    const lines: MessageRecord[] = [];
    await during(async (turn) => {
      turns.push(turn);
      lines.push(await turn.trace('in time'));
    });
    const [turn] = turns;
    const [line] = lines;
    if (!turn || !line) throw new Error('the agent did not run');
    void turn.trace('too late');
    void turn.update(line, 'too late');
    await expect(turn.say('too late')).rejects.toMatchObject({ code: 'turn_ended' });
    await expect(turn.update(line, 'too late')).rejects.toMatchObject({ code: 'turn_ended' });
    await idle();
    expect(await said()).toEqual(['trace: in time', 'turn_ended completed']);
  });

  it('that the store could not commit is not shown, and the agent is notified', async () => {
    const error = await during(async (turn) => {
      rig.trouble.commit = diskFull;
      const thrown = await turn.say('lost').catch((each) => each);
      delete rig.trouble.commit;
      return thrown;
    });
    expect(error).toMatchObject({ code: 'storage_failed' });
    expect(await said()).toEqual(['turn_ended completed']);
  });

  it('and was asked before can be looked up by the agent, the newest of it', async () => {
    await during((turn) => turn.say('the first answer'));
    const history = await during((turn) => turn.history({ limit: 2 }));
    expect(history.map(({ content }) => content)).toEqual(['the first answer', 'help']);
    expect(await during((turn) => turn.history())).toHaveLength(4);
  });
});
