/** Holds the page of renames: every moved option is on it, and every new name exists. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { movedOptions } from '../../lib/transport/express/moved-options';
import { codes, section, tableOf } from '../protocol/markdown';
import { page, root } from './pages';

const { rows } = tableOf(section(page('docs/upgrade.md'), '## Names'), 'Old');

/** All that the entries of the package declare, and the one option whose type none of them exports. */
const reports = [
  ...readdirSync(join(root, 'etc'))
    .filter((name) => name.endsWith('.api.md'))
    .map((name) => `etc/${name}`),
  'lib/transport/pages/charts/charts-router.ts',
]
  .map((path) => readFileSync(join(root, path), 'utf8'))
  .join('\n');

/** Whether the reports declare this name: a type, a function, a member, or a status. */
const isDeclared = (name: string) =>
  new RegExp(
    `^ *(?:readonly |static |get )*${name}\\??[(<:]|^export (?:class|const|function|interface|type) ${name}\\b|'${name}'`,
    'm',
  ).test(reports);

/** The text of a declared class or interface, with its members. */
const bodyOf = (name: string) =>
  new RegExp(`^export (?:class|interface) ${name}\\b[^]*?^}$`, 'm').exec(reports)?.[0] ?? '';

/** The declarations that the first words of a name stand for. */
const owners: Readonly<Record<string, string>> = {
  'auth.': 'AuthOptions',
  'rules.': 'RuleOptions',
  'limits.frames.': 'FrameLimits',
  'retention.log.': 'LogBounds',
  'turn.': 'Turn',
  'hub.requests.execution.': 'Executions',
  'hub.requests.': 'Requests',
  'hub.turns.': 'AppTurns',
  'hub.clients.': 'Clients',
  'hub.channels.': 'Channels',
  'hub.': 'Hub',
  'delivery.': 'Delivery',
  'hitl.': 'ExpressHitl',
  'testHub.': 'TestHub',
  'testClient.': 'TestClient',
};

/** Why a new name is not one of today. */
function whyUnknown(name: string): string | undefined {
  const words = name.replace(/^new /, '').split('.');
  const unknown = words.filter(
    (word) =>
      !['hub', 'hitl', 'turn', 'delivery', 'testHub', 'testClient'].includes(word) && !isDeclared(word),
  );
  if (unknown.length > 0) return `nothing is called ${unknown.join(', ')}`;
  const [prefix, owner] = Object.entries(owners).find(([each]) => name.startsWith(each)) ?? [];
  if (!prefix || !owner) return;
  const [member] = name.slice(prefix.length).split('.');
  if (new RegExp(`^    (?:readonly |get )*${member}\\??[(<:]`, 'm').test(bodyOf(owner))) return;
  return `${owner} has no ${member}`;
}

const names = rows.flatMap((row) => [
  ...codes(row.New ?? ''),
  ...codes(row['What else changes'] ?? '').filter((code) => /^(hub|turn|testClient)\.\w[\w.]*$/.test(code)),
]);

test('there are names', () => expect(names.length).toBeGreaterThan(60));

test.each(names)('a new name is declared: %s', (name) => expect(whyUnknown(name)).toBeUndefined());

test.each(Object.entries(movedOptions))(
  'the option %s is on the page, with the place of the error: %s',
  (old, place) => {
    const row = rows.find((each) => each.Old === `option \`${old}\``);
    const [name = ''] = /^[\w.]+/.exec(place) ?? [];
    expect(codes(row?.New ?? '')).toEqual([name]);
  },
);

test('no option is on the page that was never moved', () => {
  const options = rows.flatMap(({ Old = '' }) => /^option `(.+)`$/.exec(Old)?.[1] ?? []);
  expect(options.toSorted()).toEqual(Object.keys(movedOptions).toSorted());
});

test.each([
  ['hub.requests.respond', 'Requests has no respond'],
  ['hub.requests.advance', 'Requests has no advance'],
  ['turn.repond', 'nothing is called repond'],
])('a name that is not there is found: %s', (name, why) => expect(whyUnknown(name)).toBe(why));
