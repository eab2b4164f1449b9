#!/usr/bin/env node
/** The command `express-hitl`: reads its arguments, runs one task and ends with 0 (well), 1 (not so) or 2 (not understood). */
import { chartsCommand } from './charts-command';
import { diffCommand } from './diff-command';
import { doctorCommand } from './doctor/doctor-command';
import { UsageError } from './usage';

const usage = `Usage:
  express-hitl charts [<file or folder>...] [--out <folder>] [--check]
      Writes a page, a picture (SVG), a Mermaid diagram and an XState configuration for every machine that these files
      export. A folder stands for every file in it that is named like order-machine.ts; default: the present folder.
        --out     where to; default: docs/charts
        --check   writes nothing, and fails if what is there is not what would be written

  express-hitl charts diff <git revision> [<file or folder>...] [--out <folder>] [--exit-code]
      Says what has changed in the machines since then: states, transitions, guards.
        --out         where to write the coloured pictures; default: none are written
        --exit-code   ends with 1 if something has changed

  express-hitl doctor <address of the mount> [--header 'name: value']... [--ticket <id>] [--origin <origin>] [--timeout <ms>]
      Looks at a mount from outside, as a page would use it, and says what is right and what is not: that it is there, who
      one is, WebSockets of inbox and ticket, other origins, server-sent events, the console, clocks. It answers nothing and
      writes nothing; with --ticket it is connected to that ticket for a moment, which others there see. Ends with 1 if
      something is not as it has to be.
        --header    what to send along, such as a cookie of somebody who is signed in
        --ticket    a ticket of that person, to open its socket too
        --origin    the origin of the pages that connect; default: that of the address
        --timeout   how long each answer may take; default: 5000
`;

async function run(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
    process.stdout.write(usage);
    return command === undefined ? 2 : 0;
  }
  if (command !== 'charts' && command !== 'doctor') throw new UsageError(`There is no command ${command}`);
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  if (command === 'doctor') return doctorCommand(rest);
  return rest[0] === 'diff' ? diffCommand(rest.slice(1)) : chartsCommand(rest);
}

run(process.argv.slice(2))
  .catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      error instanceof UsageError ? `${message}\n\n${usage}` : `express-hitl: ${message}\n`,
    );
    return error instanceof UsageError ? 2 : 1;
  })
  .then((code) => {
    // A machine's file may have opened what holds the process alive; it ends once all output is written.
    process.stdout.write('', () => process.exit(code));
  });
