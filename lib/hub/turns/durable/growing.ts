/** The messages of a durable turn that grow: shown and committed as any, recorded when they are whole, and begun again in the same message where the process ended before that; `RunPort` begins them. */

import { HubError } from '../../../errors';
import type { MessageRecord, Millis } from '../../../protocol/records';
import type { Commit, Store } from '../../../store/store';
import type { Clock } from '../../commit/clock';
import type { Funnel } from '../../commit/funnel';
import { newId } from '../../commit/new-id';
import type { MessageStream, StreamOptions } from '../message-stream';
import type { Stream } from '../stream';
import { pour, type StreamSource } from '../stream-source';
import { type Streams, wasAborted } from '../streams';
import type { Run } from './run';

export interface GrowingParts {
  store: Pick<Store, 'message'>;
  funnel: Pick<Funnel, 'commit'>;
  clock: Clock;
  streams: Streams;
}

export class Growing {
  private readonly growing = new Set<Stream>();
  /** Those that the agent's code writes by hand. */
  private readonly byHand = new Set<Stream>();

  constructor(
    private readonly parts: GrowingParts,
    private readonly run: Run,
  ) {}

  /** All that the source gives. */
  pour(source: StreamSource, { type = 'response' }: StreamOptions): Promise<MessageRecord> {
    return this.call(type, (stream) => pour(source, stream));
  }

  /** By hand: in a replay what is written is passed over, since the message is there. */
  open({ type = 'response' }: StreamOptions): MessageStream {
    let begin: (stream: Stream) => void = () => {};
    const begun = new Promise<Stream>((resolve) => {
      begin = resolve;
    });
    /** Written while it is not known whether the message is recorded: what the code does between two texts is recorded apart. */
    const early: string[] = [];
    const done = this.call(type, async (stream) => {
      this.byHand.add(stream);
      for (const text of early) await stream.write(text);
      begin(stream);
      await ended(stream).finally(() => this.byHand.delete(stream));
    });
    done.catch(() => {});
    /** The stream, or nothing where the message was recorded before. */
    const live = () => Promise.race([begun, done.then(() => undefined)]);
    return {
      get message() {
        return live().then((stream) => stream?.message ?? done);
      },
      write: async (text) => {
        if (this.run.isReplaying) early.push(text);
        else await (await live())?.write(text);
      },
      end: async () => {
        await (await live())?.end();
        return done;
      },
      abort: async (reason = 'no reason was given') => {
        await (await live())?.stop(wasAborted(reason));
      },
    };
  }

  /** What is written by hand and was not ended ends; resolves when nothing grows any more. */
  async settled(): Promise<void> {
    for (const stream of this.byHand) void stream.stop(new HubError('turn_ended'));
    await Promise.all([...this.growing].map((stream) => stream.settled));
  }

  private call(
    type: NonNullable<StreamOptions['type']>,
    write: (stream: Stream) => Promise<unknown>,
  ): Promise<MessageRecord> {
    const { clock, store } = this.parts;
    let id: string | undefined;
    return this.run.call<MessageRecord>('stream', `stream:${type}`, {
      note: (begun) => {
        id = begun as string;
      },
      perform: async (call) => {
        const messageId = id ?? newId(clock.now());
        if (id === undefined) await this.run.record(call, { begun: messageId });
        const stream = this.parts.streams.begin(this.run.turn, {
          ...{ type, id: messageId },
          commit: (commit, isWhole) => this.commit(call, commit, isWhole),
        });
        this.growing.add(stream);
        try {
          await write(stream);
        } finally {
          this.growing.delete(stream);
        }
      },
      revive: async (body) => {
        const { m } = body as { m: string; at: Millis };
        return (await store.message(m)) as MessageRecord;
      },
    });
  }

  /** The commit with which it is whole records that; each only while this process has the turn. */
  private async commit(call: string, commit: Commit, isWhole: boolean): Promise<void> {
    const [message] = commit.messages ?? [];
    const { journal, fence } = this.run.beside(call, { m: message?.id, at: commit.at });
    const work = () => this.parts.funnel.commit({ ...commit, fence, ...(isWhole && { journal }) });
    // What has come by the end of the turn is still committed, and not attempted again.
    if (this.run.isOver) await work();
    else if (!(await this.run.persisted(work))) throw new HubError('closing');
  }
}

/** Resolves when the stream is whole. @throws why it is not */
async function ended(stream: Stream): Promise<void> {
  await new Promise<void>((resolve) => {
    if (stream.signal.aborted) resolve();
    else stream.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await stream.settled;
  await stream.end();
}
