/** The answer of a trend in sentences, and its changes as rows: the same in every form. Names come as they are; each form makes them safe. */
import type { TrendChange, TrendDocument, TrendRun, TrendScenario, TrendSeries } from '../compare/trend-document.ts';
import { significant } from './format.ts';
import { listed, plural } from '../compare/words.ts';
import { metricName } from './html/metric-words.ts';

/** A change with what it is a change of. */
export interface ChangeRow {
  readonly scenario: TrendScenario;
  readonly series: TrendSeries;
  readonly change: TrendChange;
  /** The first run after the change. */
  readonly run: TrendRun;
}

/** Recent worsenings first, then recent improvements, then the others; in each the newest first. */
export function changeRows({ scenarios }: TrendDocument): readonly ChangeRow[] {
  const rows = scenarios.flatMap((scenario) =>
    scenario.series.flatMap((series) =>
      series.changes.map((change) => ({
        scenario,
        series,
        change,
        run: scenario.runs[series.points[change.point]!.run]!,
      })),
    ),
  );
  const rank = ({ change }: ChangeRow): number => (change.recent ? (change.worse ? 0 : 1) : 2);
  const time = ({ run }: ChangeRow): number => Date.parse(run.startedAt);
  return rows.toSorted((a, b) => rank(a) - rank(b) || time(b) - time(a));
}

/** `response time p99 of pool=8, against pool=32`. */
export function seriesName({ metric, variant, control }: TrendSeries): string {
  return `${metricName(metric)} of ${variant}, against ${control}`;
}

/** `2026-11-15`; all times are UTC. */
export function dayText({ startedAt }: TrendRun): string {
  return startedAt.slice(0, 10);
}

/** The label, or the id of the run where nobody gave one. */
export function labelText({ label, runId }: TrendRun): string {
  return label ?? `run ${runId}`;
}

/** `+12.3 %`. */
export function magnitudeText({ magnitude }: TrendChange): string {
  const percent = magnitude * 100;
  return `${percent > 0 ? '+' : ''}${significant(percent)} %`;
}

/** `2e-9`; what is too small to mean anything is shown as a bound. */
export function pText(p: number): string {
  return p < 1e-12 ? '< 1e-12' : p.toExponential(0);
}

/** `0.612 -> 0.687`. */
export function ratiosText({ before, after }: TrendChange): string {
  return `${significant(before)} -> ${significant(after)}`;
}

export function directionText({ worse }: TrendChange): 'worse' | 'better' {
  return worse ? 'worse' : 'better';
}

/** What else changed in the same run, in sentences. */
export function changeNotes({ series, change }: ChangeRow): readonly string[] {
  const notes: string[] = [];
  if (change.allAgainstControl) {
    notes.push(
      `Every variant changed in this run against ${series.control}: the control itself may have changed the other way.`,
    );
  }
  if (change.hostChanges.length > 0) {
    notes.push(`The machine changed with this run (${change.hostChanges.join('; ')}).`);
  }
  return notes;
}

export interface TrendAnswer {
  readonly outcome: 'worse' | 'steady' | 'too short';
  /** The first one is the answer. */
  readonly sentences: readonly string[];
}

/** Changes told in sentences; the table has the others. */
const mostTold = 5;

export function trendAnswer(document: TrendDocument): TrendAnswer {
  const rows = changeRows(document);
  const worse = rows.filter(({ change }) => change.recent && change.worse);
  const better = rows.filter(({ change }) => change.recent && !change.worse);
  const older = rows.length - worse.length - better.length;
  const short = needs(document);
  const nothing = short !== null && document.scenarios.every(({ series }) => series.every((one) => one.runsNeeded > 0));
  const sentences = [
    ...told(worse, 'worse'),
    ...(worse.length > 0 || nothing ? [] : [steadySentence(document)]),
    ...(short === null ? [] : [short]),
    ...told(better, 'better'),
    ...(older > 0 ? [`${plural(older, 'earlier change')} ${older === 1 ? 'is' : 'are'} listed below.`] : []),
    ...document.scenarios.filter(({ otherRuns }) => otherRuns > 0).map(othersSentence),
  ];
  return { outcome: worse.length > 0 ? 'worse' : nothing ? 'too short' : 'steady', sentences };
}

function told(rows: readonly ChangeRow[], direction: 'worse' | 'better'): readonly string[] {
  const sentences = rows.slice(0, mostTold).map(({ series, change, run }) => {
    const what = `${metricName(series.metric)} of ${series.variant} got ${direction} by ${significant(Math.abs(change.magnitude) * 100)} %`;
    const since = `with ${labelText(run)} on ${dayText(run)}`;
    return `${capitalised(what)} ${since}: from ${significant(change.before)} to ${significant(change.after)} times that of ${series.control}.`;
  });
  const rest = rows.length - mostTold;
  if (rest > 0) sentences.push(`${plural(rest, 'more recent change')} for the ${direction}.`);
  return sentences;
}

function capitalised(text: string): string {
  return text.replace(/^./u, (first) => first.toUpperCase());
}

function steadySentence({ scenarios, parameters }: TrendDocument): string {
  const series = scenarios.reduce((sum, scenario) => sum + scenario.series.length, 0);
  return `Nothing got worse in the last ${plural(parameters.recent, 'run')}: ${series} series were looked at.`;
}

/** How many runs are missing; null where all series have enough. */
function needs({ scenarios, parameters }: TrendDocument): string | null {
  const short = scenarios.flatMap(({ scenario, series }) => {
    const most = Math.max(0, ...series.map((one) => one.runsNeeded));
    return most === 0 ? [] : [{ scenario, most, all: series.every((one) => one.runsNeeded > 0) }];
  });
  if (short.length === 0) return null;
  const parts = short.map(
    ({ scenario, most, all }) => `${scenario}${all ? '' : ' (some series)'} needs ${plural(most, 'more run')}`,
  );
  const rule = `a change can be found with ${2 * parameters.leastStretch} runs, ${parameters.leastStretch} before it and ${parameters.leastStretch} after`;
  return `Too short yet: ${listed(parts)}; ${rule}.`;
}

function othersSentence({ scenario, otherRuns }: TrendScenario): string {
  return `${plural(otherRuns, 'earlier run')} of ${scenario} with other settings ${otherRuns === 1 ? 'is' : 'are'} left out.`;
}

/** What counts as a change, in a sentence or two. */
export function ruleText({ parameters }: TrendDocument): string {
  const { maxP, leastMagnitude, leastStretch, recent } = parameters;
  return (
    `A change is one of at least ${leastMagnitude * 100} % that lasted ${leastStretch} runs, with p of at most ${maxP}. ` +
    `One for the worse in the last ${recent} runs counts as a failure.`
  );
}
