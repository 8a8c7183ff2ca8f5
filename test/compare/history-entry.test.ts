/** A run as a line of the history. */
import { describe, expect, test } from 'vitest';
import { historyEntry, type HistoryEntryOptions } from '../../src/compare/history-entry.ts';
import { historyEntrySchema } from '../../src/results/history.ts';
import { footer, run, variant, type RunChoice, type TrialChoice } from '../results/fixtures.ts';

const variants = [
  variant('size=1', { size: '1' }),
  variant('size=8', { size: '8' }),
  variant('size=32', { size: '32' }),
];
const options: HistoryEntryOptions = { label: 'abc123', control: null, metrics: [], configHash: 'f'.repeat(64) };

function entryOf(
  choose: (name: string, block: number) => TrialChoice,
  choice: Partial<RunChoice> = {},
  changed: Partial<HistoryEntryOptions> = {},
) {
  const results = run({ variants, blocks: 8, baseline: { size: '32' }, ...choice }, choose);
  return historyEntry({ path: 'run.ndjson', results }, { ...options, ...changed });
}

function figures(entry: ReturnType<typeof entryOf>, name: string) {
  return entry.variants.find((one) => one.name === name)!.figures;
}

/** Block by block the CPU of size=8 is 2, 2.1 ... 2.7 times that of the control, which drifts. */
const drifting = (name: string, block: number): TrialChoice => {
  const drift = 10 * (1 + block);
  return { clientCpuUs: name === 'size=8' ? drift * (2 + block / 10) : drift };
};

describe('historyEntry', () => {
  test('says what was run, and fits the schema', () => {
    const entry = entryOf(() => ({}));
    expect(historyEntrySchema.parse(entry)).toEqual(entry);
    expect(entry).toMatchObject({
      runId: 'k3v9xq',
      startedAt: '2026-11-22T00:49:58.123Z',
      label: 'abc123',
      scenario: 'default',
      configHash: 'f'.repeat(64),
      host: { cpuModel: 'Intel(R) Xeon(R)', cores: 2, arch: 'x64', kernel: '6.18.0', node: 'v20.20.2' },
      seed: 42,
      blocks: 8,
    });
    expect(entry.variants.map(({ name, control }) => [name, control])).toEqual([
      ['size=1', 'size=32'],
      ['size=8', 'size=32'],
      ['size=32', null],
    ]);
  });

  test('takes the ratio block by block, so that drift cancels', () => {
    const figure = figures(entryOf(drifting), 'size=8')['cpu.generator.perRequestUs']!;
    // 20, 42, 66, 92, 120, 150, 182, 216: the median is (92 + 120) / 2.
    expect(figure.median).toBe(106);
    expect(figure.n).toBe(8);
    // Ratios 2, 2.1 ... 2.7. Sorted, the 18th and 19th of their 36 geometric Walsh averages are sqrt(2.1 2.6) and sqrt(2.2 2.5);
    // at n = 8 the largest rejected sum is 3, so that the interval goes from the 4th lowest (2, sqrt(2 2.1), sqrt(2 2.2), 2.1) to
    // the 4th highest (2.7, sqrt(2.7 2.6), 2.6, sqrt(2.7 2.5)).
    expect(figure.ratio!.estimate).toBeCloseTo(Math.sqrt(Math.sqrt(2.1 * 2.6 * 2.2 * 2.5)), 5);
    expect(figure.ratio!.interval!.low).toBeCloseTo(2.1, 5);
    expect(figure.ratio!.interval!.high).toBeCloseTo(Math.sqrt(2.7 * 2.5), 5);
    expect(figure.ratio!.blocks).toBe(8);
  });

  test('has no ratio for the control, and none of a figure that is zero', () => {
    const entry = entryOf(drifting);
    expect(figures(entry, 'size=32')['cpu.generator.perRequestUs']).toEqual({ median: 45, n: 8, ratio: null });
    expect(figures(entry, 'size=8')['timeWait.client.entered']).toEqual({ median: 0, n: 8, ratio: null });
  });

  test('leaves out what no trial has', () => {
    expect(
      Object.keys(
        figures(
          entryOf(() => ({})),
          'size=8',
        ),
      ),
    ).not.toContain('link.packetsPerRequest');
  });

  test('uses valid trials only, on either side', () => {
    const entry = entryOf((name, block) => ({
      ...drifting(name, block),
      overrides: { valid: !(name === 'size=8' && block < 2) && !(name === 'size=32' && block === 7) },
    }));
    const { trials, validTrials } = entry.variants[1]!;
    expect([trials, validTrials]).toEqual([8, 6]);
    // Blocks 2 to 6 have both: ratios 2.2 to 2.6, whose middle Walsh average is 2.4 itself; five blocks have no interval.
    expect(figures(entry, 'size=8')['cpu.generator.perRequestUs']).toMatchObject({
      n: 6,
      ratio: { blocks: 5, interval: null },
    });
  });

  test('keeps further metrics', () => {
    const entry = entryOf(() => ({}), {}, { metrics: ['latency.response.p90', 'latency.response.p50'] });
    expect(figures(entry, 'size=8')['latency.response.p90']!.n).toBe(8);
  });

  test('rounds to six digits', () => {
    const entry = entryOf((name) => ({ clientCpuUs: name === 'size=8' ? 20 / 3 : 7 }));
    expect(figures(entry, 'size=8')['cpu.generator.perRequestUs']).toMatchObject({
      median: 6.66667,
      ratio: { estimate: 0.952381 },
    });
  });
});

describe('the control', () => {
  test('is the counterpart of each variant where the baseline names some axes only', () => {
    const crossed = ['a', 'b'].flatMap((load) =>
      ['1', '2'].map((size) => variant(`size=${size} load=${load}`, { size, load })),
    );
    const entry = entryOf(() => ({}), { variants: crossed, baseline: { size: '1' } });
    expect(entry.variants.map(({ control }) => control)).toEqual([null, 'size=1 load=a', null, 'size=1 load=b']);
  });

  test('may be another than the baseline', () => {
    const entry = entryOf(() => ({}), {}, { control: 'size=1' });
    expect(entry.variants.map(({ control }) => control)).toEqual([null, 'size=1', 'size=1']);
  });

  test('is absent without a baseline', () => {
    expect(entryOf(() => ({}), { baseline: null }).variants.map(({ control }) => control)).toEqual([null, null, null]);
  });

  test('must be a variant', () => {
    expect(() => entryOf(() => ({}), {}, { control: 'size=64' })).toThrow('--control: "64" is not an alternative');
    expect(() => entryOf(() => ({}), {}, { control: 'sice=8' })).toThrow('did you mean "size"?');
  });
});

describe('refuses', () => {
  const results = run({ variants, blocks: 1 }, () => ({}));

  test.each([
    ['that was killed', { ...results, footer: null }],
    ['that was interrupted', { ...results, footer: { ...footer, interrupted: true } }],
  ])('a run %s', (_, unfinished) => {
    expect(() => historyEntry({ path: 'run.ndjson', results: unfinished }, options)).toThrow(
      'run.ndjson holds a run that did not end',
    );
  });

  test('a run of another program', () => {
    const header = { ...results.header, imported: { tool: 'wrk2', file: 'old.txt' } };
    expect(() => historyEntry({ path: 'run.ndjson', results: { ...results, header } }, options)).toThrow(
      'run.ndjson was imported from wrk2',
    );
  });
});
