import type { MessageStream } from '../../../lib/hub/turns/message-stream';
import { maxOutputBytes } from '../../../lib/hub/turns/outputs';
import { maxUnsent } from '../../../lib/hub/turns/stream';
import { maxStreams } from '../../../lib/hub/turns/streams';
import type { Turn } from '../../../lib/hub/turns/turn';
import type { MessageDelta } from '../../../lib/protocol/envelopes';
import type { MessageRecord } from '../../../lib/protocol/records';
import { diskFull, type Guest, gate, idle, Rig } from '../rig';
import { Tap } from './tap';

describe('A message that grows', () => {
  let rig: Rig;
  let guest: Guest;
  /** What the agent does with its turn. */
  let work: (turn: Turn) => unknown;

  beforeEach(async () => {
    work = () => {};
    rig = new Rig({ agent: (turn) => work(turn) });
    await rig.hub.start();
    guest = rig.join();
  });
  afterEach(async () => {
    await rig.hub.close();
    // Jest fails a test during which an unhandled rejection occurs; this leaves time for it.
    await idle();
  });

  /** Begins a turn, and gives what its agent got. */
  async function begin<T>(doing: (turn: Turn) => T): Promise<{ turnId: string; got: Promise<Awaited<T>> }> {
    const got = gate<Awaited<T>>();
    const failed = gate<unknown>();
    work = async (turn) => {
      try {
        got.open(await doing(turn));
      } catch (error) {
        failed.open(error);
        throw error;
      }
    };
    const { turnId = '' } = await rig.say(guest, 'help');
    await idle();
    const outcome = Promise.race([
      got.opened,
      failed.opened.then((error) => {
        throw error;
      }),
    ]);
    outcome.catch(() => {});
    return { turnId, got: outcome as Promise<Awaited<T>> };
  }
  const deltas = () =>
    guest.ears.heard.filter(
      (each): each is MessageDelta => 'event' in each && each.event === 'message_delta',
    );
  /** The log after the user's message. */
  const said = async () => (await rig.story()).slice(3);
  /** The contents of the commits of messages, with whether each was said to grow. */
  const commits = async () =>
    (await rig.log()).flatMap((each) =>
      'message' in each && each.message.type !== 'user'
        ? [[each.message.content, each.message.is_streaming ?? false]]
        : [],
    );
  const refusal = (code: string, words = '') =>
    expect.objectContaining({ code, message: expect.stringContaining(words) });

  describe('from a source', () => {
    it('is shown with its first text, then piece by piece, and is stored whole, without revisions', async () => {
      const tap = new Tap();
      const { got } = await begin((turn) => turn.stream(tap));
      expect(await said()).toEqual([]);
      for (const text of ['Blocked ', '203.0.113.7', '.']) {
        tap.give(text);
        await idle();
      }
      expect(await said()).toEqual(['response: Blocked ']);
      const [{ message_id = '', turn_id = '', session_id = '' } = {}] = deltas();
      const place = { event: 'message_delta', message_id, turn_id, session_id };
      expect(deltas()).toEqual([
        { ...place, offset: 8, text: '203.0.113.7' },
        { ...place, offset: 19, text: '.' },
      ]);
      tap.end();
      const message = await got;
      await idle();
      expect(await said()).toEqual([
        'response: Blocked ',
        'response now: Blocked 203.0.113.7.',
        'turn_ended completed',
      ]);
      expect(message).toMatchObject({ id: message_id, content: 'Blocked 203.0.113.7.', revisions: [] });
      expect(message).not.toHaveProperty('isStreaming');
      expect(await rig.kept.message(message_id)).toEqual(message);
      expect((await rig.log()).at(-2)).toMatchObject({ streamed: true, turn_id });
      expect(tap.isLeft).toBe(false);
    });

    it('as a function is called with a signal, and may give a promise; every type but that of people will do', async () => {
      const tap = new Tap();
      const signals: AbortSignal[] = [];
      const { got } = await begin((turn) =>
        turn.stream(
          async ({ signal }) => {
            signals.push(signal);
            return tap;
          },
          { type: 'plan' },
        ),
      );
      tap.give('1. Block it');
      tap.end();
      expect(await got).toMatchObject({ type: 'plan', content: '1. Block it' });
      expect(signals).toHaveLength(1);
    });

    it('is one delta for all pieces of a tick', async () => {
      const tap = new Tap();
      const { got } = await begin((turn) => turn.stream(tap));
      tap.give('a');
      await idle();
      tap.give(...Array(100).fill('b'));
      await idle();
      expect(deltas()).toMatchObject([{ offset: 1, text: 'b'.repeat(100) }]);
      tap.end();
      await got;
    });

    it('is committed when it has grown by 512 characters, later by a quarter', async () => {
      const tap = new Tap();
      const { got } = await begin((turn) => turn.stream(tap));
      for (const length of [1, 511, 1, 3_000, 878, 1]) {
        tap.give('x'.repeat(length));
        await idle();
      }
      const sizes = (await commits()).map(([content, grows]) => [`${content}`.length, grows]);
      expect(sizes).toEqual([
        [1, true],
        [513, true],
        [3_513, true],
        [4_392, true],
      ]);
      tap.end();
      await got;
    });

    it('is committed two seconds after the first piece that is not, and a second more for 8,192 characters', async () => {
      const tap = new Tap();
      const { got } = await begin((turn) => turn.stream(tap));
      tap.give('x'.repeat(8_192));
      await idle();
      tap.give('y');
      await idle();
      rig.clock.advance(2_999);
      await idle();
      expect(await commits()).toHaveLength(1);
      rig.clock.advance(2);
      await idle();
      expect((await commits()).map(([content]) => `${content}`.length)).toEqual([8_192, 8_193]);
      rig.clock.advance(60_000);
      await idle();
      expect(await commits()).toHaveLength(2);
      tap.end();
      await got;
      expect(rig.clock.pending).toBe(0);
    });

    it('writes at most six times its length to the log, however small its pieces are', async () => {
      const piece = 'x'.repeat(64);
      const { got } = await begin(async (turn) => {
        const stream = turn.stream();
        for (let n = 0; n < 1_500; n += 1) {
          await stream.write(piece);
          if (n % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        return stream.end();
      });
      const { content } = await got;
      expect(content).toHaveLength(96_000);
      const written = (await commits()).reduce((sum, [each]) => sum + `${each}`.length, 0);
      expect(written).toBeGreaterThan(2 * content.length);
      expect(written).toBeLessThan(6 * content.length);
    });

    it('that throws: what came is stored and grows no more, and the agent gets the error', async () => {
      const tap = new Tap();
      const { got } = await begin((turn) => turn.stream(tap));
      tap.give('Blocked ', '203');
      const broken = new Error('the model is gone');
      tap.fail(broken);
      await expect(got).rejects.toBe(broken);
      await idle();
      expect(await said()).toEqual(['response: Blocked 203', 'turn_ended aborted error']);
      expect(await commits()).toEqual([['Blocked 203', false]]);
    });

    it('that throws before there is any text leaves no message', async () => {
      const { got } = await begin((turn) =>
        turn.stream(() => {
          throw new Error('no');
        }),
      );
      await expect(got).rejects.toThrow('no');
      await idle();
      expect(await said()).toEqual(['turn_ended aborted error']);
    });

    it.each<[string, unknown, string]>([
      ['null', null, 'was null'],
      ['nothing', undefined, 'was undefined'],
      ['a number', 42, 'was of type number'],
      ['an object of a model', { id: 1, choices: [] }, 'an object with id, choices'],
      ['bytes', new Uint8Array(), 'an object with no fields'],
    ])(
      'that gives %s is refused with what came, after what came before is stored',
      async (_what, piece, words) => {
        const tap = new Tap();
        const { got } = await begin((turn) => turn.stream(tap));
        tap.give('so far', piece, 'too late');
        await expect(got).rejects.toEqual(refusal('invalid_request', words));
        await idle();
        expect(await said()).toEqual(['response: so far', 'turn_ended aborted error']);
        expect(tap.isLeft).toBe(true);
      },
    );

    it.each<[string, (turn: Turn) => unknown]>([
      ['a text', (turn) => turn.stream('text' as never)],
      ['a promise', (turn) => turn.stream(Promise.resolve(new Tap()) as never)],
      ['a list', (turn) => turn.stream(['text'] as never)],
      ['a function that gives a text', (turn) => turn.stream((() => 'text') as never)],
      ['an unknown option', (turn) => turn.stream(new Tap(), { typ: 'plan' } as never)],
      ['the type of people', (turn) => turn.stream({ type: 'user' as never })],
    ])('that is %s is refused', async (_what, stream) => {
      const { got } = await begin(stream);
      await expect(got).rejects.toEqual(refusal('invalid_request', 'turn.stream'));
      await idle();
      expect(await said()).toEqual(['turn_ended aborted error']);
    });

    it('is read no further, and not waited for, when its turn is cancelled; what came is stored before the end', async () => {
      const tap = new Tap();
      const signals: AbortSignal[] = [];
      const { got, turnId } = await begin((turn) =>
        turn.stream(({ signal }) => {
          signals.push(signal);
          return tap;
        }),
      );
      tap.give('Blocked ');
      await idle();
      tap.give('203');
      await idle();
      await rig.hub.turns.cancel('T', turnId);
      await expect(got).rejects.toEqual(refusal('turn_ended'));
      expect(await said()).toEqual([
        'response: Blocked ',
        'response now: Blocked 203',
        'turn_ended aborted cancelled',
      ]);
      expect((await commits()).at(-1)).toEqual(['Blocked 203', false]);
      expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
      expect(tap.isLeft).toBe(true);
      expect(rig.errors).toEqual([]);
    });

    it('is not called in a turn that is over', async () => {
      const turns: Turn[] = [];
      await begin((turn) => turns.push(turn));
      const source = jest.fn();
      await expect(turns[0]?.stream(source)).rejects.toEqual(refusal('turn_ended'));
      expect(source).not.toHaveBeenCalled();
    });

    it('and is not waited for by the agent is written to its end before the turn ends', async () => {
      const tap = new Tap();
      await begin((turn) => void turn.stream(tap));
      tap.give('all ');
      await idle();
      tap.give('of it');
      tap.end();
      await idle();
      expect(await said()).toEqual(['response: all ', 'response now: all of it', 'turn_ended completed']);
    });

    it('of endless empty texts does not hold up the process', async () => {
      const { turnId } = await begin((turn) =>
        turn.stream(async function* () {
          for (;;) yield '';
        }),
      );
      await rig.hub.turns.cancel('T', turnId);
      expect(await said()).toEqual(['turn_ended aborted cancelled']);
    });
  });

  describe('by hand', () => {
    it('is written, and ends where the agent says so', async () => {
      const { got } = await begin(async (turn) => {
        const stream = turn.stream({ type: 'trace' });
        await stream.write('1 of 2\n');
        await stream.write('2 of 2');
        return [await stream.end(), await stream.end()];
      });
      const [message, again] = await got;
      expect(message).toMatchObject({ type: 'trace', content: '1 of 2\n2 of 2' });
      expect(again).toEqual(message);
      await idle();
      expect(await said()).toEqual(['trace: 1 of 2\n2 of 2', 'turn_ended completed']);
    });

    it('takes nothing more after its end', async () => {
      const { got } = await begin(async (turn) => {
        const stream = turn.stream();
        await stream.write('all');
        await stream.end();
        return stream.write('more').catch((error) => error);
      });
      expect(await got).toEqual(refusal('invalid_request', 'has ended'));
    });

    it('is shown before it has text where its message is asked for, and may end empty', async () => {
      const { got } = await begin(async (turn) => {
        const stream = turn.stream();
        const begun = await stream.message;
        return [begun, await stream.end()] as const;
      });
      const [begun, whole] = await got;
      expect(begun).toMatchObject({ content: '', isStreaming: true });
      expect(whole).toMatchObject({ id: begun.id, content: '' });
      expect(await commits()).toEqual([
        ['', true],
        ['', false],
      ]);
    });

    it('that ends without a text is an empty message; one that is given up is none', async () => {
      const { got } = await begin(async (turn) => {
        const given = turn.stream();
        await given.abort('no answer');
        const refused = await Promise.all(
          [given.write('x'), given.end(), given.message].map((each) =>
            Promise.resolve(each).catch((error) => error),
          ),
        );
        return [refused, await turn.stream().end()] as const;
      });
      const [refused, empty] = await got;
      expect(refused).toEqual(Array(3).fill(refusal('invalid_request', 'aborted: no answer')));
      expect(empty.content).toBe('');
      await idle();
      expect(await said()).toEqual(['response: ', 'turn_ended completed']);
    });

    it('ends where the agent returns, and takes nothing more', async () => {
      const streams: MessageStream[] = [];
      await begin(async (turn) => {
        const stream = turn.stream();
        streams.push(stream);
        await stream.write('half');
      });
      expect(await said()).toEqual(['response: half', 'turn_ended completed']);
      expect(await commits()).toEqual([['half', false]]);
      await expect(streams[0]?.write('more')).rejects.toEqual(refusal('turn_ended'));
      await expect(streams[0]?.end()).rejects.toEqual(refusal('turn_ended'));
    });

    it('holds back a writer while a commit is under way, until there is room', async () => {
      const committing = gate();
      const states: string[] = [];
      const { got } = await begin(async (turn) => {
        const stream = turn.stream();
        await stream.message;
        rig.trouble.commit = () => committing.opened;
        await stream.write('x'.repeat(600));
        await idle();
        await stream.write('y'.repeat(maxUnsent - 1));
        states.push('there is room');
        const held = stream.write('z').then(() => states.push('there is room again'));
        await idle();
        states.push('there is none');
        committing.open();
        await held;
        return stream.end();
      });
      expect(await got).toMatchObject({ content: `${'x'.repeat(600)}${'y'.repeat(maxUnsent - 1)}z` });
      expect(states).toEqual(['there is room', 'there is none', 'there is room again']);
      // What came meanwhile follows the commit, from where that ends.
      expect(deltas()).toMatchObject([
        { offset: 0, text: 'x'.repeat(600) },
        { offset: 600, text: `${'y'.repeat(maxUnsent - 1)}z` },
      ]);
    });

    it('is not updated while it grows, and like any other afterwards', async () => {
      const { got } = await begin(async (turn) => {
        const stream = turn.stream();
        const begun = await stream.message;
        const refused = await turn.update(begun, 'x').catch((error) => error);
        await turn.update(await stream.end(), 'changed');
        return refused;
      });
      expect(await got).toEqual(refusal('invalid_request', 'still grows'));
      expect((await commits()).at(-1)).toEqual(['changed', false]);
    });
  });

  it(`grows beside others of its turn, of which there are at most ${maxStreams}`, async () => {
    const { got } = await begin(async (turn) => {
      const streams = Array.from({ length: maxStreams }, () => turn.stream());
      const refused = await turn.stream(() => new Tap()).catch((error) => error);
      for (const [n, stream] of streams.entries()) await stream.write(`${n}`);
      await Promise.all(streams.map((stream) => stream.end()));
      await turn.stream().end();
      return refused;
    });
    expect(await got).toEqual(refusal('busy', '16'));
    expect(await commits()).toEqual([
      ...Array.from({ length: maxStreams }, (_, n) => [`${n}`, false]),
      ['', false],
    ]);
  });

  it('has at most as many bytes as any message; what fits is stored, to a whole character', async () => {
    const most = 'ä'.repeat(maxOutputBytes / 2 - 1);
    const { got } = await begin(async (turn) => {
      const stream = turn.stream();
      await stream.write(most);
      const errors = [await stream.write('b😀').catch((error) => error)];
      for (const late of [stream.write('c'), stream.end()]) errors.push(await late.catch((error) => error));
      return errors;
    });
    expect(await got).toEqual(Array(3).fill(refusal('too_large', '262144')));
    await idle();
    expect(await said()).toEqual([`response: ${most}`, `response now: ${most}b`, 'turn_ended completed']);
    expect((await commits()).at(-1)).toEqual([`${most}b`, false]);
  });

  it('is never cut within a character: half of one waits for the other half', async () => {
    const text = 'a😀b👩‍🚒c';
    const halves = text.split('');
    const { got } = await begin(async (turn) => {
      const stream = turn.stream();
      for (const half of [...halves, '😀'.charAt(0)]) {
        await stream.write(half);
        await idle();
      }
      return stream.end();
    });
    const { content } = await got;
    expect(content).toBe(`${text}\ufffd`);
    const pieces = [...(await commits()).map(([each]) => `${each}`), ...deltas().map((each) => each.text)];
    for (const piece of pieces) expect(piece).not.toMatch(/\p{Surrogate}/u);
    // Put together as a client does.
    const [[first] = []] = await commits();
    let read = `${first}`;
    for (const { offset, text: more } of deltas()) {
      expect(offset).toBe(read.length);
      read += more;
    }
    expect(read).toBe(text);
  });

  it.each(['close', 'drain'] as const)('is stored as far as it came when the hub ends by %s', async (how) => {
    const tap = new Tap();
    const { got } = await begin((turn) => turn.stream(tap));
    tap.give('so ');
    await idle();
    tap.give('far');
    await idle();
    const ended = how === 'close' ? rig.hub.close() : rig.hub.drain({ over: '1s' });
    await idle();
    if (how === 'drain') rig.clock.advance(1_000);
    await ended;
    await expect(got).rejects.toEqual(refusal('turn_ended'));
    expect((await said()).slice(-2)).toEqual(['response now: so far', 'turn_ended aborted shutdown']);
  });

  it('of a process that died is what was committed last, and grows no more for any reader', async () => {
    const tap = new Tap();
    const { turnId } = await begin((turn) => turn.stream(tap));
    tap.give('committed');
    await idle();
    tap.give(', and not');
    await idle();
    const [id = ''] = deltas().map(({ message_id }) => message_id);
    const before = rig.hub;
    const opening = async () => {
      const { snapshot } = (await rig.hub.opening('T')) as { snapshot?: { messages: object[] } };
      return snapshot?.messages.at(-1);
    };
    expect(await opening()).toMatchObject({ id, is_streaming: true });
    rig.newHub();
    await rig.hub.start();
    expect(await opening()).toMatchObject({ id, content: 'committed' });
    expect(await opening()).not.toHaveProperty('is_streaming');
    expect(await rig.kept.turn(turnId)).toMatchObject({ reason: 'crash' });
    const history: readonly MessageRecord[] = await (async () => {
      const got = gate<readonly MessageRecord[]>();
      work = async (turn) => got.open(await turn.history());
      await rig.say(rig.join(), 'and now?');
      return got.opened;
    })();
    expect(history.find((each) => each.id === id)).not.toHaveProperty('isStreaming');
    rig.trouble.commit = () => Promise.reject(new Error('the process is gone'));
    const closing = before.close();
    await idle();
    await closing;
    delete rig.trouble.commit;
  });

  describe('when the store fails', () => {
    it('at its beginning is none, and the agent gets the error', async () => {
      const { got } = await begin(async (turn) => {
        const stream = turn.stream();
        rig.trouble.commit = diskFull;
        await stream.write('lost');
        await idle();
        const errors = await Promise.all(
          [stream.write('more'), stream.end(), stream.message].map((each) => each.catch((error) => error)),
        );
        delete rig.trouble.commit;
        return errors;
      });
      expect(await got).toEqual(Array(3).fill(refusal('storage_failed')));
      await idle();
      expect(await said()).toEqual(['turn_ended completed']);
    });

    it('in between goes on, and is committed when that is possible, after a pause', async () => {
      let tries = 0;
      const { got } = await begin(async (turn) => {
        const stream = turn.stream();
        await stream.message;
        rig.trouble.commit = () => {
          tries += 1;
          diskFull();
        };
        for (let n = 0; n < 20; n += 1) {
          await stream.write('x'.repeat(512));
          await idle();
        }
        const during = tries;
        delete rig.trouble.commit;
        rig.clock.advance(10_000);
        await idle();
        return [during, await stream.end()] as const;
      });
      const [during, message] = await got;
      expect(during).toBe(1);
      expect(message.content).toHaveLength(20 * 512);
      expect((await commits()).map(([content]) => `${content}`.length)).toEqual([0, 10_240, 10_240]);
      expect(deltas()).toHaveLength(20);
    });

    it('at its end the agent gets the error, and what was committed before stays', async () => {
      const { got } = await begin(async (turn) => {
        const stream = turn.stream();
        await stream.write('committed');
        await idle();
        rig.trouble.commit = diskFull;
        await stream.write(', and not');
        const error = await stream.end().catch((each) => each);
        delete rig.trouble.commit;
        return error;
      });
      expect(await got).toEqual(refusal('storage_failed'));
      await idle();
      expect(await said()).toEqual(['response: committed', 'turn_ended completed']);
    });
  });
});
