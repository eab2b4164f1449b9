/** Holds what `npm run release` checks, in a repository of its own with a remote and a registry; nothing is published. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checks, type Release } from '../../.ci/release/checks';
import { attempt, bin, root, run } from '../packaging/command';

jest.setTimeout(60_000);

let scratch: string;
let registry: Server;
let folder: string;
/** The versions that the registry has. */
let published: string[];

const manifest = {
  name: 'a-package-to-release',
  version: '1.2.3',
  license: 'MIT',
  type: 'commonjs',
  exports: { '.': { types: './index.d.ts', default: './index.js' } },
  repository: 'github:someone/a-package-to-release',
};

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const git = (...args: string[]) => run(folder, 'git', ...args);

async function commit(): Promise<void> {
  await git('add', '--all');
  await git('commit', '--quiet', '--allow-empty', '--message', 'x');
  await git('push', '--quiet', 'origin', 'HEAD:main');
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'express-hitl-release-spec-'));
  registry = createServer((_req, res) => {
    res.writeHead(published.length > 0 ? 200 : 404, { 'content-type': 'application/json' });
    const versions = Object.fromEntries(
      published.map((version) => [
        version,
        { ...manifest, version, dist: { tarball: 'http://localhost/x' } },
      ]),
    );
    res.end(JSON.stringify({ name: manifest.name, 'dist-tags': { latest: published[0] }, versions }));
  }).listen(0);
  await new Promise((resolve) => registry.once('listening', resolve));
});

afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await new Promise((resolve) => registry.close(resolve));
});

/** A repository from which a version can be released, but for provenance. */
beforeEach(async () => {
  published = [];
  const place = mkdtempSync(join(scratch, 'x-'));
  folder = join(place, 'here');
  mkdirSync(join(folder, '.ci'), { recursive: true });
  await run(place, 'git', 'init', '--quiet', '--bare', 'there');
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('config', 'user.name', 'Somebody');
  await git('config', 'user.email', 'somebody@example.com');
  await git('remote', 'add', 'origin', join(place, 'there'));
  write('package.json', JSON.stringify(manifest));
  write('.npmrc', `registry=http://localhost:${(registry.address() as AddressInfo).port}/\n`);
  write('index.js', 'exports.one = 1;\n');
  write('index.d.ts', 'export declare const one: number;\n');
  write('CHANGELOG.md', '# Changelog\n\n## 1.2.3, 2026-02-03\n\n- One.\n\n## 1.2.2, 2026-01-01\n\n- None.\n');
  write('.ci/run', 'echo the CI of the clone\n');
  chmodSync(join(folder, '.ci/run'), 0o755);
  await commit();
});

/** What a check finds wrong. */
function finding(name: string, given: Partial<Release> = {}): Promise<string | undefined> {
  const check = checks.find((each) => each.name === name);
  if (!check) throw new Error(`no check ${name}`);
  const env = { SIGSTORE_ID_TOKEN: 'x' };
  return check.run({ folder, version: '1.2.3', remote: 'origin', env, ...given });
}

const release = (...args: string[]) => attempt(folder, bin('tsx'), join(root, '.ci/release/run.ts'), ...args);

test.each(checks)('a repository that is ready has nothing wrong: $name', async ({ name }) => {
  expect(await finding(name)).toBeUndefined();
});

test("an older version that is published is in nobody's way", async () => {
  published = ['1.2.2'];
  expect(await finding('registry')).toBeUndefined();
});

describe('is refused:', () => {
  test.each<[what: string, check: string, said: RegExp, spoil: () => unknown, given?: Partial<Release>]>([
    ['what is no version', 'version', /"v1" is no version; write one such as/, () => {}, { version: 'v1' }],
    [
      'a version that package.json does not say',
      'version',
      /says 1\.2\.3; commit/,
      () => {},
      { version: '1.3.0' },
    ],
    [
      'a private package',
      'version',
      /`private`/,
      () => write('package.json', JSON.stringify({ ...manifest, private: true })),
    ],
    ['a file that is not committed', 'clean tree', /index\.js/, () => write('index.js', '')],
    ['a new file', 'clean tree', /new\.js/, () => write('new.js', '')],
    [
      'no entry in the changelog',
      'changelog',
      /no heading "## 1\.2\.3/,
      () => write('CHANGELOG.md', '# C\n'),
    ],
    [
      'an entry without a date',
      'changelog',
      /"## 1\.2\.3, unreleased" of CHANGELOG\.md has no date/,
      () => write('CHANGELOG.md', '## 1.2.3, unreleased\n\n- One.\n'),
    ],
    [
      'an empty entry',
      'changelog',
      /says nothing of 1\.2\.3/,
      () => write('CHANGELOG.md', '## 1.2.3, 2026-02-03\n\n## 1.2.2, 2026-02-02\n\n- Two.\n'),
    ],
    ['a tag that is here', 'tag', /v1\.2\.3 is taken$/, () => git('tag', 'v1.2.3')],
    [
      'a tag that is only at the remote',
      'tag',
      /v1\.2\.3 is taken at origin/,
      () => git('push', '--quiet', 'origin', 'HEAD:refs/tags/v1.2.3'),
    ],
    ['no remote', 'tag', /no remote elsewhere/, () => {}, { remote: 'elsewhere' }],
    [
      'a commit that main does not have',
      'main',
      /push or pull/,
      () => git('commit', '--quiet', '--allow-empty', '-m', 'x'),
    ],
    [
      'a version that is published',
      'registry',
      /1\.2\.3 is published already/,
      () => (published = ['1.2.3']),
    ],
    [
      'a manifest without a repository',
      'repository',
      /no `repository`/,
      () => write('package.json', JSON.stringify({ ...manifest, repository: undefined })),
    ],
    ['a place that npm does not sign for', 'provenance', /GitHub Actions/, () => {}, { env: {} }],
  ])(
    '%s',
    async (_what, check, said, spoil, given = {}) => {
      await spoil();
      expect(await finding(check, given)).toMatch(said);
    },
    60_000,
  );
});

test('a dry run packs a fresh clone after its CI, judges the tarball, and stops before the tag', async () => {
  const { code, stdout, stderr } = await release('1.2.3', '--dry-run');
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const steps = [
    'later   provenance: ',
    'the CI of the clone',
    '== npm pack',
    'publint',
    'attw',
    'No problems found',
  ];
  const places = steps.map((step) => stdout.indexOf(step));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  expect(stdout).toMatch(
    /would {3}git tag .*v1\.2\.3\nwould {3}npm publish .*\.tgz --provenance .*\nwould {3}git push origin refs\/tags\/v1\.2\.3\n$/,
  );
  expect(await git('tag')).toBe('');
}, 120_000);

test('CI that fails in the clone ends it, whatever lies in the folder', async () => {
  write('.ci/run', 'test -e only-here\n');
  write('.gitignore', 'only-here\n');
  await commit();
  write('only-here', '');
  const { code, stdout, stderr } = await release('1.2.3', '--dry-run');
  expect(code).toBe(1);
  expect(stderr).toContain('bash .ci/run ended with 1');
  expect(stdout).not.toContain('npm pack');
}, 60_000);

test('types that are wrong for `import` end it', async () => {
  write(
    'package.json',
    JSON.stringify({ ...manifest, exports: { '.': { types: './none.d.ts', default: './index.js' } } }),
  );
  await commit();
  const { code, stdout } = await release('1.2.3', '--dry-run');
  expect(code).toBe(1);
  expect(stdout).not.toContain('would ');
}, 120_000);

test('without a dry run, what holds only in CI has to hold, and nothing is tagged', async () => {
  const { code, stdout, stderr } = await release('1.2.3');
  expect([code, stderr]).toEqual([1, expect.stringContaining('nothing was released')]);
  expect(stdout).toContain('WRONG   provenance');
  expect(stdout).not.toContain('the CI of the clone');
  expect(await git('tag')).toBe('');
}, 60_000);

test('how it is called is said', async () => {
  expect(await release()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('npm run release -- <version>'),
  });
}, 60_000);
