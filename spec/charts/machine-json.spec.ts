/** That the exported configuration is the machine: XState builds one from it that has the same chart. */
import { createMachine } from 'xstate';
import type { Chart } from '../../lib/charts/chart';
import { chartOf } from '../../lib/charts/chart-of';
import { machineJsonOf } from '../../lib/charts/machine-json';
import { guardText } from '../../lib/charts/wording';
import { charts } from './machines';

/** A chart in which combined guards are one name, as JSON has them. */
function flat(chart: Chart): unknown {
  return JSON.parse(JSON.stringify({ ...chart, combined: {} }), (key, value) =>
    key === 'guard' && !('name' in value) ? { name: guardText(value) } : value,
  );
}

test.each(charts)('XState builds the machine %s from its configuration', (_id, chart) => {
  const config = JSON.parse(machineJsonOf(chart)) as Parameters<typeof createMachine>[0];
  expect(chartOf(createMachine(config))).toEqual(flat(chart));
});
