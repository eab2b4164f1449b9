/** An agent that isolates a host once people allow it, and looks at it an hour later; its turns go on after every restart. */
import { type DurableAgent, durable } from 'express-hitl';

/** What the agent works with. */
export interface Services {
  /** Which host a message is about, as a model finds it. */
  findHost(text: string): Promise<{ host: string; owner: string }>;
  /** Does it once for each key. */
  isolate(host: string, options: { idempotencyKey: string }): Promise<void>;
  /** Connections that the host still has. */
  countConnections(host: string): Promise<number>;
}

export function isolationAgent(services: Services): DurableAgent {
  return durable(async (turn) => {
    const { host, owner } = await turn.step('find', () => services.findHost(turn.message.content));
    await turn.trace(`${host}, which ${owner} uses`);
    const approval = await turn.approve({ tool: 'isolate', args: { host }, expiresIn: '8h' });
    if (approval.status !== 'approved') return turn.say(`${host} stays connected: ${approval.status}.`);
    await turn.step('isolate', ({ key }) => services.isolate(host, { idempotencyKey: key }), { retries: 2 });
    await turn.say(`${host} is isolated.`);
    await turn.sleep('1h');
    const left = await turn.step('count', () => services.countConnections(host));
    return turn.say(
      left === 0 ? `${host} has no connection left.` : `${host} still has ${left} connections.`,
    );
  });
}
