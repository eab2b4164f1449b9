/** The scenes of `docs/streams.md`. */
import { bodyOf, type Scenes, type } from '../example';
import { withAgent } from '../stage';
import { asAgent } from './frames';

/** A model that writes three words, and sees a signal. */
const words = async function* (signal: AbortSignal) {
  for (const word of ['one ', 'two ', 'three']) {
    expect(signal.aborted).toBe(false);
    yield word;
  }
};

export const streamsScenes: Scenes = {
  model: {
    ...bodyOf({
      turn: type('Turn'),
      model: '{ write(input: string, options: { signal: AbortSignal }): AsyncIterable<string> }',
    }),
    play: (load) => {
      const model = { write: (_input: string, { signal }: { signal: AbortSignal }) => words(signal) };
      return withAgent(asAgent(load, { model }), async ({ alice }) => {
        await alice.ask({ type: 'message', content: 'go' });
        await alice.next('turn_ended');
        const { message } = alice.all('session_message_added').at(-1);
        expect(message).toMatchObject({ type: 'trace', content: '13 characters' });
      });
    },
  },

  objects: {
    ...bodyOf({
      turn: type('Turn'),
      llm: `{
        chat(
          body: { stream: true; input: string },
          options: { signal: AbortSignal },
        ): Promise<AsyncIterable<{ choices: { delta: { content?: string } }[] }>>;
      }`,
    }),
    play: (load) => {
      const chat = async (_body: object, { signal }: { signal: AbortSignal }) =>
        (async function* () {
          for await (const content of words(signal)) yield { choices: [{ delta: { content } }] };
          yield { choices: [] };
        })();
      return withAgent(asAgent(load, { llm: { chat } }), async ({ alice }) => {
        await alice.ask({ type: 'message', content: 'go' });
        expect((await alice.next('turn_ended')).status).toBe('completed');
        const lines = alice.received.filter(({ message }) => message?.type === 'response');
        expect(lines.at(-1).message.content).toBe('one two three');
      });
    },
  },

  hand: {
    ...bodyOf({
      turn: type('Turn'),
      logs: '{ name: string }[]',
      search: '(log: { name: string }) => Promise<string>',
    }),
    play: (load) => {
      const given = { logs: [{ name: 'dns' }, { name: 'vpn' }], search: async () => 'nothing' };
      return withAgent(asAgent(load, given), async ({ alice }) => {
        await alice.ask({ type: 'message', content: 'go' });
        await alice.next('turn_ended');
        const traces = alice.received.filter(({ message }) => message?.type === 'trace');
        expect(traces.at(-1).message.content).toBe('1. dns: nothing\n2. vpn: nothing\n');
      });
    },
  },
};
