/** Prints, as `tsc --pretty false` does, what a TypeScript with an API in JavaScript has against a project, but looks into no file of another package; the compilers spec runs it as a process: `own-errors.js <typescript> <tsconfig.json>`. */
const { dirname } = require('node:path');

const [, , compiler, project] = process.argv;
const ts = require(compiler);

const parsed = ts.parseJsonConfigFileContent(
  ts.readConfigFile(project, ts.sys.readFile).config,
  ts.sys,
  dirname(project),
);
const program = ts.createProgram(parsed.fileNames, parsed.options);
const own = program.getSourceFiles().filter(({ fileName }) => !fileName.includes('/node_modules/'));
const found = [
  ...parsed.errors,
  ...program.getOptionsDiagnostics(),
  ...program.getGlobalDiagnostics(),
  ...own.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]),
];
const host = {
  getCurrentDirectory: () => process.cwd(),
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
};
process.stdout.write(ts.formatDiagnostics(found, host));
process.exitCode = found.length === 0 ? 0 : 1;
