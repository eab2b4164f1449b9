/** One command run to its end; the packaging specs judge by whether it succeeds and by what it says. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** The repository. */
export const root = join(__dirname, '..', '..');

/** How a program ended. `code` is the name of the system's error where it could not even be started. */
export interface Ended {
  code: number | string;
  stdout: string;
  stderr: string;
}

/** Runs a program without a shell; ends well whatever becomes of it. */
export function attempt(cwd: string, program: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.message) : 0, stdout, stderr });
    });
  });
}

/**
 * The same for a program that has to succeed; gives what it wrote to standard output.
 * @throws Error with everything it said, if it ends with anything but 0
 */
export async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await attempt(cwd, program, ...args);
  if (code !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

/** A program of one of our development dependencies. */
export function bin(name: string): string {
  return join(root, 'node_modules', '.bin', name);
}
