/** Warren, the triage agent: scripted, so that the demo needs no model; it understands five commands and sums up the alert otherwise. Its turns go on after a restart. */
import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type DurableAgent, type DurableTurn, durable, type HitlTypes } from 'express-hitl';
import { z } from 'zod';
import type { Alert } from './alerts';
import type { Firewall } from './firewall';
import type { Person } from './login';
import type { incidentReport } from './report';

/** What the demo brings of its own. */
interface App extends HitlTypes {
  kinds: { incident_report: typeof incidentReport };
  user: Person;
}
type Turn = DurableTurn<App>;

/** What Warren works with. */
export interface Tools {
  alerts: ReadonlyMap<string, Alert>;
  firewall: Firewall;
}

/** What `block_ip` takes, also after a person has edited it. */
export const blockArgs = z.strictObject({
  ip: z.string().refine((text) => isIP(text) !== 0, 'This is not an IP address'),
});

const mostSteps = 50;
const stepMs = 100;
/** Between two words of a summary, as a model would write it. */
const wordMs = 15;

/** An agent for `hitl.agent`. */
export function triageAgent(tools: Tools): DurableAgent<App> {
  return durable<App>(async (turn) => {
    const [command = '', argument = ''] = turn.message.content.trim().split(/\s+/);
    switch (command.toLowerCase()) {
      case 'block':
        return block(turn, argument, tools);
      case 'ask':
        return ask(turn);
      case 'report':
        return report(turn);
      case 'work':
        return work(turn, argument);
      case 'fail':
        throw new Error('Warren was told to fail');
      default:
        return summarise(turn, tools);
    }
  });
}

/** Blocks an address, but only after a human has said yes to exactly that address, or to another that they put there. */
async function block(turn: Turn, ip: string, { alerts, firewall }: Tools): Promise<void> {
  if (isIP(ip) === 0) {
    await turn.say(`“${ip}” is not an IP address. Say for example: block 203.0.113.7`);
    return;
  }
  turn.setIntent(`block ${ip}`);
  const isNamed = await turn.step('look up', () => {
    return alerts.get(turn.ticketId)?.indicators.some(({ value }) => value === ip) ?? false;
  });
  const shown = await turn.trace(
    `Looking up ${ip}: ${isNamed ? 'it is an indicator of this alert' : 'this alert does not mention it'}`,
  );
  const approval = await turn.approve({
    tool: 'block_ip',
    args: { ip },
    editable: true,
    message: shown,
  });
  const by = approval.request.respondedBy?.displayName ?? 'nobody';
  const comment = approval.request.response?.comment;
  const said = comment ? `: “${comment}”` : '';
  if (approval.status === 'approved') {
    // Cancelled in the very moment of the approval: then it stays undone.
    turn.signal.throwIfAborted();
    // What runs is what was seen, so the address comes from the approval. If the process ends in it, it is run again: an address
    // that is blocked twice is blocked.
    await turn.step('block', () => firewall.block(approval.args.ip, by));
    await turn.say(`Done: ${approval.args.ip} is blocked at the edge firewall. Approved by ${by}${said}.`);
  } else if (approval.status === 'denied') {
    await turn.say(`${ip} was not blocked. Denied by ${by}${said}.`);
  } else {
    await turn.say(`${ip} was not blocked: the request was ${approval.status}.`);
  }
}

async function ask(turn: Turn): Promise<void> {
  turn.setIntent('classify the alert');
  const asked = await turn.ask({
    question: 'How do you classify this alert?',
    options: ['True positive', 'False positive', 'Expected activity'],
  });
  await turn.say(asked.status === 'answered' ? `Noted: ${asked.answer}.` : 'Noted: no classification yet.');
}

/** Asks for the demo's own kind of request, and repeats what was filled in. */
async function report(turn: Turn): Promise<void> {
  turn.setIntent('report the incident');
  const outcome = await turn.request('incident_report', {
    alert: turn.ticketId,
    instructions: 'What happened, whom it concerns, and what was done.',
  });
  const { status, request } = outcome;
  const by = request.respondedBy?.displayName ?? 'nobody';
  const comment = request.response?.comment;
  if (status === 'approved') await turn.say(JSON.stringify(request.response, null, 2));
  else await turn.say(`There is no report: ${status} by ${by}${comment ? `: “${comment}”` : ''}.`);
}

/** One message that is updated as the work goes on; cancelling the turn ends the pause at once. */
async function work(turn: Turn, argument: string): Promise<void> {
  const wanted = Number(argument || '5');
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > mostSteps) {
    await turn.say(`I work in 1 to ${mostSteps} steps. Say for example: work 5`);
    return;
  }
  turn.setIntent(`work in ${wanted} steps`);
  const progress = await turn.trace(`Searching the logs: 0 of ${wanted}`);
  for (let step = 1; step <= wanted; step += 1) {
    await turn.step('search', ({ signal }) => pause(stepMs, undefined, { signal }));
    await turn.update(progress, `Searching the logs: ${step} of ${wanted}`);
  }
  await turn.say(`Searched the logs in ${wanted} steps and found nothing new.`);
}

/** Written word by word, as a model's answer comes. */
async function summarise(turn: Turn, { alerts }: Tools): Promise<void> {
  const alert = await turn.step('read', () => alerts.get(turn.ticketId) ?? null);
  if (!alert) {
    await turn.say('There is no alert in this ticket.');
    return;
  }
  turn.setIntent('sum up the alert');
  await turn.trace(`Reading the alert from ${alert.source}`);
  if (alert.caution) await turn.warn(alert.caution);
  await turn.stream(({ signal }) => summaryOf(alert, signal));
  await turn.plan(alert.playbook.map((step, index) => `${index + 1}. ${step}`).join('\n'));
}

/** The summary, the headline first and then word by word. */
async function* summaryOf(alert: Alert, signal: AbortSignal): AsyncGenerator<string> {
  yield `${alert.id}, ${alert.severity}: ${alert.title}`;
  const rest = [
    alert.description,
    `Seen ${alert.detected_at.slice(0, 16).replace('T', ' ')} UTC on ${alert.host}${alert.user ? `, account ${alert.user}` : ''}`,
    `Indicators: ${alert.indicators.map(({ type, value }) => `${type} ${value}`).join(', ')}`,
  ];
  for (const word of `\n\n${rest.join('\n\n')}`.split(/(?<=\s)(?=\S)/)) {
    await pause(wordMs, undefined, { signal });
    yield word;
  }
}
