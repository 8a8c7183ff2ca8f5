/** A report's comparison goes on where a gate would have to stop. */
import { describe, expect, test } from 'vitest';
import { compareForReport } from '../../src/report/report-comparison.ts';
import type { HeaderRecord } from '../../src/results/record.ts';
import { run, variant } from '../results/fixtures.ts';
import { smallRun } from './report-inputs.ts';

const options = { baseline: null, gates: null, force: false };
const gate = { metric: 'connections.opened', margin: 0.05 };

function file(path: string, results: ReturnType<typeof smallRun>, header: Partial<HeaderRecord> = {}) {
  return { path, results: { ...results, header: { ...results.header, runId: path, ...header } } };
}

const small = file('small', smallRun());
const single = file(
  'single',
  run({ variants: [variant('only', {})], name: 'single' }, () => ({})),
);

describe('one run', () => {
  test('its variants are compared with its baseline', () => {
    const { comparison, apartBecause } = compareForReport([small], options);
    expect(apartBecause).toBeNull();
    expect(comparison.pairs.map(({ base, other }) => [base.variant, other.variant])).toEqual([['pool=1', 'pool=2']]);
    expect(comparison.gates).toEqual([]);
  });

  test('of one variant: nothing is compared, and the report says so', () => {
    const { comparison, apartBecause } = compareForReport([single], options);
    expect(apartBecause).toBeNull();
    expect(comparison.pairs).toEqual([]);
    expect(comparison.warnings).toHaveLength(1);
    expect(comparison.sources).toMatchObject([{ file: 'single', scenario: 'single', seed: 42, imported: false }]);
  });

  test('with gates that were asked for, nothing to compare is refused', () => {
    expect(() => compareForReport([single], { ...options, gates: [gate] })).toThrow(
      expect.objectContaining({ code: 'NOTHING_TO_COMPARE' }) as Error,
    );
  });

  test('gates of the scenario are judged; those that were asked for stand in their place', () => {
    const gated = file('gated', smallRun(), { gates: [gate] });
    expect(compareForReport([gated], options).comparison.gates.map(({ metric }) => metric)).toEqual([gate.metric]);
    const asked = { ...options, gates: [{ metric: 'latency.response.p50', margin: 0.1 }] };
    expect(compareForReport([gated], asked).comparison.gates.map(({ metric }) => metric)).toEqual([
      'latency.response.p50',
    ]);
  });

  test('a wrong baseline is a mistake', () => {
    expect(() => compareForReport([small], { ...options, baseline: 'pool=7' })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_VARIANT' }) as Error,
    );
  });
});

describe('several runs', () => {
  test('of one scenario are compared with each other', () => {
    const { comparison, apartBecause } = compareForReport([small, file('again', smallRun())], options);
    expect(apartBecause).toBeNull();
    expect(comparison.pairs.map(({ base, other }) => [base.source, other.source])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test('without a common variant each stands for itself, in the order given', () => {
    const { comparison, apartBecause } = compareForReport(
      [single, file('gated', smallRun(), { gates: [gate] })],
      options,
    );
    expect(apartBecause).toContain('no variant in common');
    expect(apartBecause).not.toContain('\n');
    expect(comparison.sources.map(({ file: path }) => path)).toEqual(['single', 'gated']);
    expect(comparison.pairs.map(({ name, base, other }) => [name, base.source, other.source])).toEqual([
      ['small: pool=2 against pool=1', 1, 1],
    ]);
    expect(comparison.gates.map(({ pair }) => pair)).toEqual(['small: pool=2 against pool=1']);
    expect(comparison.warnings[0]).toMatch(/^The files are not compared with each other, each stands for itself: /);
  });

  test('with other settings each stands for itself, unless forced; the reason is one line', () => {
    const variants = small.results.header.variants.map((of) => ({
      ...of,
      config: { ...of.config, load: { users: 7 } },
    }));
    const files = [small, file('other', smallRun(), { variants })];
    const { apartBecause } = compareForReport(files, options);
    expect(apartBecause).toMatch(/^small and other differ in more than what is compared: .*load/);
    expect(apartBecause).not.toContain('\n');
    expect(compareForReport(files, { ...options, force: true }).apartBecause).toBeNull();
    expect(() => compareForReport(files, { ...options, gates: [gate] })).toThrow(
      expect.objectContaining({ code: 'SCENARIOS_DIFFER' }) as Error,
    );
  });

  test('the same run twice is a mistake', () => {
    expect(() => compareForReport([small, small], options)).toThrow(
      expect.objectContaining({ code: 'SAME_RUN' }) as Error,
    );
  });
});
