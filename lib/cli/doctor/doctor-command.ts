/** `express-hitl doctor <url>`: looks at a mount from outside, says what is right and what is not, and changes nothing there. */
import { parseArgs } from 'node:util';
import { UsageError, understood } from '../usage';
import { type Finding, lineOf } from './finding';
import {
  checkClock,
  checkConsole,
  checkIdentity,
  checkInboxTickets,
  checkMount,
  checkVersion,
} from './rest-checks';
import { checkForeign, checkSocket } from './socket-checks';
import { checkStream } from './stream-check';
import { Target } from './target';

/** @returns the exit code: 1 where something is not as it has to be */
export async function doctorCommand(
  args: readonly string[],
  print: (line: string) => unknown = (line) => process.stdout.write(`${line}\n`),
): Promise<number> {
  const target = targetOf(args);
  let faults = 0;
  for await (const finding of look(target)) {
    if (finding.state === 'fault') faults += 1;
    print(lineOf(finding));
  }
  print(faults === 0 ? 'All is well.' : `${faults} ${faults === 1 ? 'fault' : 'faults'}.`);
  return faults === 0 ? 0 : 1;
}

/** All checks, each as soon as it is done; where nothing of ours answers, only that. */
async function* look(target: Target): AsyncGenerator<Finding> {
  const { findings, me } = await checkMount(target);
  yield* findings;
  if (!me) return;
  yield checkIdentity(me);
  yield* checkInboxTickets(me);
  yield checkClock(me);
  yield await checkVersion(target);
  yield await checkSocket('socket', target, '/ws/inbox');
  const { ticketId } = target;
  if (ticketId !== undefined)
    yield await checkSocket('ticket', target, `/ws/chat/ticket/${encodeURIComponent(ticketId)}`);
  yield* await checkForeign(target);
  yield await checkStream(target);
  yield await checkConsole(target);
}

function targetOf(args: readonly string[]): Target {
  const options = {
    header: { type: 'string', multiple: true },
    ticket: { type: 'string' },
    origin: { type: 'string' },
    timeout: { type: 'string' },
  } as const;
  const { values, positionals } = understood(() =>
    parseArgs({ args: [...args], options, allowPositionals: true }),
  );
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0)
    throw new UsageError(
      'Give one address, that of the mount: express-hitl doctor http://localhost:3000/soc',
    );
  if (!/^https?:\/\//.test(given) || !URL.canParse(given))
    throw new UsageError(`${given} is no address; write http:// or https:// before the host`);
  const timeoutMs = Number(values.timeout ?? 5_000);
  if (!(timeoutMs >= 1 && timeoutMs <= 600_000))
    throw new UsageError('--timeout is a number of milliseconds');
  return new Target(new URL(given), {
    headers: Object.fromEntries((values.header ?? []).map(headerOf)),
    origin: values.origin,
    ticketId: values.ticket,
    timeoutMs,
  });
}

/** As curl takes it: `name: value`. */
function headerOf(text: string): [name: string, value: string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text) ?? [];
  // What it holds is a credential, and is not shown.
  if (name === undefined || value === undefined)
    throw new UsageError("A header is written --header 'name: value'");
  return [name.toLowerCase(), value];
}
