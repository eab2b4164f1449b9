/** A durable agent and what it is tested with; each runner's test takes both. */
const { durable } = require('express-hitl');

const planes = ['green', 'blue'];

exports.agent = durable(async (turn) => {
  const plane = await turn.step('choose', () => planes[0]);
  const approval = await turn.approve({ tool: 'switch', args: { plane } });
  if (approval.status === 'approved') await turn.step('switch', () => {});
  await turn.say(`${plane}: ${approval.status}`);
});

exports.run = { message: 'Switch over', answers: [{ status: 'approved' }] };
