/** The public surface of every entry of the package, made from its declarations; `npm run api` and the type specs use it. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  type ExtractorLogLevel,
  type ExtractorMessage,
  type IConfigFile,
} from '@microsoft/api-extractor';
import { exports as targets } from '../../package.json';
import { bin, root, run } from '../packaging/command';

/** An entry that has types: `react/parts` in `dist/parts/index.d.ts`; the main one is named `index`. */
export interface Entry {
  name: string;
  types: string;
}

/**
 * A type that an exported signature uses, and that neither its entry nor one whose types it may use exports. A value does not
 * count: what a type is inferred from, a schema for example, is not written down by whoever uses the type.
 */
export interface Forgotten {
  name: string;
  /** The module of `lib` that uses it. */
  file: string;
}

/** What became of the report of one entry. */
export interface Outcome {
  entry: Entry;
  /** The reviewed one, as a path from the repository. */
  report: string;
  /** It differs from the reviewed one. */
  changed: boolean;
  forgotten: Forgotten[];
  /** Whatever else api-extractor found wrong. */
  errors: string[];
}

export const entries: readonly Entry[] = Object.entries(targets).flatMap(([path, target]) => {
  if (typeof target === 'string') return [];
  const types = 'types' in target ? target.types : target.require.types;
  return [{ name: path === '.' ? 'index' : path.slice(2), types: types.slice(2) }];
});

/**
 * A folder in the shape of the installed package without its code: `package.json`, the declarations in `dist`, and
 * what the package depends on. Whoever asks for it removes it.
 */
export async function declarations(): Promise<{ folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'express-hitl-types-'));
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  // What is wrong in the code itself is for `npm run typecheck` and the build to say; here it would take half of the time.
  const emit = ['--emitDeclarationOnly', '--noCheck', '--sourceMap', 'false', '--inlineSources', 'false'];
  await run(root, bin('tsc'), '-p', 'tsconfig.build.json', ...emit, '--outDir', join(folder, 'dist'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Compares the report of every entry with the reviewed one.
 * @param folder what `declarations` made
 * @param reports where the reviewed ones are, as `react-parts.api.md`
 * @param write replaces those that changed
 */
export function compareReports(folder: string, reports: string, write: boolean): Outcome[] {
  const configs = entries.map((entry) => configOf(folder, entry, reports));
  const [first] = configs;
  if (!first) return [];
  // One program for all of them: reading the declarations takes longer than the reports.
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: configs.map((config) => config.mainEntryPointFilePath),
  });
  const values = valuesIn(join(folder, 'dist'));
  const outcomes = entries.map((entry, nth) => {
    const report = relative(root, join(reports, `${fileOf(entry)}.api.md`));
    const outcome: Outcome = { entry, report, changed: false, forgotten: [], errors: [] };
    const messageCallback = (message: ExtractorMessage) => {
      message.handled = true;
      const [, name] = /^The symbol "(.+?)" needs to be exported/.exec(message.text) ?? [];
      if (message.messageId === 'ae-forgotten-export' && name) {
        outcome.forgotten.push({ name, file: relative(join(folder, 'dist'), message.sourceFilePath ?? '') });
      } else if (message.logLevel === 'error') {
        outcome.errors.push(message.text);
      }
    };
    const config = configs[nth] as ExtractorConfig;
    const result = Extractor.invoke(config, { localBuild: write, compilerState, messageCallback });
    outcome.changed = result.apiReportChanged;
    return outcome;
  });
  const names = publicNames(join(folder, 'fresh'));
  return outcomes.map(({ forgotten, ...outcome }) => {
    const lent = (lenders[outcome.entry.name] ?? []).map((lender) => names.get(lender));
    // Of two types of one name api-extractor numbers the second.
    const isPublic = ({ name }: Forgotten) => lent.some((their) => their?.has(name.replace(/_\d+$/, '')));
    return { ...outcome, forgotten: forgotten.filter((each) => !values.has(each.name) && !isPublic(each)) };
  });
}

/** The entries whose exported types the signatures of an entry may have: an app that uses it has those too. */
const lenders: Readonly<Record<string, readonly string[]>> = {
  index: ['store'],
  store: ['index'],
  'store-contract': ['store'],
  testing: ['index', 'store'],
  react: ['client'],
  'react/parts': ['client', 'react'],
};

/** The names that the reports have, by entry. */
function publicNames(reports: string): ReadonlyMap<string, ReadonlySet<string>> {
  const declared = /^export (?:declare )?(?:abstract )?(?:class|const|enum|function|interface|type) (\w+)/gm;
  const listed = /^export \{ (?:\w+ as )?(\w+) \}/gm;
  return new Map(
    entries.map((entry) => {
      const file = join(reports, `${fileOf(entry)}.api.md`);
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      const names = [declared, listed].flatMap((form) =>
        [...text.matchAll(form)].map(([, name]) => name ?? ''),
      );
      return [entry.name, new Set(names)];
    }),
  );
}

/** The names of all values that the declarations in a folder have. */
function valuesIn(folder: string): ReadonlySet<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.d.ts'),
  );
  const texts = files.map((name) => readFileSync(join(folder, name), 'utf8'));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/declare const (\w+)/g)].map(([, name]) => name ?? '')),
  );
}

/** `react-parts`, for `react/parts`. */
const fileOf = ({ name }: Entry) => name.replaceAll('/', '-');

function configOf(folder: string, entry: Entry, reports: string): ExtractorConfig {
  const level = (logLevel: `${ExtractorLogLevel}`) => ({ logLevel: logLevel as ExtractorLogLevel });
  const file = join(folder, entry.types);
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
  };
  const configObject: IConfigFile = {
    projectFolder: folder,
    mainEntryPointFilePath: file,
    compiler: { overrideTsconfig: { compilerOptions, files: [file] } },
    apiReport: {
      enabled: true,
      reportFolder: reports,
      reportTempFolder: join(folder, 'fresh'),
      reportFileName: fileOf(entry),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: 'lf',
    messages: {
      // Nothing here is tagged @public or @internal: what an entry exports is public.
      extractorMessageReporting: { default: level('warning'), 'ae-missing-release-tag': level('none') },
      tsdocMessageReporting: { default: level('none') },
    },
  };
  const packageJsonFullPath = join(folder, 'package.json');
  return ExtractorConfig.prepare({ configObject, configObjectFullPath: undefined, packageJsonFullPath });
}
