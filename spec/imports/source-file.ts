/** What one TypeScript file reaches for, read from its syntax tree; used by the import rules. */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { parseSync } from '@swc/core';

/** A file of ours and everything outside itself that it names. Paths are relative to the repository, with `/`. */
export interface SourceFile {
  path: string;
  /** Files of ours, as `lib/store/store.ts`; type-only, dynamic and required ones as well. */
  files: readonly string[];
  /** Packages (`zod`, without a subpath) and Node's own modules (always with `node:`). */
  packages: readonly string[];
  /** Global names used as values: `JSON`, `Date.now`, `new Date()`; names that are only types do not count. */
  globals: readonly string[];
}

/** Packages that are Node's own even when written without `node:`. */
const builtins: ReadonlySet<string> = new Set(builtinModules);

/** The part of a syntax tree that is looked at; swc's own types do not describe a node of unknown kind. */
type Tree = { readonly [key: string]: unknown };

/**
 * Parses one file.
 * @param exists says whether a path is a file of ours, so that `./x` finds `x.ts` or `x/index.ts`
 * @throws Error for a file that does not parse, a relative import of nothing, or an import of a computed name
 */
export function readSourceFile(path: string, text: string, exists: (path: string) => boolean): SourceFile {
  const specifiers = new Set<string>();
  const globals = new Set<string>();
  const module = parseSync(text, { syntax: 'typescript', tsx: path.endsWith('.tsx'), target: 'es2023' });
  walk(module, false, path, specifiers, globals);
  const all = [...specifiers];
  // A style sheet reaches for nothing.
  const relative = all.filter((name) => name.startsWith('.') && !name.endsWith('.css'));
  return {
    path,
    files: relative.map((name) => resolve(path, name, exists)),
    packages: all.filter((name) => !name.startsWith('.')).map(packageOf),
    globals: [...globals],
  };
}

function walk(
  value: unknown,
  inType: boolean,
  path: string,
  specifiers: Set<string>,
  globals: Set<string>,
): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, inType, path, specifiers, globals);
    return;
  }
  if (!isTree(value)) return;
  const specifier = specifierOf(value);
  if (specifier) {
    if (!isTree(specifier) || specifier.type !== 'StringLiteral')
      throw new Error(`${path}: imports a computed name`);
    specifiers.add(String(specifier.value));
  }
  const typeOnly = inType || /^Ts(Type|Interface|ExpressionWithTypeArguments)/.test(String(value.type));
  if (!typeOnly) for (const name of globalsOf(value)) globals.add(name);
  for (const child of Object.values(value)) walk(child, typeOnly, path, specifiers, globals);
}

/** The string node of whatever way this node has of naming another module. */
function specifierOf(node: Tree): unknown {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return node.source;
    case 'TsExternalModuleReference':
      return node.expression;
    case 'TsImportType':
      return node.argument;
    case 'CallExpression': {
      const loads =
        isTree(node.callee) && (node.callee.type === 'Import' || isGlobal(node.callee, 'require'));
      return loads && Array.isArray(node.arguments) ? node.arguments[0].expression : undefined;
    }
  }
}

function globalsOf(node: Tree): string[] {
  if (node.type === 'Identifier') return isGlobal(node) ? [String(node.value)] : [];
  if (
    node.type === 'MemberExpression' &&
    isTree(node.object) &&
    isTree(node.property) &&
    isGlobal(node.object)
  ) {
    return [`${node.object.value}.${node.property.value}`];
  }
  if (node.type === 'NewExpression' && isTree(node.callee) && isGlobal(node.callee)) {
    const bare = !Array.isArray(node.arguments) || node.arguments.length === 0;
    return bare ? [`new ${node.callee.value}()`] : [];
  }
  return [];
}

/** swc marks a name that no scope of the file declares with syntax context 1. */
function isGlobal(node: Tree, name = node.value): boolean {
  return node.type === 'Identifier' && node.ctxt === 1 && node.value === name;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

function resolve(from: string, name: string, exists: (path: string) => boolean): string {
  const base = posix.join(posix.dirname(from), name);
  const found = [`${base}.ts`, `${base}.tsx`, `${base}/index.ts`, base].find(exists);
  if (!found) throw new Error(`${from}: imports ${name}, which is no file`);
  return found;
}

function packageOf(name: string): string {
  if (name.startsWith('node:')) return name;
  if (builtins.has(name)) return `node:${name}`;
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}
