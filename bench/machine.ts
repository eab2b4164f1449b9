/** On what and of what the figures are: the machine and the versions, for the report. */
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

export interface Machine {
  cpu: string;
  cores: number;
  memory: string;
  system: string;
  /** Load average of the last minute when the run began: what others do on the machine. */
  load: number;
  versions: Record<string, string>;
}

const packages = [
  'ws',
  'express',
  'express-ws',
  'socket.io',
  'better-sqlite3',
  'xstate',
  'bun',
  '@langchain/langgraph',
];

export function machine(): Machine {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${type()} ${release().split('-')[0]}`,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    versions: { node: process.versions.node, ...Object.fromEntries(packages.flatMap(versionOf)) },
  };
}

function versionOf(name: string): [string, string][] {
  const places = [join(__dirname, '../node_modules'), join(__dirname, 'node_modules')];
  const file = places.map((place) => join(place, name, 'package.json')).find(existsSync);
  return file ? [[name, JSON.parse(readFileSync(file, 'utf8')).version]] : [];
}
