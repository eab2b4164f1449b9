/** What has to hold before a version is released; each check says in a sentence what is wrong and what to do. `run.ts` asks them. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface Release {
  /** The repository. */
  folder: string;
  /** As in `package.json`, without a `v`. */
  version: string;
  /** Where the tag is pushed to. @default 'origin' */
  remote: string;
  /** What the environment says of the place that the script runs in. */
  env: Readonly<Record<string, string | undefined>>;
}

export interface Check {
  name: string;
  /** What is wrong, or nothing. */
  run(release: Release): Promise<string | undefined>;
  /** Holds only where the release is published from, so that a dry run elsewhere goes on. */
  onlyInCi?: true;
}

interface Manifest {
  name: string;
  version: string;
  repository?: unknown;
  private?: boolean;
}

export const tagOf = ({ version }: Release) => `v${version}`;

export function manifest({ folder }: Release): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** The output of a command in the repository, trimmed. @throws Error if it fails */
async function output({ folder }: Release, program: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute(program, args, { cwd: folder });
  return stdout.trim();
}

const git = (release: Release, ...args: string[]) => output(release, 'git', ...args);

export const checks: readonly Check[] = [
  {
    name: 'version',
    async run(release) {
      if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/.test(release.version)) {
        return `"${release.version}" is no version; write one such as 1.2.3 or 1.2.3-rc.1`;
      }
      const { version, private: isPrivate } = manifest(release);
      if (isPrivate) return 'package.json says `private`, so that npm refuses to publish it';
      if (version !== release.version) {
        return `package.json says ${version}; commit \`npm version --no-git-tag-version ${release.version}\` first`;
      }
      return undefined;
    },
  },
  {
    name: 'clean tree',
    async run(release) {
      const changed = await git(release, 'status', '--porcelain');
      return changed === '' ? undefined : `commit or remove what is not committed:\n${changed}`;
    },
  },
  {
    name: 'changelog',
    async run(release) {
      const path = join(release.folder, 'CHANGELOG.md');
      const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
      const sections = text.split(/^## /m).slice(1);
      const entry = sections.find((section) => /^[^\s,]+/.exec(section)?.[0] === release.version);
      if (!entry) return `CHANGELOG.md has no heading "## ${release.version}, <date>"`;
      const [heading = '', ...lines] = entry.split('\n');
      if (!/^\S+, \d{4}-\d\d-\d\d$/.test(heading)) {
        return `the heading "## ${heading}" of CHANGELOG.md has no date; write "## ${release.version}, YYYY-MM-DD"`;
      }
      return lines.join('').trim() === '' ? `CHANGELOG.md says nothing of ${release.version}` : undefined;
    },
  },
  {
    name: 'tag',
    async run(release) {
      const tag = tagOf(release);
      if ((await git(release, 'tag', '--list', tag)) !== '') return `the tag ${tag} is taken`;
      const remotes = (await git(release, 'remote')).split('\n');
      if (!remotes.includes(release.remote)) return `there is no remote ${release.remote} to push ${tag} to`;
      const there = await git(release, 'ls-remote', '--tags', release.remote, `refs/tags/${tag}`);
      return there === '' ? undefined : `the tag ${tag} is taken at ${release.remote}`;
    },
  },
  {
    name: 'main',
    async run(release) {
      const remotes = (await git(release, 'remote')).split('\n');
      if (!remotes.includes(release.remote)) return undefined;
      const [there] = (await git(release, 'ls-remote', release.remote, 'refs/heads/main')).split('\t');
      const here = await git(release, 'rev-parse', 'HEAD');
      return there === here
        ? undefined
        : `HEAD is not what main is at ${release.remote}; push or pull it first`;
    },
  },
  {
    name: 'registry',
    async run(release) {
      const { name } = manifest(release);
      try {
        const found = await output(release, 'npm', 'view', `${name}@${release.version}`, 'version');
        return found === '' ? undefined : `${name}@${release.version} is published already`;
      } catch (error) {
        const { stderr = '' } = error as { stderr?: string };
        return stderr.includes('E404')
          ? undefined
          : `the registry cannot say whether it is published: ${stderr}`;
      }
    },
  },
  {
    name: 'repository',
    async run(release) {
      return manifest(release).repository
        ? undefined
        : 'package.json has no `repository`, with which npm compares the provenance';
    },
    onlyInCi: true,
  },
  {
    name: 'provenance',
    async run({ env }) {
      return env.ACTIONS_ID_TOKEN_REQUEST_URL || env.SIGSTORE_ID_TOKEN
        ? undefined
        : 'npm signs where a package was built only in GitHub Actions (`permissions: id-token: write`) or GitLab CI (`id_tokens: SIGSTORE_ID_TOKEN`)';
    },
    onlyInCi: true,
  },
];
