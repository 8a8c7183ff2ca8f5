/** Compares the variants of one run, or of several result files, metric by metric, and judges the gates. */
import { isCount } from '../scenario/gates.ts';
import { derivedMetrics } from '../scenario/metrics.ts';
import { UserError } from '../scenario/user-error.ts';
import { blocksNeeded } from '../stats/signed-rank.ts';
import { pairsAcrossFiles } from './across-files-pairs.ts';
import type { ComparedPair, ComparisonDocument, SourceRun } from './document.ts';
import { judgeGates, type JudgedPair } from './gate-results.ts';
import type { Gate } from './gates.ts';
import { judgeMetric, type MetricCase } from './metric-comparison.ts';
import { metricsInOrder, usualMetrics } from './metric-list.ts';
import { pairTrials, type PairTrials } from './pair-trials.ts';
import { fileLabels, importedTool, type ComparedFile, type PlannedPair } from './pairing.ts';
import { sideValues, type SideValues } from './side-values.ts';
import { treatmentOf, type LossRates } from './treatment.ts';
import { pairsWithinRun } from './within-run-pairs.ts';
import { WithinRunReader } from './within-run.ts';
import { percent, plural } from './words.ts';

export type { ComparedFile } from './pairing.ts';

export interface CompareOptions {
  /** Name of a variant, or `axis=alternative`; null for the run's own baseline. Of several files, one variant of the first. */
  readonly baseline: string | null;
  readonly gates: readonly Gate[];
  /** Metrics to be compared beside the usual ones; full paths. */
  readonly metrics?: readonly string[];
  /** Compare and gate what differs in more than what is compared. */
  readonly force: boolean;
  /** Two-sided error rate of all gates together; 0.05 unless given. */
  readonly alpha?: number;
}

const usualAlpha = 0.05;

/**
 * One file: every variant against its counterpart in the baseline. Several: every file against the first.
 * Throws a `UserError` for what cannot, or may not, be compared, with code `NOTHING_TO_COMPARE` where a run has a single variant per load;
 * a RangeError without a file, or for a margin that is negative, or 0 for what is no count.
 */
export function compareRuns(files: readonly ComparedFile[], options: CompareOptions): ComparisonDocument {
  const { gates, metrics = [], alpha = usualAlpha } = options;
  assertGates(gates);
  const [first, second] = files;
  if (first === undefined) throw new RangeError('a comparison needs a result file');
  const planned = second === undefined ? pairsWithinRun(first, options) : pairsAcrossFiles(files, options);
  const cases = planned.pairs.map((pair) =>
    casesOf(files, pair, [...gates.map(({ metric }) => metric), ...metrics], gates),
  );
  const tests = cases.flat().filter(({ gate, treatment }) => gate !== null && treatment.kind === 'statistical').length;
  const withinRun = new WithinRunReader(2 * planned.pairs.length);
  const seed = first.results.header.seed;
  const judged = planned.pairs.map((plan, index): JudgedPair => {
    const ofPair = cases[index]!;
    const judgedMetrics = ofPair.map((item) =>
      judgeMetric(item, { alpha: item.gate === null ? alpha : alpha / Math.max(1, tests), tests, withinRun, seed }),
    );
    return { plan, excluded: ofPair[0]?.trials.excluded ?? [], metrics: judgedMetrics };
  });
  const verdicts = judgeGates(judged, gates, alpha);
  return {
    type: 'comparison',
    schemaVersion: 1,
    alpha,
    sources: files.map(sourceOf),
    pairs: judged.map((pair, index) => pairOf(pair, verdicts.metrics[index]!, cases[index]!)),
    gates: verdicts.gates,
    warnings: [...sourceWarnings(files), ...planned.warnings, ...tooManyGates(cases.flat(), tests, alpha)],
  };
}

/** So many gates that no result of so few blocks could decide them: said once, with what to do. */
function tooManyGates(cases: readonly MetricCase[], tests: number, alpha: number): readonly string[] {
  if (tests === 0) return [];
  const needed = blocksNeeded(alpha / tests);
  const short = cases.filter(({ gate, pair, treatment, values }) => {
    const tested = gate !== null && pair.design === 'paired' && treatment.kind === 'statistical';
    return tested && values.base.perTrial.length < needed;
  });
  if (short.length === 0) return [];
  const blocks = Math.min(...short.map(({ values }) => values.base.perTrial.length));
  const fewer = tests === 1 ? '' : ', or fewer gates or variants';
  return [
    `${plural(tests, 'gate')} at an error rate of ${percent(alpha)} in all cannot be decided with ${plural(blocks, 'block')}: it takes --blocks ${needed}${fewer}.`,
  ];
}

function assertGates(gates: readonly Gate[]): void {
  for (const { metric, margin } of gates) {
    if (!(margin > 0 && margin < Infinity) && !(margin === 0 && isCount(metric))) {
      throw new RangeError(`${metric} cannot be gated with a margin of ${margin}`);
    }
  }
  if (new Set(gates.map(({ metric }) => metric)).size < gates.length) {
    throw new UserError('GATE_TWICE', 'two gates are on the same metric', 'Keep one of them.');
  }
}

/** The metrics of a pair in order: those that a trial has, and those that were asked for. */
function casesOf(
  files: readonly ComparedFile[],
  pair: PlannedPair,
  asked: readonly string[],
  gates: readonly Gate[],
): readonly MetricCase[] {
  const trials = pairTrials(files, pair);
  const paired = pair.design === 'paired';
  const losses = lossesOf(sideValues(trials, derivedMetrics.lossRate, paired));
  return metricsInOrder(asked).flatMap((metric): MetricCase[] => {
    const values = sideValues(trials, metric, paired);
    if (isEmpty(values) && usualMetrics.includes(metric) && !asked.includes(metric)) return [];
    const gate =
      pair.ungated === null && pair.importedFrom === null ? gates.find((one) => one.metric === metric) : undefined;
    const treatment = treatmentOf(metric, values, { pair, trials, losses });
    return [{ metric, pair, trials, values, treatment, gate: gate ?? null }];
  });
}

function isEmpty({ base, other }: SideValues): boolean {
  return base.perTrial.length === 0 && other.perTrial.length === 0;
}

function lossesOf({ base, other }: SideValues): LossRates {
  return { base: base.perTrial.map(({ value }) => value), other: other.perTrial.map(({ value }) => value) };
}

function sourceOf({ path, results: { header } }: ComparedFile): SourceRun {
  const { runId, scenario, startedAt, seed } = header;
  return { file: path, runId, scenario: scenario.name, startedAt, seed, imported: importedTool(header) !== null };
}

/** About the files as such: runs that ended early, and figures of other programs. */
function sourceWarnings(files: readonly ComparedFile[]): readonly string[] {
  const labels = fileLabels(files);
  return files.flatMap(({ results: { header, trials, footer } }, index) => {
    const label = labels[index]!;
    const found: string[] = [];
    if (footer === null || footer.interrupted) {
      const ended = footer === null ? 'was killed' : 'was interrupted';
      found.push(
        `${label} ${ended} after ${trials.length} of ${plural(header.trials.length, 'trial')}: only these are compared.`,
      );
    }
    const tool = importedTool(header);
    if (tool !== null) {
      found.push(`${label} holds figures of ${tool}: nothing was reconciled, so they are shown and never judged.`);
    }
    return found;
  });
}

function pairOf(
  { plan, excluded }: JudgedPair,
  metrics: ComparedPair['metrics'],
  cases: readonly MetricCase[],
): ComparedPair {
  const { name, base, other, design, warnings } = plan;
  const trials = cases[0]?.trials;
  return {
    name,
    base,
    other,
    design,
    excluded,
    metrics,
    warnings: [...warnings, ...pairWarnings(plan, trials, metrics)],
  };
}

function pairWarnings(
  plan: PlannedPair,
  trials: PairTrials | undefined,
  metrics: ComparedPair['metrics'],
): readonly string[] {
  const found: string[] = [];
  if (trials === undefined || plan.importedFrom !== null) return found;
  const [base, other] = [trials.base.length, trials.other.length];
  if (base === 0 || other === 0) found.push('There is no trial to compare.');
  else if (base === 1 && other === 1) {
    found.push('One trial on each side: figures, not a verdict, since single runs differ. --blocks 8 gives verdicts.');
  }
  const withheld = metrics.filter(({ reason }) => reason?.startsWith('withheld:') === true);
  if (withheld.length > 0) {
    found.push(
      'The sides lost different shares of their requests: verdicts on latency are withheld, since they would be about the survivors.',
    );
  }
  return found;
}
