/** Everything that is written about a set of machines, as names and texts; the command writes or checks it, an app may serve it. */
import type { Chart } from './chart';
import { indexPageOf } from './index-page';
import { isShorter, lifeOf } from './life';
import { machineJsonOf } from './machine-json';
import { mermaidOf } from './mermaid';
import { pageOf } from './page';
import { svgOf } from './svg';

/**
 * Per machine a page, a picture of its rules, one of its life where that is shorter, a Mermaid diagram and a configuration, and one `README.md` for all: texts by file name, the same for the
 * same machines everywhere and every time.
 * @throws Error when two machines have the same id, or ids that give the same file name
 */
export async function filesOf(charts: readonly Chart[]): Promise<Readonly<Record<string, string>>> {
  const machines = charts
    .map((chart) => ({ chart, stem: stemOf(chart.id) }))
    .sort((a, b) => (a.stem < b.stem ? -1 : 1));
  const files: Record<string, string> = { 'README.md': indexPageOf(machines) };
  for (const { chart, stem } of machines) {
    if (`${stem}.md` in files)
      throw new Error(`Two machines would be written to ${stem}.md; give each an id of its own`);
    const life = lifeOf(chart);
    const hasLife = isShorter(life, chart);
    files[`${stem}.md`] = pageOf(chart, stem, hasLife);
    if (hasLife) files[`${stem}.life.svg`] = await svgOf(life);
    files[`${stem}.svg`] = await svgOf(chart);
    files[`${stem}.mmd`] = mermaidOf(chart);
    files[`${stem}.machine.json`] = machineJsonOf(chart);
  }
  return files;
}

/** The name of a machine's files: its id in kebab case. */
export function stemOf(id: string): string {
  const kebab = id.replace(/([a-z0-9])([A-Z])/g, '$1-$2').replace(/[^A-Za-z0-9]+/g, '-');
  return kebab.toLowerCase().replace(/^-|-$/g, '') || 'machine';
}
