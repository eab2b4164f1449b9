/** The few questions that the command asks git. */
import { execFileSync } from 'node:child_process';

/** The paths that a listing of git's names, of a command that knows `-z`. */
export function gitPaths([command = '', ...args]: readonly string[], cwd: string): string[] {
  return git([command, '-z', ...args], { cwd })
    .join('\n')
    .split('\0')
    .filter((path) => path !== '');
}

/**
 * What git answers, line by line.
 * @throws Error with what git said, or that it is not there
 */
export function git(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): string[] {
  try {
    const said = execFileSync('git', args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 2 ** 28,
    });
    return said.split('\n').filter((line) => line !== '');
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(
      said ? `git ${args[0]}: ${said}` : 'git could not be run; name the files, or install it',
      { cause: error },
    );
  }
}
