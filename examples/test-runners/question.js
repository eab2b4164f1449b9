/** A question that an agent asks before it deploys, and a model of what should become of it; each runner's test takes both. */
const { startTestHub, testModel } = require('express-hitl/testing');
const { emit, setup } = require('xstate');

const places = ['staging', 'production'];

const questionModel = setup({
  delays: { deadline: 15 * 60_000 },
  guards: { isPlace: ({ event }) => places.includes(event.answer) },
  actions: { refuse: emit((_, { code }) => ({ type: 'refused', code })) },
}).createMachine({
  id: 'question',
  initial: 'waiting',
  states: {
    waiting: {
      after: { deadline: 'expired' },
      on: {
        answer: [
          { guard: 'isPlace', target: 'answered' },
          { actions: { type: 'refuse', params: { code: 'invalid_response' } } },
        ],
      },
    },
    answered: { on: { answer: { actions: { type: 'refuse', params: { code: 'already_resolved' } } } } },
    expired: { on: { answer: { actions: { type: 'refuse', params: { code: 'already_resolved' } } } } },
  },
});

/** One question in a real hub: asked by an agent, answered by Bob over his WebSocket. */
async function start() {
  const hub = await startTestHub({
    agent: async (turn) => {
      const { status } = await turn.ask({ question: 'Where to?', options: places, expiresIn: '15m' });
      await turn.say(status);
    },
  });
  const alice = await hub.connect({ user: 'alice' });
  const bob = await hub.connect({ user: 'bob' });
  await alice.ask({ type: 'message', content: 'deploy' });
  const { hitl } = await bob.next('hitl_request_pending');
  return { hub, bob, id: hitl.id };
}

const model = testModel(questionModel, {
  events: {
    answer: {
      // The last two are no option.
      cases: [{ answer: 'staging' }, { answer: 'production' }, { answer: 'mars' }, { answer: '' }],
      perform: async ({ bob, id }, { answer }) => {
        const frame = {
          type: 'hitl_respond',
          request_id: id,
          revision: 1,
          status: 'approved',
          response: { answer },
        };
        const { code } = await bob.ask(frame);
        return code ?? 'ok';
      },
    },
  },
  timers: { deadline: ({ hub }) => hub.advance('15m').then(() => 'ok') },
  reply: ({ emitted }) => emitted[0]?.code ?? 'ok',
  look: async ({ hub, id }) => (await hub.hub.requests.get(id)).status,
  view: ({ value }) => ({ waiting: 'pending', answered: 'answered', expired: 'expired' })[value],
});

module.exports = { model, source: { start, stop: ({ hub }) => hub.close() } };
