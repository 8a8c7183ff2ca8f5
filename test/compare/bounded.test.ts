/** Lower bounds in comparisons: read as such, shown, and never compared as values. */
import { describe, expect, it } from 'vitest';
import { compareOverBlocks } from '../../src/compare/blocks.ts';
import { boundedMedian } from '../../src/compare/bounded.ts';
import { judgeClaims } from '../../src/compare/claims.ts';
import { historyEntry } from '../../src/compare/history-entry.ts';
import { readMetric } from '../../src/compare/metric.ts';
import type { ExpectationRecord } from '../../src/results/run-plan.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { withCensored } from '../results/unanswered-fixture.ts';
import { compare, metricOf, runOf, type Results } from './runs.ts';

/** 20,000 answered, p50 1000 ns and p99 2000 ns. 300 given up after 1500 ns: enough to leave p99 open, and few enough for p50. */
const given = { count: 300, ageNs: 1500 };
const p99 = 'latency.response.p99';

/** The trials of `s=b` in these blocks had requests without an answer. */
function runWith(blocks: readonly number[], change: (trial: TrialRecord) => TrialRecord): Results {
  const results = runOf(() => ({}));
  return {
    ...results,
    trials: results.trials.map((trial) =>
      trial.variant === 's=b' && blocks.includes(trial.block) ? change(trial) : { ...trial, slowest: [] },
    ),
  };
}
const censored = (trial: TrialRecord): TrialRecord => withCensored(trial, given.count, given.ageNs);
const everyBlock = [0, 1, 2, 3, 4, 5, 6, 7];

/** As many lost on the other side, so that the rates do not differ. */
function lossesOnBothSides(results: Results): Results {
  return {
    ...results,
    trials: results.trials.map((trial) =>
      trial.censored === undefined
        ? {
            ...trial,
            requests: { ...trial.requests!, scheduled: 20_000 + given.count, failed: given.count },
          }
        : trial,
    ),
  };
}

describe('readMetric', () => {
  const [plain] = runOf(() => ({})).trials;
  const trial = censored(plain!);

  it('reads the response time of all requests: a bound where those without an answer matter', () => {
    // 20,300 requests: p50 is rank 10,150 of 19,600 at 1000 ns. p99 is rank 20,097: 19,600 at 1000, 300 at 1500 or later, 400 at 2000.
    expect(readMetric(trial, 'latency.response.p50')).toEqual({ kind: 'value', value: 1000 });
    expect(readMetric(trial, p99)).toEqual({ kind: 'bound', value: 2000 });
    // p97 is rank 19,691, among the 300; p98 is rank 19,894, also.
    expect(readMetric(trial, 'latency.response.p97')).toEqual({ kind: 'bound', value: 1500 });
    expect(readMetric(trial, 'latency.response.p75')).toEqual({ kind: 'value', value: 1000 });
    expect(readMetric(trial, 'latency.response.max')).toEqual({ kind: 'bound', value: 2000 });
    expect(readMetric(trial, 'latency.response.mean').kind).toBe('bound');
  });

  it('leaves what is stored of the answered requests as it was', () => {
    expect(trial.latency).toEqual(plain!.latency);
    expect(readMetric(trial, 'latency.response.count')).toEqual({ kind: 'value', value: 20_000 });
    expect(readMetric(trial, 'latency.service.p99')).toEqual({ kind: 'value', value: 2000 });
  });

  it('has bounds where nothing was answered at all', () => {
    const none = { ...plain!, latency: { ...plain!.latency, response: null } };
    expect(readMetric(withCensored(none, 3, 900), 'latency.response.p50')).toEqual({ kind: 'bound', value: 900 });
  });

  it('says that a damaged histogram cannot be read', () => {
    const damaged = { ...trial, censored: { ...trial.censored!, histogram: 'nonsense' } };
    expect(readMetric(damaged, 'latency.response.p97')).toMatchObject({ kind: 'missing' });
  });

  it('counts them, and does not call it none where a file does not hold them', () => {
    expect(readMetric(trial, 'requests.censored')).toEqual({ kind: 'value', value: 300 });
    expect(readMetric({ ...plain!, slowest: [] }, 'requests.censored')).toEqual({ kind: 'value', value: 0 });
    expect(readMetric(plain!, 'requests.censored')).toMatchObject({ kind: 'missing' });
  });
});

describe('boundedMedian', () => {
  const value = (...values: readonly number[]) => values.map((one) => ({ value: one, atLeast: false }));
  const bound = (...values: readonly number[]) => values.map((one) => ({ value: one, atLeast: true }));

  it.each([
    ['no bound', value(1, 2, 3), { value: 2, atLeast: false }],
    // Whatever the bound really is, it lies above the median.
    ['a bound above the middle', [...value(1, 2), ...bound(9)], { value: 2, atLeast: false }],
    ['a bound in the middle', [...value(1, 9), ...bound(2)], { value: 2, atLeast: true }],
    ['a bound below the middle', [...value(2, 3), ...bound(1)], { value: 2, atLeast: true }],
    ['an even number', [...value(1, 2), ...bound(3, 4)], { value: 2.5, atLeast: true }],
    ['bounds only', bound(5), { value: 5, atLeast: true }],
  ])('%s', (_, figures, expected) => {
    expect(boundedMedian(figures)).toEqual(expected);
  });

  it('is null of nothing', () => {
    expect(boundedMedian([])).toBeNull();
  });
});

describe('a comparison', () => {
  it('shows a bound and judges nothing by it', () => {
    const document = compare([lossesOnBothSides(runWith(everyBlock, censored))], { gates: ['p99:10%'] });
    const metric = metricOf(document, p99);
    expect(metric).toMatchObject({
      kind: 'descriptive',
      verdict: null,
      ratio: null,
      interval: null,
      p: null,
      base: { value: 2000 },
      other: { value: 2000, atLeast: true },
    });
    expect(metric.base.atLeast).toBeUndefined();
    expect(metric.other.perTrial.map((trial) => trial.atLeast)).toEqual(Array(8).fill(true));
    expect(metric.reason).toBe(
      'in 8 of 16 trials it is a lower bound, since requests timed out or were never finished: not compared',
    );
    expect(document.gates).toMatchObject([{ outcome: 'inconclusive' }]);
    expect(document.gates[0]!.reason).toMatch(
      /p99 is >=0\.002 ms against 0\.002 ms, and not judged: in 8 of 16 trials/,
    );
    // The median is known, and so it is compared.
    expect(metricOf(document, 'latency.response.p50')).toMatchObject({ kind: 'statistical', other: { value: 1000 } });
  });

  it('does not leave out the blocks that have a bound: those with the worst figures', () => {
    const metric = metricOf(compare([lossesOnBothSides(runWith([3], censored))]), p99);
    expect(metric.other.perTrial).toHaveLength(8);
    expect(metric).toMatchObject({ kind: 'descriptive', n: 8, other: { value: 2000 } });
    expect(metric.other.atLeast).toBeUndefined();
  });

  it('of one trial a side does not judge by what is inside the runs either', () => {
    const results = lossesOnBothSides(runWith([0], censored));
    const first = { ...results, trials: results.trials.filter(({ block }) => block === 0) };
    expect(metricOf(compare([first]), p99)).toMatchObject({ kind: 'descriptive', ratio: null, interval: null });
  });

  it('withholds a latency that the others could change where more of one side had no answer', () => {
    const document = compare([runWith(everyBlock, censored)], { metrics: ['latency.service.p99'] });
    for (const path of [p99, 'latency.response.p999', 'latency.service.p99']) {
      expect(metricOf(document, path)).toMatchObject({ verdict: null });
      expect(metricOf(document, path).reason).toContain('withheld: 1.48 % of the requests were lost against 0 %');
    }
    expect(document.pairs[0]!.warnings.join(' ')).toContain('verdicts on latency are withheld');
  });
});

describe('elsewhere', () => {
  it('a claim about a bound is not decided', () => {
    const results = lossesOnBothSides(runWith([2], censored));
    const claim: ExpectationRecord = {
      claim: 'b is fast',
      metric: p99,
      of: { s: 'b' },
      against: { s: 'a' },
      ratio: { below: 2, above: null },
      value: null,
    };
    const header = {
      ...results.header,
      expectations: [claim, { ...claim, against: null, ratio: null, value: { below: 9, above: null } }],
    };
    const [pair, alone] = judgeClaims({ ...results, header });
    expect(pair!.cases[0]).toMatchObject({ outcome: 'not decided' });
    expect(pair!.cases[0]!.reason).toContain('in 1 of 16 trials it is a lower bound');
    expect(alone!.cases[0]!.reason).toContain('in 1 of 8 trials it is a lower bound');
  });

  it('blocks with a bound give no verdict', () => {
    const { trials } = runWith([2], censored);
    const of = (name: string) => trials.filter(({ variant }) => variant === name);
    expect(compareOverBlocks(of('s=b'), of('s=a'), p99, 0.1)).toBeNull();
    expect(compareOverBlocks(of('s=b'), of('s=a'), 'latency.response.p50', 0.1)).not.toBeNull();
  });

  it('a history holds no median that is a bound, and no ratio of one', () => {
    const entry = (blocks: readonly number[]) => {
      const file = { path: 'x', results: { ...runWith(blocks, censored), path: 'x', damaged: null } } as never;
      const options = { label: null, control: null, metrics: [], configHash: 'x' };
      return historyEntry(file, options).variants.find(({ name }) => name === 's=b')!.figures;
    };
    expect(entry(everyBlock)[p99]).toBeUndefined();
    expect(entry([2])[p99]).toEqual({ median: 2000, n: 8, ratio: null });
    expect(entry(everyBlock)['latency.response.p50']).toMatchObject({ median: 1000, n: 8 });
  });
});
