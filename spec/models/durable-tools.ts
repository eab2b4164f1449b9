/** What durable turns promise of tools, as named checks on hubs that end in the middle of it; each throws when a tool is run twice or a person is passed over. */
import assert from 'node:assert/strict';
import { writes } from './stopping-store';
import { allowed, ToolRig } from './tool-rig';

/** One promise, and what shows that it holds. */
export interface Promised {
  promise: string;
  check(): Promise<void>;
}

/** A hub for as long as `use` takes. */
async function withRig(start: Promise<ToolRig>, use: (rig: ToolRig) => Promise<void>): Promise<void> {
  const rig = await start;
  try {
    await use(rig);
  } finally {
    await rig.close();
  }
}

/** A call whose process ends before or after a commit that writes this into the journal. */
async function cutOff(rig: ToolRig, when: 'before' | 'after', field: 'begun' | 'v') {
  const stopped = rig.stops.at(when, writes('run:', field));
  const turnId = await rig.say('203.0.113.7');
  let requestId = '';
  if (!rig.tool.rules?.some(({ decide }) => decide === 'allow')) {
    requestId = String((await rig.asked())[0]?.id);
    await rig.approve(requestId);
  }
  await stopped;
  await rig.crash();
  return { turnId, requestId };
}

/** The statuses that the turn's calls have given. */
function given(rig: ToolRig): unknown[] {
  return rig.calls.map((call) => (call instanceof Error ? call.message : call.status));
}

/** Gets a turn stuck before its end, with `rig.agent` as it is then, and starts it over. */
async function startOver(rig: ToolRig, turnId: string, agent: ToolRig['agent']): Promise<void> {
  const [question] = await rig.asked();
  rig.agent = async (turn, tool) => {
    await turn.step('other', () => 1);
    await agent(turn, tool, rig);
  };
  await rig.restart();
  await rig.answer(String(question?.id), 'yes');
  await rig.pass('2s');
  await rig.until(turnId, 'stuck');
  await rig.hub.hub.turns.startOver({ turnId });
}

export const promises: readonly Promised[] = [
  {
    promise: 'what the rules have decided is not asked again',
    check: () => {
      let looks = 0;
      const when = () => {
        looks += 1;
        return true;
      };
      return withRig(ToolRig.start({ rules: [{ when, decide: 'ask' }] }), async (rig) => {
        const turnId = await rig.say('203.0.113.7');
        const [request] = await rig.asked();
        await rig.crash();
        await rig.approve(String(request?.id));
        await rig.until(turnId, 'completed');
        assert.equal(looks, 1);
      });
    },
  },
  ...([allowed, {}] as const).map((tool) => ({
    promise: `what ${tool === allowed ? 'a rule allows' : 'people approved'} is run once where its process ends in the run`,
    check: () =>
      withRig(ToolRig.start(tool), async (rig) => {
        const { turnId } = await cutOff(rig, 'before', 'v');
        await rig.pass('1m');
        const [question] = await rig.asked();
        await rig.answer(String(question?.id), 'leave it');
        await rig.until(turnId, 'completed');
        assert.deepEqual([rig.ran.length, given(rig)], [1, ['not_run']]);
      }),
  })),
  {
    promise: 'a result that is recorded is given, and its tool not run again',
    check: () =>
      withRig(ToolRig.start(), async (rig) => {
        const { turnId, requestId } = await cutOff(rig, 'after', 'v');
        await rig.until(turnId, 'completed');
        assert.equal((await rig.execution(requestId))?.state, 'executed');
        assert.deepEqual([rig.ran.length, given(rig)], [1, ['executed']]);
      }),
  },
  {
    promise: 'its request is not executed before its result is recorded',
    check: () =>
      withRig(ToolRig.start(), async (rig) => {
        const { requestId } = await cutOff(rig, 'before', 'v');
        assert.equal((await rig.execution(requestId))?.state, 'executing');
      }),
  },
  {
    promise: 'no person is asked while the lease of a run lasts, and the turn rests',
    check: () =>
      withRig(ToolRig.start(), async (rig) => {
        const { turnId } = await cutOff(rig, 'after', 'begun');
        await rig.pass('2s');
        await rig.until(turnId, 'waiting');
        assert.deepEqual((await rig.hub.hub.requests.list({ status: 'pending' })).items, []);
      }),
  },
  {
    promise: 'those are asked who may approve, and what they want done again is run again with its key',
    check: () =>
      withRig(
        ToolRig.start({ rules: [{ decide: 'ask', ask: { policy: { users: ['bob'] } } }] }),
        async (rig) => {
          const { turnId, requestId } = await cutOff(rig, 'before', 'v');
          await rig.pass('1m');
          const answer = { requestId: String((await rig.asked())[0]?.id), status: 'answered' } as const;
          await assert.rejects(rig.alice.answer({ ...answer, answer: 'leave it' }), /not_allowed/);
          await rig.bob.answer({ ...answer, answer: 'do it again' });
          await rig.until(turnId, 'completed');
          assert.deepEqual(
            rig.ran.map(({ key }) => key),
            [requestId, requestId],
          );
          assert.deepEqual(given(rig), ['executed']);
        },
      ),
  },
  {
    promise: 'an idempotent tool is run again without asking',
    check: () =>
      withRig(ToolRig.start({ idempotent: true }), async (rig) => {
        const { turnId } = await cutOff(rig, 'before', 'v');
        await rig.until(turnId, 'completed');
        assert.deepEqual([rig.ran.length, given(rig)], [2, ['executed']]);
      }),
  },
  {
    promise: 'a tool cannot use its turn',
    check: () => {
      let say: () => unknown = () => {};
      return withRig(
        ToolRig.start({ ...allowed, run: () => say() }, (turn, tool, rig) => {
          say = () => turn.say('within');
          return rig.call(turn, tool);
        }),
        async (rig) => {
          await rig.until(await rig.say('203.0.113.7'), 'completed');
          assert.match(String(given(rig)[0]), /inside of the tool block_ip/);
        },
      );
    },
  },
  {
    promise: 'a turn that is started over asks and runs nothing twice',
    check: () =>
      withRig(
        ToolRig.start({}, async (turn, tool, rig) => {
          await rig.call(turn, tool);
          await turn.ask({ question: 'Go on?' });
        }),
        async (rig) => {
          const turnId = await rig.say('203.0.113.7');
          await rig.approve(String((await rig.asked())[0]?.id));
          await startOver(rig, turnId, (turn, tool) => rig.call(turn, tool));
          await rig.until(turnId, 'completed');
          assert.equal((await rig.hub.hub.requests.list()).items.length, 2);
          assert.deepEqual([rig.ran.length, given(rig)], [1, ['executed', 'executed']]);
        },
      ),
  },
  {
    promise: 'a turn that is started over asks anew what it asks under other terms',
    check: () =>
      withRig(
        ToolRig.start({}, (turn) => turn.ask({ question: 'Go on?' })),
        async (rig) => {
          const turnId = await rig.say('203.0.113.7');
          await startOver(rig, turnId, (turn) =>
            turn.ask({ question: 'Go on?', policy: { users: ['bob'] } }),
          );
          assert.equal((await rig.asked()).length, 1);
        },
      ),
  },
];

/** The promises above as a system that code with a bug is tried with. */
export const DurableTools = {
  /** The first promise that does not hold, or nothing if all do. */
  async broken(): Promise<string | undefined> {
    for (const { promise, check } of promises) {
      try {
        await check();
      } catch {
        return promise;
      }
    }
    return undefined;
  },
};
