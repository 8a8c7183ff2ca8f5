/**
 * A report as OpenMetrics 1.0 text that is Prometheus text 0.0.4 as well, for a textfile collector or a push gateway: medians, response
 * times, verdicts and gates.
 */
import { judgeClaims } from '../compare/claims.ts';
import { Histogram } from '../stats/histogram.ts';
import { Exposition, type Labels } from './exposition.ts';
import type { ReportInput } from './report-input.ts';
import { mergedResponse } from './response-histograms.ts';
import { runNames } from './run-names.ts';
import { figuresByVariant, lossRate, type ReportedMetric, type VariantFigures } from './variant-figures.ts';

interface Median {
  readonly metric: ReportedMetric;
  /** What tells it from the others of its family. */
  readonly labels: Labels;
}

interface MedianFamily {
  readonly name: string;
  readonly unit: string | null;
  /** Of the family's unit per unit of the record. */
  readonly scale: number;
  /** What it is the median of. */
  readonly what: string;
  readonly medians: readonly Median[];
}

const perNs = 1e-9;
const perUs = 1e-6;

function bySide(client: ReportedMetric, server: ReportedMetric): readonly Median[] {
  return [
    { metric: client, labels: { side: 'client' } },
    { metric: server, labels: { side: 'server' } },
  ];
}

function plainFamily(name: string, what: string, metric: ReportedMetric): MedianFamily {
  return { name, unit: null, scale: 1, what, medians: [{ metric, labels: {} }] };
}

const responseMedians: readonly Median[] = [
  { metric: 'latency.response.p50', labels: { percentile: '50' } },
  { metric: 'latency.response.p99', labels: { percentile: '99' } },
  { metric: 'latency.response.p999', labels: { percentile: '99.9' } },
];

const medianFamilies: readonly MedianFamily[] = [
  {
    name: 'connbench_response_median_seconds',
    unit: 'seconds',
    scale: perNs,
    what: 'Percentile of the response time',
    medians: responseMedians,
  },
  plainFamily(
    'connbench_throughput_requests_per_second',
    'Requests answered per second',
    'throughput.achievedPerSecond',
  ),
  {
    name: 'connbench_cpu_per_request_seconds',
    unit: 'seconds',
    scale: perUs,
    what: 'User and system time per request',
    medians: bySide('cpu.generator.perRequestUs', 'cpu.server.perRequestUs'),
  },
  plainFamily('connbench_connections_opened', 'Connections opened in a trial', 'connections.opened'),
  plainFamily(
    'connbench_requests_per_connection',
    'Mean requests answered on a connection',
    'connections.requestsPerConnection.mean',
  ),
  { ...plainFamily('connbench_reuse_ratio', '1 - opened / answered', 'connections.reuseRatio'), unit: 'ratio' },
  {
    ...plainFamily('connbench_peak_open_fds', 'Most open file descriptors of the process', 'fds.client.peak'),
    medians: bySide('fds.client.peak', 'fds.server.peak'),
  },
  {
    ...plainFamily('connbench_time_wait_entered', 'Sockets that entered TIME_WAIT', 'timeWait.client.entered'),
    medians: bySide('timeWait.client.entered', 'timeWait.server.entered'),
  },
  plainFamily('connbench_packets_per_request', 'TCP packets in both directions per request', 'link.packetsPerRequest'),
];

const responseQuantiles = [0.5, 0.9, 0.99, 0.999] as const;
const verdicts = ['regression', 'improvement', 'equivalent', 'inconclusive'] as const;
const gateOutcomes = ['passed', 'failed', 'inconclusive'] as const;
const claimOutcomes = ['confirmed', 'refuted', 'not decided'] as const;

interface Row {
  readonly labels: Labels;
  readonly figures: VariantFigures;
}

/** Ends in `# EOF`. Without timestamps, as collectors of files require. What has no figure has no line. */
export function renderOpenMetrics(input: ReportInput): string {
  const page = new Exposition();
  const names = runNames(input);
  const rows = input.runs.flatMap(({ results }, index) =>
    figuresByVariant(results).map((figures) => ({
      labels: { run: names[index]!, variant: figures.variant.name },
      figures,
    })),
  );
  addRuns(page, input, names);
  addTrials(page, rows);
  addMedians(page, rows);
  addBounds(page, rows);
  addResponses(page, rows);
  addComparison(page, input, names);
  addGates(page, input);
  addClaims(page, input, names);
  return page.text();
}

function addRuns(page: Exposition, { runs }: ReportInput, names: readonly string[]): void {
  page.family('connbench_run_info', 'gauge', null, 'The runs of this report; always 1.');
  runs.forEach(({ results: { header } }, index) => {
    const { node, kernel, cpuModel } = header.environment;
    const labels = {
      run: names[index]!,
      run_id: header.runId,
      scenario: header.scenario.name,
      started_at: header.startedAt,
      connbench: header.connbenchVersion,
      node: node ?? '',
      kernel: kernel ?? '',
      cpu_model: cpuModel ?? '',
    };
    page.sample('', labels, 1);
  });
}

function addTrials(page: Exposition, rows: readonly Row[]): void {
  page.family('connbench_trials', 'gauge', null, 'Finished trials; figures of invalid ones are not used.');
  for (const { labels, figures } of rows) {
    const valid = figures.validTrials.length;
    page.sample('', { ...labels, valid: 'true' }, valid);
    page.sample('', { ...labels, valid: 'false' }, figures.trials.length - valid);
  }
  page.family(
    'connbench_lost_requests_ratio',
    'gauge',
    'ratio',
    'Scheduled requests without a response, over all trials.',
  );
  for (const { labels, figures } of rows) {
    const rate = lossRate(figures.losses);
    if (rate !== null) page.sample('', labels, rate);
  }
  page.family(
    'connbench_dropped_requests',
    'gauge',
    null,
    'Requests refused by a limit of the strategy, over all trials.',
  );
  for (const { labels, figures } of rows) {
    if (figures.losses !== null) page.sample('', labels, figures.losses.dropped);
  }
  const censored = 'Requests that timed out or were unfinished at the end of the drain, over all trials.';
  page.family('connbench_censored_requests', 'gauge', null, censored);
  for (const { labels, figures } of rows) {
    if (figures.censored !== null) page.sample('', labels, figures.censored);
  }
}

/** Lower bounds, in a family of their own: among values they would be taken for some. */
function addBounds(page: Exposition, rows: readonly Row[]): void {
  const text =
    'Lower bound of a percentile that depends on requests without an answer in time, median over the valid trials.';
  page.family('connbench_response_at_least_seconds', 'gauge', 'seconds', text);
  for (const { labels, figures } of rows.filter((row) => row.figures.validTrials.length > 0)) {
    for (const { metric, labels: own } of responseMedians) {
      const { value, atLeast } = figures.figures[metric];
      if (value !== null && atLeast) page.sample('', { ...labels, ...own }, scaled(value, perNs));
    }
  }
}

/** Variants without a valid trial are left out: nothing here would tell their figures from good ones. */
function addMedians(page: Exposition, rows: readonly Row[]): void {
  const usable = rows.filter(({ figures }) => figures.validTrials.length > 0);
  for (const { name, unit, scale, what, medians } of medianFamilies) {
    page.family(name, 'gauge', unit, `${what}, median over the valid trials.`);
    for (const { labels, figures } of usable) {
      for (const median of medians) {
        const { value, atLeast } = figures.figures[median.metric];
        if (value !== null && !atLeast) page.sample('', { ...labels, ...median.labels }, scaled(value, scale));
      }
    }
  }
}

function addResponses(page: Exposition, rows: readonly Row[]): void {
  const text = 'Response time of the answered requests of the valid trials, from the time at which a request was due.';
  page.family('connbench_response_seconds', 'summary', 'seconds', text);
  for (const { labels, figures } of rows) {
    const merged = mergedResponse(figures.validTrials);
    if (merged === null) continue;
    const histogram = Histogram.fromSparse(merged);
    const { count, mean } = histogram;
    for (const p of responseQuantiles) {
      page.sample('', { ...labels, quantile: String(p) }, scaled(histogram.quantile(p) ?? 0, perNs));
    }
    page.sample('_count', labels, count);
    page.sample('_sum', labels, scaled((mean ?? 0) * count, perNs));
  }
}

function addComparison(page: Exposition, { comparison }: ReportInput, names: readonly string[]): void {
  const all = comparison.pairs.flatMap(({ base, other, metrics }) =>
    metrics.map((compared) => {
      const sides = { base: base.variant, base_run: names[base.source] ?? '', run: names[other.source] ?? '' };
      return { compared, labels: { ...sides, variant: other.variant, metric: compared.metric } };
    }),
  );
  const gauge = (
    family: string,
    text: string,
    pick: (compared: (typeof all)[number]['compared']) => number | null,
  ): void => {
    page.family(family, 'gauge', 'ratio', text);
    for (const { compared, labels } of all) {
      const value = pick(compared);
      if (value !== null && Number.isFinite(value)) page.sample('', labels, value);
    }
  };
  gauge('connbench_comparison_ratio', 'Figure of the variant over that of the base.', ({ ratio }) => ratio);
  gauge(
    'connbench_comparison_low_ratio',
    'Lower end of the interval of the ratio.',
    ({ interval }) => interval?.low ?? null,
  );
  gauge(
    'connbench_comparison_high_ratio',
    'Upper end of the interval of the ratio.',
    ({ interval }) => interval?.high ?? null,
  );
  gauge('connbench_comparison_margin_ratio', 'Margin of indifference.', ({ margin }) => margin);
  page.family('connbench_comparison_verdict', 'gauge', null, '1 for the verdict on the metric, 0 for the others.');
  for (const { compared, labels } of all) {
    if (compared.verdict === null) continue;
    for (const verdict of verdicts) page.sample('', { ...labels, verdict }, compared.verdict === verdict ? 1 : 0);
  }
}

function addGates(page: Exposition, { comparison }: ReportInput): void {
  page.family('connbench_gate', 'gauge', null, '1 for the outcome of the gate, 0 for the others.');
  for (const gate of comparison.gates) {
    const labels = { pair: gate.pair, metric: gate.metric };
    for (const outcome of gateOutcomes) page.sample('', { ...labels, outcome }, gate.outcome === outcome ? 1 : 0);
  }
}

function addClaims(page: Exposition, { runs }: ReportInput, names: readonly string[]): void {
  page.family(
    'connbench_claim',
    'gauge',
    null,
    '1 for the outcome of the claim, 0 for the others; number counts the claims of a run.',
  );
  runs.forEach(({ results }, index) => {
    judgeClaims(results).forEach((claim, at) => {
      const labels = { run: names[index]!, number: String(at + 1), claim: claim.expectation.claim };
      for (const outcome of claimOutcomes) page.sample('', { ...labels, outcome }, claim.outcome === outcome ? 1 : 0);
    });
  });
}

/** In the family's unit, without the last digits, which are those of the conversion. */
function scaled(value: number, scale: number): number {
  return scale === 1 ? value : Number((value * scale).toPrecision(12));
}
