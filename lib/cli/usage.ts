/** What a command throws when it does not understand its arguments. */

/** The arguments make no sense; the message says which, and the usage is shown below it. */
export class UsageError extends Error {}

/**
 * What `read` makes of the arguments.
 * @throws UsageError for what Node's `parseArgs` refuses: an unknown option, a missing value
 */
export function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
