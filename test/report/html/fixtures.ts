/** Report inputs for the tests of the page: runs, and comparisons whose figures are written by hand. */
import { createHash } from 'node:crypto';
import type { ComparedMetric, ComparedPair, ComparisonDocument, GateResult } from '../../../src/compare/document.ts';
import type { HtmlAssets } from '../../../src/report/html/assets.ts';
import type { ReportInput, ReportedRun } from '../../../src/report/report-input.ts';
import type { RunResults } from '../../../src/report/variant-figures.ts';
import { warning } from '../../../src/results/warnings.ts';
import { latency, run, variant, type TrialChoice } from '../../results/fixtures.ts';

/** Small stand-ins for the real scripts and styles. */
export const assets: HtmlAssets = {
  uplotScript: 'var uPlot = function () {};',
  uplotStyle: '.uplot { display: block; }',
  plotScript: 'window.__plots = JSON.parse(document.getElementById("plot-data").textContent).runs.length;',
  sha256: (text) => createHash('sha256').update(text, 'utf8').digest('base64'),
};

function comparedMetric(choice: Partial<ComparedMetric> = {}): ComparedMetric {
  return {
    metric: 'latency.response.p99',
    unit: 'ns',
    better: 'lower',
    kind: 'statistical',
    gating: false,
    base: { value: 1_000_000, perTrial: [] },
    other: { value: 1_200_000, perTrial: [] },
    n: 8,
    ratio: 1.2,
    interval: { low: 1.15, high: 1.25 },
    alpha: 0.05,
    p: 0.0078,
    pHolm: null,
    margin: 0.1,
    smallestDetectable: 0.061,
    verdict: 'regression',
    warn: false,
    reason: null,
    withinRun: null,
    ...choice,
  };
}

export function comparedPair(base: string, other: string, choice: Partial<ComparedPair> = {}): ComparedPair {
  return {
    name: `${other} against ${base}`,
    base: { source: 0, variant: base },
    other: { source: 0, variant: other },
    design: 'paired',
    excluded: [],
    metrics: [comparedMetric()],
    warnings: [],
    ...choice,
  };
}

export function comparison(
  runs: readonly ReportedRun[],
  pairs: readonly ComparedPair[],
  gates: readonly GateResult[] = [],
  warnings: readonly string[] = [],
): ComparisonDocument {
  const sources = runs.map(({ file, results: { header } }) => {
    const { runId, startedAt, seed } = header;
    return { file, runId, scenario: header.scenario.name, startedAt, seed, imported: false };
  });
  return { type: 'comparison', schemaVersion: 1, alpha: 0.05, sources, pairs, gates, warnings };
}

/** A run without a comparison. */
export function inputOf(
  results: RunResults,
  pairs: readonly ComparedPair[] = [],
  gates: readonly GateResult[] = [],
): ReportInput {
  const runs = [{ file: 'results/run.ndjson', results }];
  return { runs, comparison: comparison(runs, pairs, gates) };
}

/** Times that differ from block to block, with phases, connections and tallies that a real run would have. */
function figures(name: string, block: number): TrialChoice {
  const slow = name.includes('close');
  const scale = 1 + 0.02 * ((block * 7) % 5);
  const ns = (value: number): number => Math.round(value * scale);
  const none = {
    response: null,
    service: null,
    connectionWait: null,
    connect: null,
    tls: null,
    firstByte: null,
    download: null,
    lag: null,
  };
  const firstByte = latency(ns(180_000), ns(500_000));
  const service = latency(ns(200_000), ns(600_000));
  const reused = { ...none, service, firstByte };
  const connect = latency(ns(300_000), ns(900_000));
  const fresh = { ...none, service: connect, connect, firstByte };
  return {
    p50Ns: ns(slow ? 710_000 : 210_000),
    p99Ns: ns(slow ? 1_840_000 : 640_000),
    opened: slow ? 22_000 : 32,
    serverTimeWait: slow ? 21_992 : 0,
    overrides: { latencyByConnection: { new: slow ? fresh : none, reused: slow ? none : reused } },
  };
}

/** Two variants, eight blocks, one invalid trial, errors, warnings and a claim: nearly everything a page can say. */
export function fullInput(): ReportInput {
  const variants = ['close', 'keep-alive'].map((name) => variant(`strategy=${name}`, { strategy: name }));
  const claim = {
    claim: 'Reuse halves the median',
    metric: 'latency.response.p50',
    of: { strategy: 'keep-alive' },
    against: { strategy: 'close' },
    ratio: { below: 0.5, above: null },
    value: null,
  };
  const choice = { variants, blocks: 8, baseline: { strategy: 'close' }, expectations: [claim], name: 'reuse' };
  const results = run(choice, (name, block) => {
    const usual = figures(name, block);
    if (name.includes('close') && block === 2)
      return {
        ...usual,
        failed: 3,
        overrides: { ...usual.overrides, warnings: [warning('errors', '3 of 20003 requests failed')] },
      };
    if (name.includes('keep-alive') && block === 5) {
      const reasons = [{ code: 'not-reconciled', message: 'the server saw one connection more' }];
      return { ...usual, overrides: { ...usual.overrides, valid: false, invalidReasons: reasons } };
    }
    return usual;
  });
  const metrics = [
    comparedMetric({
      metric: 'latency.response.p50',
      ratio: 0.296,
      interval: { low: 0.29, high: 0.3 },
      verdict: 'improvement',
      gating: true,
      pHolm: 0.0156,
    }),
    comparedMetric({ ratio: 1.02, interval: { low: 0.9, high: 1.3 }, verdict: 'inconclusive', p: 0.4 }),
    comparedMetric({
      metric: 'link.packetsPerRequest',
      unit: 'count',
      kind: 'descriptive',
      ratio: null,
      interval: null,
      verdict: null,
      reason: 'host mode has no link',
    }),
  ];
  const pair = comparedPair('strategy=close', 'strategy=keep-alive', {
    metrics,
    excluded: [{ block: 5, reason: 'not-reconciled' }],
  });
  const gate = {
    pair: pair.name,
    metric: 'latency.response.p50',
    margin: 0.05,
    outcome: 'passed',
    reason: 'ratio 0.296, interval 0.29 to 0.3',
  } as const;
  return inputOf(results, [pair], [gate]);
}

/** The same run twice, with a pair across the files. */
export function twoFiles(): ReportInput {
  const first = fullInput();
  const { results } = first.runs[0]!;
  const runs = [
    { file: 'results/before.ndjson', results },
    { file: 'results/after.ndjson', results: { ...results, header: { ...results.header, runId: 'second', seed: 43 } } },
  ];
  const across = comparedPair('strategy=close', 'strategy=close', {
    name: 'strategy=close (after) against strategy=close (before)',
    other: { source: 1, variant: 'strategy=close' },
    design: 'unpaired',
    warnings: ['the sides were measured at different times: unpaired'],
  });
  const gate = {
    pair: across.name,
    metric: 'latency.response.p99',
    margin: 0.1,
    outcome: 'failed',
    reason: 'p99 is 1.2 times as high',
  } as const;
  const pairs = [...first.comparison.pairs, across];
  return {
    runs,
    comparison: comparison(runs, pairs, [...first.comparison.gates, gate], ['The files are of the same machine.']),
  };
}

/** Texts that try to leave their place. */
export const hostileNames = [
  `</script><img src=x onerror="window.__pwned=1">`,
  `"><svg onload="window.__pwned=2">`,
  `' onmouseover='window.__pwned=3`,
  `</title></style><script>window.__pwned=4</script>`,
  `<!--<script>`,
  `]]>{{constructor.constructor('window.__pwned=5')()}}\${window.__pwned=6}`,
  `\u202Egnp.exe\u2066\u200B\u0000\u001b[31m`,
  `line one\nline two\r\n\u2028three\u2029`,
  'x'.repeat(5000),
  '&lt;b&gt;&amp;',
  'javascript:window.__pwned=7',
] as const;

/** Every text of a run, a header or a comparison that a stranger may have written. */
export function hostileInput(): ReportInput {
  const variants = hostileNames.map((name) => variant(`strategy=${name}`, { [name]: name }));
  const [first] = hostileNames;
  const claim = {
    claim: first,
    metric: 'latency.response.p50',
    of: {},
    against: null,
    ratio: null,
    value: { below: 1, above: null },
  };
  const choice = { variants, blocks: 2, name: first, question: hostileNames.join(' '), expectations: [claim] };
  const results = run(choice, (name, block) => {
    const usual = figures(name, block);
    const text = name.slice('strategy='.length);
    return {
      ...usual,
      overrides: {
        ...usual.overrides,
        valid: block === 0,
        invalidReasons: block === 0 ? [] : [{ code: text, message: text }],
        warnings: [{ code: text, message: text, advice: text }],
        errors: [{ phase: text, code: text, reused: true, socketAgeMs: null, count: 1 }],
        missing: { link: text, latency: text },
        reconciliation: [{ name: text, client: 1, server: 2, kernel: null, wire: null, ok: false, note: text }],
      },
    };
  });
  const header = {
    ...results.header,
    runId: first,
    connbenchVersion: first,
    scenario: { ...results.header.scenario, look: first, document: { name: first, axes: { [first]: [first] } } },
    environment: {
      ...results.header.environment,
      cpuModel: first,
      kernel: first,
      sysctls: Object.fromEntries(hostileNames.map((name) => [name, name])),
      libraries: { [first]: first },
    },
  };
  const metrics = hostileNames.map((name) => comparedMetric({ metric: name, reason: name, gating: true }));
  const pairs = variants.slice(1).map(({ name }) =>
    comparedPair(variants[0]!.name, name, {
      name,
      metrics,
      warnings: [name],
      excluded: [{ block: 0, reason: name }],
    }),
  );
  const gates = hostileNames.map((name) => ({
    pair: pairs[0]!.name,
    metric: name,
    margin: 0.05,
    outcome: 'failed' as const,
    reason: name,
  }));
  const runs = [{ file: first, results: { ...results, header } }];
  return { runs, comparison: comparison(runs, pairs, gates, [...hostileNames]) };
}
