/** The machine and the versions that figures depend on, in one line; the runners print and note it. */
import { cpus, totalmem } from 'node:os';

/** No names of machines. */
export function machineLine(): string {
  const version = (name: string): string => require(`${name}/package.json`).version;
  const versions = ['ws', 'better-sqlite3', 'xstate'].map((name) => `${name} ${version(name)}`);
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const { platform, arch } = process;
  return [
    `Node ${process.version}`,
    ...versions,
    platform,
    arch,
    `${cpus().length} cores, ${gigabytes} GB`,
  ].join(', ');
}
