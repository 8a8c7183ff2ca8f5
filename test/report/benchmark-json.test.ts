/** The two files of github-action-benchmark. */
import { expect, test } from 'vitest';
import { renderBenchmarkJson } from '../../src/report/benchmark-json.ts';
import { run, variant } from '../results/fixtures.ts';
import { emptyInput, hostileInput, reported, smallComparison, smallInput, smallRun } from './report-inputs.ts';

interface Entry {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly range: string;
  readonly extra: string;
}

function entriesOf(input: Parameters<typeof renderBenchmarkJson>[0]): { smaller: Entry[]; bigger: Entry[] } {
  const [smaller, bigger] = renderBenchmarkJson(input);
  expect([smaller!.name, bigger!.name]).toEqual(['smaller-is-better.json', 'bigger-is-better.json']);
  return { smaller: JSON.parse(smaller!.content) as Entry[], bigger: JSON.parse(bigger!.content) as Entry[] };
}

test('medians in units of a chart, each metric in the file of its direction', () => {
  const { smaller, bigger } = entriesOf(smallInput());
  // p99 of the two trials: the upper edges of the buckets of 800,000 and 900,000 ns, which are 512 wide.
  expect(smaller.slice(0, 4)).toEqual([
    {
      name: 'small / pool=1 / latency.response.p50',
      unit: 'ms',
      value: 0.200063,
      range: '0.200063 to 0.200063',
      extra: 'median of 2 trials',
    },
    {
      name: 'small / pool=1 / latency.response.p99',
      unit: 'ms',
      value: 0.850175,
      range: '0.800255 to 0.900095',
      extra: 'median of 2 trials',
    },
    {
      name: 'small / pool=1 / latency.response.p999',
      unit: 'ms',
      value: 0.850175,
      range: '0.800255 to 0.900095',
      extra: 'median of 2 trials',
    },
    {
      name: 'small / pool=1 / cpu.generator.perRequestUs',
      unit: 'us/request',
      value: 15.2,
      range: '15.2 to 15.2',
      extra: 'median of 2 trials',
    },
  ]);
  expect(bigger.slice(0, 3).map(({ name, unit, value }) => [name, unit, value])).toEqual([
    ['small / pool=1 / throughput.achievedPerSecond', 'requests/s', 200],
    ['small / pool=1 / connections.requestsPerConnection.mean', 'requests/connection', 3000],
    ['small / pool=1 / connections.reuseRatio', 'ratio', 0.999666667],
  ]);
  // The second trial of pool=2 is invalid.
  expect(smaller.find(({ name }) => name === 'small / pool=2 / connections.opened')).toMatchObject({
    value: 2,
    unit: 'connections',
    extra: 'median of 1 trial',
  });
});

test('figures that could not be had, and those of variants without a valid trial, are left out', () => {
  const results = run({ variants: [variant('a', {}), variant('b', {})] }, (name) => ({
    serverFds: null,
    overrides: { valid: name === 'a' },
  }));
  const { smaller } = entriesOf({ runs: [reported(results)], comparison: smallComparison() });
  expect(smaller.map(({ name }) => name.split(' / ')[1])).not.toContain('b');
  expect(smaller.map(({ name }) => name.split(' / ')[2])).not.toContain('fds.server.peak');
  expect(smaller.map(({ name }) => name.split(' / ')[2])).toContain('fds.client.peak');
});

test('names are different and do not depend on run ids', () => {
  const { smaller } = entriesOf(smallInput({ runs: [reported(smallRun()), reported(smallRun())] }));
  const names = smaller.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('small #2 / pool=1 / latency.response.p50');
  expect(names.join()).not.toContain('k3v9xq');
});

test('hostile names hold no control character, and nothing finished gives empty lists', () => {
  const { smaller } = entriesOf(hostileInput());
  for (const { name } of smaller) expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
  expect(entriesOf(emptyInput())).toEqual({ smaller: [], bigger: [] });
});
