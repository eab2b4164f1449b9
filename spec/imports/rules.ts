/** The one-way order of the rooms below `lib/` as tables, and the check of a set of files against them. */
import type { SourceFile } from './source-file';

/** What the files of one room may reach for; a room's own files are always allowed. */
interface Room {
  /** Beginnings of paths below `lib/`; a room ends with `/`, a single file is named without its extension. */
  files: readonly string[];
  /** Packages and Node's modules that may be imported here and nowhere unlisted; default: any that no rule reserves. */
  packages?: readonly string[];
}

const everything = [''];
/** What every room of the hub stands on. */
const decided = ['store/store', 'actors/', 'protocol/', 'errors'];

/** Every room, lowest first. A file below `lib/` that is in none of them is an error: name its room here first. */
export const rooms: Readonly<Record<string, Room>> = {
  // Of the view the type alone: what the details of a refusal hold.
  errors: { files: ['protocol/request-view'], packages: [] },
  'protocol/': { files: ['errors'], packages: ['zod', '@streamparser/json'] },
  'actors/': { files: ['protocol/', 'errors'], packages: ['xstate'] },
  // Private parts of libraries, so that there is one place to look when a release of one changes them.
  'insides/': { files: ['protocol/', 'errors'], packages: ['ws', 'xstate'] },
  'store/commit': { files: ['protocol/', 'errors'], packages: [] },
  'store/store': { files: ['store/commit', 'protocol/', 'errors'], packages: [] },
  'store/shared/': { files: ['store/store', 'protocol/', 'errors'] },
  'store/memory/': { files: ['store/store', 'store/shared/', 'protocol/', 'errors'] },
  'store/sqlite/': { files: ['store/store', 'store/shared/', 'protocol/', 'errors'] },
  // What is published for stores that others write.
  'store/index': { files: ['store/store', 'store/shared/', 'protocol/', 'errors'], packages: [] },
  'store/contract/': { files: ['store/store', 'store/shared/', 'actors/answerers', 'protocol/', 'errors'] },
  'bus/': { files: ['protocol/', 'errors'] },
  // The rooms of the hub, each on those before it.
  'hub/options/': { files: ['protocol/', 'errors'] },
  'hub/commit/': { files: ['hub/options/', ...decided, 'insides/'] },
  'hub/kinds/': { files: ['hub/options/', ...decided] },
  'hub/tickets/': { files: ['hub/kinds/app-types', 'hub/commit/', 'hub/options/', ...decided, 'insides/'] },
  'hub/requests/': {
    files: ['hub/tickets/', 'hub/kinds/', 'hub/commit/', 'hub/options/', ...decided, 'insides/'],
  },
  'hub/turns/': {
    files: [
      'hub/requests/',
      'hub/tickets/',
      'hub/kinds/',
      'hub/commit/',
      'hub/options/',
      ...['store/shared/limits', 'store/shared/turns'],
      ...decided,
    ],
  },
  'hub/tools/': {
    files: ['hub/turns/', 'hub/requests/', 'hub/kinds/', 'hub/commit/', 'hub/options/', ...decided],
  },
  'hub/inbox/': {
    files: [
      ...['hub/requests/outcome', 'hub/tickets/', 'hub/kinds/', 'hub/commit/', 'hub/options/'],
      ...['store/shared/inbox-lists', ...decided],
    ],
  },
  'hub/outbox/': { files: ['hub/requests/', 'hub/kinds/', 'hub/commit/', 'hub/options/', ...decided] },
  'hub/': { files: ['hub/', 'bus/bus', ...decided] },
  'channels/': { files: ['hub/outbox/channel', 'hub/options/', 'protocol/', 'errors'] },
  'charts/': { files: ['actors/', 'insides/', 'protocol/', 'errors'] },
  'cli/': { files: ['charts/', 'protocol/', 'errors'] },
  'transport/core/': { files: ['hub/', 'store/store', 'insides/', 'protocol/', 'errors'] },
  'transport/rest/': {
    files: ['transport/core/', 'hub/', 'store/store', 'store/shared/limits', 'protocol/', 'errors'],
  },
  'transport/documents/': { files: ['transport/rest/', 'hub/', 'protocol/', 'errors'] },
  'transport/pages/': {
    files: ['transport/core/', 'hub/', 'charts/', 'store/store', 'actors/', 'protocol/', 'errors'],
  },
  'transport/express/': {
    files: ['transport/', 'channels/', 'hub/', 'store/', 'insides/', 'protocol/', 'errors'],
  },
  'client/': { files: ['protocol/', 'errors'] },
  // Of the client only what everybody gets: the two are bundled apart, and an app that has both has the client once.
  'react/': { files: ['client/index'], packages: ['react'] },
  'parts/': { files: ['react/', 'client/', 'protocol/', 'errors'] },
  'console/': { files: ['parts/', 'react/', 'client/', 'protocol/', 'errors'] },
  'testing/': { files: everything },
  index: { files: everything },
};

/** Rooms whose packages are built into what ships, so that users need not install them. */
export const bundled: readonly string[] = ['parts/', 'console/'];

/** Packages that only some files may know, so that each can be replaced in one place. Paths as in `Room.files`. */
export const reserved: Readonly<Record<string, readonly string[]>> = {
  express: ['transport/express/', 'transport/rest/', 'transport/pages/', 'transport/documents/', 'testing/'],
  'express-ws': ['transport/express/', 'testing/'],
  ws: ['transport/express/', 'insides/', 'cli/doctor/', 'testing/'],
  'better-sqlite3': ['store/sqlite/'],
  elkjs: ['charts/layout'],
  react: ['react/', 'parts/', 'console/'],
  'react-dom': ['console/'],
};

/** Globals that only some files may use as a value. */
export const reservedGlobals: Readonly<Record<string, readonly string[]>> = {
  // These write no frame: `protocol/unknown-field` quotes a name in a refusal, `protocol/canonical-json` makes the text that
  // digests and comparisons are defined on, `hub/kinds/json-text` and `hub/kinds/kinds` copy what is asked, answered and recorded, and
  // `charts/implementations` prints what a machine holds into a picture; the doctor reads what it is answered.
  JSON: [
    'protocol/codec',
    'protocol/canonical-json',
    'protocol/exact-json',
    'protocol/unknown-field',
    'store/',
    'hub/kinds/json-text',
    'hub/kinds/kinds',
    'charts/',
    'cli/doctor/',
    'client/',
    'react/',
    'parts/',
    'console/',
    'testing/',
  ],
};

/** Globals that the files of a room may not use, since they are a clock, a timer, chance or something to wait for. */
export const forbiddenGlobals: Readonly<Record<string, readonly string[]>> = {
  'actors/': [
    'Date.now',
    'new Date()',
    'performance',
    'Math.random',
    'crypto',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'Promise',
    'process',
    'fetch',
    'console',
  ],
  'protocol/': ['process', 'Buffer', 'setImmediate', 'console'],
};

/** Everything in these files that breaks a rule or closes a circle, one sentence each; empty when all is well. */
export function violations(files: readonly SourceFile[]): string[] {
  return [...files.flatMap(violationsOf), ...cycles(files)];
}

function violationsOf(file: SourceFile): string[] {
  const own = inLib(file.path);
  const entry = Object.entries(rooms).find(([name]) => isIn(own, name));
  if (!entry) return [`${file.path} is in no room`];
  const [name, room] = entry;
  const found: string[] = [];
  for (const target of file.files) {
    if (!target.startsWith('lib/')) found.push(`${file.path} imports ${target}, outside lib`);
    else if (!isIn(inLib(target), name) && !room.files.some((allowed) => isIn(inLib(target), allowed))) {
      found.push(`${file.path} imports ${target}: ${name} may not`);
    }
  }
  for (const target of file.packages) {
    const holders = reserved[target];
    if (
      (room.packages && !room.packages.includes(target)) ||
      (holders && !holders.some((at) => isIn(own, at)))
    ) {
      found.push(`${file.path} imports ${target}: ${name} may not`);
    }
  }
  for (const used of file.globals) {
    const holders = reservedGlobals[used];
    if (forbiddenGlobals[name]?.includes(used) || (holders && !holders.some((at) => isIn(own, at)))) {
      found.push(`${file.path} uses ${used}: ${name} may not`);
    }
  }
  return found;
}

function inLib(path: string): string {
  return path.replace(/^lib\//, '').replace(/\.tsx?$/, '');
}

/** A room by its `/`, or one file by its name. */
function isIn(path: string, place: string): boolean {
  return place === '' || (place.endsWith('/') ? path.startsWith(place) : path === place);
}

/** One sentence per circle found; type-only imports count, since a circle of types is still two files that are one. */
function cycles(files: readonly SourceFile[]): string[] {
  const imports = new Map(files.map((file) => [file.path, file.files]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`circle: ${[...trail.slice(start), path].join(' -> ')}`);
    if (start >= 0 || done.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}
