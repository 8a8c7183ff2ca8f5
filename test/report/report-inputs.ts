/** Small reports whose every figure is chosen: a run of two variants over two blocks and what comparing them says. */
import type { ComparedMetric, ComparedPair, ComparisonDocument, GateResult } from '../../src/compare/document.ts';
import type { ReportedRun, ReportInput } from '../../src/report/report-input.ts';
import { warning } from '../../src/results/warnings.ts';
import { run, variant, type RunChoice } from '../results/fixtures.ts';

/** Tries to end every format that a report is written in. */
export const hostileName =
  '=cmd|\' /C calc\'!A0 <script>alert("1")</script> ]]> --> `x` | @octocat #12 ::error::boo ![a](http://evil.example) \\" \u001b[31m\r\n\u0000\u202e\ud800\uffff %0A,";\t*_~$';

const claim = {
  claim: 'A pool of two opens more than one connection',
  metric: 'connections.opened',
  of: { pool: '2' },
  against: null,
  ratio: null,
  value: { below: null, above: 1 },
};
const refutedClaim = { ...claim, claim: 'A pool of two opens more than nine', value: { below: null, above: 9 } };

/** Two variants, two blocks; the second trial of pool=2 is invalid. Bucket edges: 200,191 ns, 100,095 ns ... */
export function smallRun(choice: Partial<RunChoice> = {}): ReturnType<typeof run> {
  const variants = [variant('pool=1', { pool: '1' }), variant('pool=2', { pool: '2' })];
  return run(
    { variants, blocks: 2, name: 'small', baseline: { pool: '1' }, expectations: [claim, refutedClaim], ...choice },
    (name, block) => {
      const second = name === variants[1]!.name;
      return {
        p50Ns: second ? 100_000 : 200_000,
        p99Ns: second ? 400_000 : 800_000 + 100_000 * block,
        samples: 1000,
        opened: second ? 2 : 1,
        overrides:
          second && block === 1
            ? { valid: false, invalidReasons: [{ code: 'server-died', message: 'it was killed' }] }
            : { warnings: block === 0 ? [warning('lag', 'p99 lag 3 ms')] : [] },
      };
    },
  );
}

export function reported(results: ReportedRun['results'], file = 'results/small.ndjson'): ReportedRun {
  return { file, results };
}

const frame = {
  better: 'lower',
  kind: 'statistical',
  gating: true,
  n: 2,
  alpha: 0.05,
  p: 0.25,
  pHolm: 0.5,
  margin: 0.1,
  smallestDetectable: 0.082,
  warn: false,
  reason: null,
  withinRun: null,
} as const;

/** p99 twice as slow: a regression beyond its gate. */
export const slower: ComparedMetric = {
  ...frame,
  metric: 'latency.response.p99',
  unit: 'ns',
  base: {
    value: 4e6,
    perTrial: [
      { block: 0, index: 0, value: 3e6 },
      { block: 1, index: 2, value: 5e6 },
    ],
  },
  other: {
    value: 8e6,
    perTrial: [
      { block: 0, index: 1, value: 6e6 },
      { block: 1, index: 3, value: 10e6 },
    ],
  },
  ratio: 2,
  interval: { low: 1.9, high: 2.125 },
  verdict: 'regression',
};
const open: ComparedMetric = {
  ...slower,
  metric: 'latency.response.p50',
  ratio: 1.02,
  interval: { low: 0.98, high: 1.12 },
  verdict: 'inconclusive',
  warn: true,
  reason: 'the interval reaches across the margin',
};
const same: ComparedMetric = {
  ...slower,
  metric: 'connections.opened',
  unit: 'count',
  kind: 'exact',
  base: { value: 1, perTrial: [{ block: 0, index: 0, value: 1 }] },
  other: { value: 1, perTrial: [{ block: 0, index: 1, value: 1 }] },
  n: 1,
  ratio: 1,
  interval: null,
  p: null,
  pHolm: null,
  margin: 0,
  smallestDetectable: 0,
  verdict: 'equivalent',
};
const lossRate: ComparedMetric = {
  ...same,
  metric: 'requests.lossRate',
  unit: 'ratio',
  kind: 'descriptive',
  gating: false,
  base: { value: 0, perTrial: [] },
  other: { value: 0.25, perTrial: [] },
  ratio: null,
  margin: 0.001,
  smallestDetectable: null,
  verdict: null,
  reason: 'one trial on each side',
};

const pair: ComparedPair = {
  name: 'pool=2 against pool=1',
  base: { source: 0, variant: 'pool=1' },
  other: { source: 0, variant: 'pool=2' },
  design: 'paired',
  excluded: [{ block: 1, reason: 'invalid' }],
  metrics: [lossRate, slower, open, same],
  warnings: ['The order of the blocks explains some of it.'],
};

const outcomes: readonly GateResult[] = [
  { pair: pair.name, metric: slower.metric, margin: 0.1, outcome: 'failed', reason: 'p99 is 2 times the base.' },
  { pair: pair.name, metric: open.metric, margin: 0.1, outcome: 'inconclusive', reason: 'p50 is open.' },
  { pair: pair.name, metric: same.metric, margin: 0, outcome: 'passed', reason: 'it is the same.' },
];

/** A comparison with one pair, one gate of each outcome and one metric without a verdict. */
export function smallComparison(over: Partial<ComparisonDocument> = {}): ComparisonDocument {
  return {
    type: 'comparison',
    schemaVersion: 1,
    alpha: 0.05,
    sources: [source('small')],
    pairs: [pair],
    gates: outcomes,
    warnings: ['The machine was busy.'],
    ...over,
  };
}

function source(scenario: string): ComparisonDocument['sources'][number] {
  const startedAt = '2026-11-22T00:49:58.123Z';
  return { file: 'results/small.ndjson', runId: 'k3v9xq', scenario, startedAt, seed: 42, imported: false };
}

export function smallInput(over: Partial<ReportInput> = {}): ReportInput {
  return { runs: [reported(smallRun())], comparison: smallComparison(), ...over };
}

/** The small report with every name, reason and message replaced by the hostile one. */
export function hostileInput(): ReportInput {
  const name = hostileName;
  const variants = [variant(`1${name}`, { [name]: `1${name}` }), variant(name, { [name]: name })];
  const results = smallRun({
    name,
    question: name,
    variants,
    baseline: null,
    expectations: [{ ...claim, claim: name, of: {} }],
  });
  const trials = results.trials.map((trial) => ({
    ...trial,
    warnings: [{ code: name, message: name, advice: name }],
    invalidReasons: trial.valid ? [] : [{ code: name, message: name }],
  }));
  const sides = { base: { source: 0, variant: `1${name}` }, other: { source: 0, variant: name } };
  return {
    runs: [reported({ ...results, trials }, `/tmp/${name}`)],
    comparison: smallComparison({
      sources: [source(name)],
      pairs: [{ ...pair, ...sides, name, warnings: [name], metrics: [{ ...slower, reason: name }] }],
      gates: outcomes.map((outcome) => ({ ...outcome, pair: name, reason: name })),
      warnings: [name],
    }),
  };
}

/** Nothing was finished and nothing compared. */
export function emptyInput(): ReportInput {
  const results = smallRun({ expectations: [] });
  return {
    runs: [reported({ ...results, trials: [], footer: null })],
    comparison: smallComparison({ pairs: [], gates: [], warnings: [] }),
  };
}
