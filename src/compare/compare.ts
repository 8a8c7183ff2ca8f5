/** Compares the variants of one run, or of several result files, metric by metric, and judges the gates. */
import { isCount } from '../scenario/gates.ts';
import { metricUnit } from '../scenario/metrics.ts';
import { quote } from '../scenario/problem.ts';
import { UserError } from '../scenario/user-error.ts';
import { blocksNeeded } from '../stats/signed-rank.ts';
import { usualAlpha } from '../stats/verdict.ts';
import { pairsAcrossFiles } from './across-files-pairs.ts';
import type { ComparedPair, ComparisonDocument, SourceRun } from './document.ts';
import { tooFewBlocks } from './gate-blocks.ts';
import { judgeGates, type JudgedPair } from './gate-results.ts';
import type { Gate } from './gates.ts';
import { judgeMetric, type MetricCase } from './metric-comparison.ts';
import { metricsInOrder, usualMetrics } from './metric-list.ts';
import { lostByOther, pairTrials, type PairTrials } from './pair-trials.ts';
import { fileLabels, importedTool, type ComparedFile, type PlannedPair } from './pairing.ts';
import { sideValues, type SideValues } from './side-values.ts';
import { isCharged, treatmentOf } from './treatment.ts';
import { pairsWithinRun } from './within-run-pairs.ts';
import { WithinRunReader } from './within-run.ts';
import { plural } from './words.ts';

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

/**
 * One file: every variant against its counterpart in the baseline. Several: every file against the first.
 * Throws a `UserError` for what cannot, or may not, be compared, with code `NOTHING_TO_COMPARE` where a run has a single variant per load,
 * `BAD_GATE` for a gate that is none; a RangeError without a file.
 */
export function compareRuns(files: readonly ComparedFile[], options: CompareOptions): ComparisonDocument {
  const { gates, metrics = [], alpha = usualAlpha } = options;
  assertGates(gates);
  const [first, second] = files;
  if (first === undefined) throw new RangeError('a comparison needs a result file');
  const planned = second === undefined ? pairsWithinRun(first, options) : pairsAcrossFiles(files, options);
  const read = planned.pairs.map((pair) =>
    readCases(files, pair, [...gates.map(({ metric }) => metric), ...metrics], gates),
  );
  const tests = read.flat().filter(({ gate, charged }) => gate !== null && charged).length;
  const alphaOf = ({ gate }: { readonly gate: Gate | null }): number =>
    gate === null ? alpha : alpha / Math.max(1, tests);
  const cases = read.map((ofPair) =>
    ofPair.map((item): MetricCase => {
      return { ...item, treatment: treatmentOf(item.metric, item.values, { ...item, alpha: alphaOf(item) }) };
    }),
  );
  const withinRun = new WithinRunReader(2 * planned.pairs.length, first.results.header.seed);
  const judged = planned.pairs.map((plan, index): JudgedPair => {
    const ofPair = cases[index]!;
    const judgedMetrics = ofPair.map((item) => judgeMetric(item, { alpha: alphaOf(item), tests, withinRun }));
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
  return [tooFewBlocks(tests, alpha, blocks) ?? []].flat();
}

/** Gates of a file are what somebody wrote there. */
function assertGates(gates: readonly Gate[]): void {
  for (const { metric, margin } of gates) {
    if (metricUnit(metric) === null)
      throw new UserError('BAD_GATE', `a gate is on ${quote(metric)}, which is no metric`);
    if (!(margin > 0 && margin < Infinity) && !(margin === 0 && isCount(metric))) {
      const hint = 'A margin is more than 0 %; 0 % is for counts only.';
      throw new UserError('BAD_GATE', `${metric} cannot be gated with a margin of ${margin}`, hint);
    }
  }
  if (new Set(gates.map(({ metric }) => metric)).size < gates.length) {
    throw new UserError('GATE_TWICE', 'two gates are on the same metric', 'Keep one of them.');
  }
}

/** A case before it is decided how to judge it. */
type ReadCase = Omit<MetricCase, 'treatment'>;

/** The metrics of a pair in order: those that a trial has, and those that were asked for. */
function readCases(
  files: readonly ComparedFile[],
  pair: PlannedPair,
  asked: readonly string[],
  gates: readonly Gate[],
): readonly ReadCase[] {
  const trials = pairTrials(files, pair);
  const paired = pair.design === 'paired';
  return metricsInOrder(asked).flatMap((metric): ReadCase[] => {
    const values = sideValues(trials, metric, paired);
    if (isEmpty(values) && usualMetrics.includes(metric) && !asked.includes(metric)) return [];
    const gate =
      pair.ungated === null && pair.importedFrom === null ? gates.find((one) => one.metric === metric) : undefined;
    return [{ metric, pair, trials, values, gate: gate ?? null, charged: isCharged(metric, values) }];
  });
}

function isEmpty({ base, other }: SideValues): boolean {
  return base.perTrial.length === 0 && other.perTrial.length === 0;
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
  const lost = lostByOther(trials.excluded);
  if (lost > 0) {
    const what = plural(lost, plan.design === 'paired' ? 'block' : 'trial');
    found.push(
      `The new side lost ${what} to failures of its own, and the base did not: the figures are of the others, and no gate passes.`,
    );
  }
  const withheld = metrics.filter(({ reason }) => reason?.startsWith('withheld:') === true);
  if (withheld.length > 0) {
    found.push(
      'The sides lost different shares of their requests: verdicts on latency are withheld, since they would be about the survivors.',
    );
  }
  return found;
}
