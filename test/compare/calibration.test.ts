import { describe, expect, test } from 'vitest';
import { calibrationOf, type CalibratedMetric, type CalibrationDocument } from '../../src/compare/calibration.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { studentQuantile } from '../../src/stats/distributions.ts';
import { run, variant, type TrialChoice } from '../results/fixtures.ts';

const cpu = 'cpu.generator.perRequestUs';
const alternatives = ['a', 'b', 'slower'];

type Choose = (alternative: string, session: number, block: number) => TrialChoice;

/** Sessions of `n` blocks each, with or without the slower alternative. */
function calibration(sessions: number, n: number, choose: Choose, names = ['a', 'b']): ReturnType<typeof run> {
  const variants = names.map((name) => variant(`calibrate=${name}`, { calibrate: name }));
  return run({ variants, blocks: sessions * n, baseline: { calibrate: 'a' }, name: 'x-calibration' }, (name, block) =>
    choose(name.slice('calibrate='.length), Math.floor(block / n), block % n),
  );
}

function judged(results: ReturnType<typeof run>, blocks = 6): CalibrationDocument {
  return calibrationOf({ file: 'x.ndjson', results, blocks, gates: [] });
}
function metric(document: CalibrationDocument, path = cpu): CalibratedMetric {
  return document.metrics.find((of) => of.metric === path)!;
}
const without = (
  results: ReturnType<typeof run>,
  isLeftOut: (trial: TrialRecord) => boolean,
): ReturnType<typeof run> => ({
  ...results,
  trials: results.trials.filter((trial) => !isLeftOut(trial)),
});
const invalid = { valid: false, invalidReasons: [{ code: 'link-late', message: 'the link was late' }] };

/** Session 0: b is a tenth above a in every block. Session 1: b is 2 % above and below in turn. */
const choose: Choose = (alternative, session, block) => {
  if (alternative === 'a') return { clientCpuUs: 10 };
  if (session === 0) return { clientCpuUs: 11 };
  return { clientCpuUs: block % 2 === 0 ? 10 * 1.02 : 10 / 1.02 };
};

describe('figures of two sessions', () => {
  const document = judged(calibration(2, 6, choose));
  const of = metric(document);

  test('ratio and p of each session', () => {
    // Six equal signs: 2/2^6. Three up and three down of one size: T+ = T-, p = 1, and the median Walsh average is 1.
    expect(of.sessions).toEqual([
      { session: 0, ratio: expect.closeTo(1.1, 12) as number, p: 0.03125 },
      { session: 1, ratio: expect.closeTo(1, 12) as number, p: 1 },
    ]);
    expect(of.value).toBe(10);
    expect(of.unit).toBe('us');
  });

  test('false alarms: 1 of 2 with its Clopper-Pearson interval, 1 - sqrt(0.975) to sqrt(0.975)', () => {
    const interval = {
      low: expect.closeTo(1 - Math.sqrt(0.975), 9) as number,
      high: expect.closeTo(Math.sqrt(0.975), 9) as number,
    };
    const once = { count: 1, of: 2, interval };
    expect(of.falseAlarms).toEqual({ test: once, margin: once, regression: once });
    // None in two: up to 1 - sqrt(0.025).
    expect(metric(document, 'latency.response.p50').falseAlarms.test).toEqual({
      count: 0,
      of: 2,
      interval: { low: 0, high: expect.closeTo(1 - Math.sqrt(0.025), 9) as number },
    });
  });

  test('the p-values 0.03125 and 1 are 0.5 away from uniform', () => {
    // Just below 1 the empirical distribution is at 1/2.
    expect(of.uniformity?.d).toBeCloseTo(0.5, 12);
    // A figure that never varies has no p-values worth testing.
    expect(metric(document, 'latency.response.p50').uniformity).toBeNull();
  });

  test('the advised margin is the 95th percentile of the distance from 1, in whole percents', () => {
    expect(of.spread).toBeCloseTo(0.1, 12);
    expect(of.recommendedMargin).toBe(0.1);
    expect(metric(document, 'latency.response.p50').recommendedMargin).toBe(0.01);
  });

  test('the smallest change comes from the spread within sessions', () => {
    // Session 0 has none, session 1 has 6 x ln(1.02)^2; 5 + 5 degrees of freedom.
    const spread = Math.log(1.02) * Math.sqrt(6 / 10);
    // Six blocks are only significant with one sign, at a level of 2/64, where the signed-rank test needs 1.127 times what a t-test does.
    const quantiles = studentQuantile(1 - 1 / 64, 5) + studentQuantile(0.8, 5);
    const smallest = Math.expm1((1.127 * quantiles * spread) / Math.sqrt(6));
    expect(smallest).toBeCloseTo(0.0278, 4);
    expect(of.smallestDetectable).toBeCloseTo(smallest, 9);
    expect(of.smallestBeyondMargin).toBeCloseTo(1.05 * (1 + smallest) - 1, 9);
  });

  test('one alarm in two sessions proves nothing about the machine', () => {
    expect(document.criesWolf).toEqual([]);
    expect(document.sessions).toEqual({ planned: 2, used: 2 });
  });
});

test('six alarms in six sessions are surely more than 7 %: the lower bound is 0.025^(1/6) = 54 %', () => {
  const document = judged(calibration(6, 6, (name) => ({ clientCpuUs: name === 'a' ? 10 : 11 })));
  expect(document.criesWolf).toEqual([cpu]);
  expect(metric(document).falseAlarms.test.interval.low).toBeCloseTo(0.025 ** (1 / 6), 9);
});

test('a twin that is better in every block is a false alarm, but no regression', () => {
  const { falseAlarms } = metric(judged(calibration(1, 6, (name) => ({ clientCpuUs: name === 'a' ? 11 : 10 }))));
  expect([falseAlarms.test.count, falseAlarms.margin.count, falseAlarms.regression.count]).toEqual([1, 1, 0]);
});

test('the slower alternative: called a regression where its twin is not', () => {
  const figures: Choose = (name) => ({ clientCpuUs: name === 'slower' ? 12 : 10 });
  const { injected, falseAlarms } = metric(judged(calibration(3, 6, figures, alternatives)));
  expect(injected).toMatchObject({ regression: { count: 3, of: 3 }, ratio: expect.closeTo(1.2, 12) as number });
  expect(falseAlarms.regression).toMatchObject({ count: 0, of: 3 });
});

test("the run's own gates give their margins", () => {
  const results = calibration(2, 6, choose);
  const header = { ...results.header, gates: [{ metric: cpu, margin: 0.3 }] };
  expect(metric(judged({ ...results, header })).margin).toBe(0.3);
});

test('a gate changes the margin, or adds a metric', () => {
  const gates = [
    { metric: cpu, margin: 0.2 },
    { metric: 'fds.client.peak', margin: 0 },
  ];
  const document = calibrationOf({ file: null, results: calibration(2, 6, choose), blocks: 6, gates });
  expect(metric(document).margin).toBe(0.2);
  expect(metric(document).falseAlarms.margin.count).toBe(0);
  expect(metric(document, 'fds.client.peak').falseAlarms.test).toMatchObject({ count: 0, of: 2 });
});

describe('what is left out', () => {
  test('a session that was not finished', () => {
    const all = calibration(2, 6, choose);
    const last = all.trials.length - 1;
    expect(judged(without(all, ({ index }) => index === last)).sessions).toEqual({ planned: 2, used: 1 });
    const interrupted = { valid: false, invalidReasons: [{ code: 'interrupted', message: 'Ctrl-C' }] };
    const trials = all.trials.map((trial) => (trial.index === last ? { ...trial, ...interrupted } : trial));
    expect(judged({ ...all, trials }).sessions).toEqual({ planned: 2, used: 1 });
  });

  test('a block with an invalid trial, on both sides; of six blocks five are too few', () => {
    const spoil = (n: number): ReturnType<typeof run> => {
      const all = calibration(1, n, choose);
      return { ...all, trials: all.trials.map((trial) => (trial.index === 0 ? { ...trial, ...invalid } : trial)) };
    };
    expect(judged(spoil(6), 6).sessions).toEqual({ planned: 1, used: 0 });
    const seven = judged(spoil(7), 7);
    // Six equal signs are left.
    expect(metric(seven).sessions.map(({ p }) => p)).toEqual([0.03125]);
    expect(seven.invalidTrials).toBe(1);
  });

  test('a figure that does not exist, with its reason', () => {
    const { reason, sessions, spread } = metric(
      judged(calibration(1, 6, () => ({ serverCpuUs: null }))),
      'cpu.server.perRequestUs',
    );
    expect({ reason, sessions, spread }).toEqual({
      reason: 'the server died before it could report',
      sessions: [],
      spread: null,
    });
  });
});

test('sessions are cut where they are asked to be: 12 blocks are one of 12 or two of 6', () => {
  const results = calibration(2, 6, choose);
  expect(metric(judged(results, 12)).sessions).toHaveLength(1);
});

test('a file without the axis is refused', () => {
  const variants = ['close', 'keep'].map((name) => variant(`strategy=${name}`, { strategy: name }));
  expect(() => judged(run({ variants, blocks: 6 }, () => ({})))).toThrow(
    'no axis calibrate with one variant a and one b',
  );
});

test('more blocks than a run can have are refused before they are looked for', () => {
  const results = calibration(1, 6, choose);
  const absurd = { ...results, header: { ...results.header, blocks: Number.MAX_SAFE_INTEGER } };
  expect(() => judged(absurd)).toThrow('no run has 9007199254740991 blocks, 1000 at most');
});
