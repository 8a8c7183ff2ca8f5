/** A metric's figure as text with its unit, and the words of a verdict: the same in every report. */
import type { ComparedMetric, SideFigures } from '../compare/document.ts';
import { marginText } from '../compare/metric-comparison.ts';
import { derivedMetrics, type MetricUnit } from '../scenario/metrics.ts';
import type { Verdict } from '../stats/verdict.ts';
import { amount, boundText, count, milliseconds, significant } from './format.ts';
import { percent } from '../compare/words.ts';

/** Three significant digits and the unit; times in ms, CPU in us. */
export function metricText(value: number, unit: MetricUnit): string {
  switch (unit) {
    case 'ns':
      return `${milliseconds(value)} ms`;
    case 'us':
      return `${amount(value)} us`;
    case 'bytes':
      return bytesText(value);
    case 'perSecond':
      return `${amount(value)}/s`;
    case 'count':
      return Number.isInteger(value) ? count(value) : amount(value);
    case 'ratio':
      return significant(value);
  }
}

/** A figure of a comparison; the share of lost requests in percent. */
export function comparedText({ metric, unit }: Pick<ComparedMetric, 'metric' | 'unit'>, value: number): string {
  return metric === derivedMetrics.lossRate ? percent(value) : metricText(value, unit);
}

/** The median of a side: `5000 ms`, `>=5000 ms` for a lower bound; null without one. */
export function sideText(
  metric: Pick<ComparedMetric, 'metric' | 'unit'>,
  { value, atLeast }: Pick<SideFigures, 'value' | 'atLeast'>,
): string | null {
  return value === null ? null : boundText(comparedText(metric, value), atLeast);
}

/** The metric's name; of lost requests with what the figure is, as other figures of a report are shares of all requests of a variant. */
export function medianOf({ metric }: Pick<ComparedMetric, 'metric'>, name: string): string {
  return metric === derivedMetrics.lossRate ? `${name}, median trial` : name;
}

function bytesText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${significant(value / 1e9)} GB`;
  if (size >= 1e6) return `${significant(value / 1e6)} MB`;
  return size >= 1e3 ? `${significant(value / 1e3)} kB` : `${amount(value)} B`;
}

/** `1.08 [1.02, 1.14]`; null without a ratio. */
export function ratioText({ ratio, interval }: Pick<ComparedMetric, 'ratio' | 'interval'>): string | null {
  if (ratio === null) return null;
  return interval === null ? ratioFigure(ratio) : `${ratioFigure(ratio)} [${intervalText(interval)}]`;
}

function intervalText({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${ratioFigure(low)}, ${ratioFigure(high)}`;
}

/** Three decimals around 1, where ratios live: 0.9996 and 1.0004 must not both be 1.00. */
function ratioFigure(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return value >= 0.1 && value < 10 ? value.toFixed(3) : significant(value);
}

/** The verdicts in a word, for tables and tallies. */
const verdictWords = {
  regression: 'worse',
  improvement: 'better',
  equivalent: 'no change',
  inconclusive: 'open',
} as const satisfies Readonly<Record<Verdict, string>>;

/** The words that a verdict can be, the gravest first. */
export const everyVerdictWord = ['worse', 'better', 'no change', 'within margin', 'open'] as const;
type VerdictWord = (typeof everyVerdictWord)[number];

/** A small change, one that excludes "none" but stays within the margin, is not called none. Null where nothing was judged. */
export function verdictWord({ verdict, warn }: Pick<ComparedMetric, 'verdict' | 'warn'>): VerdictWord | null {
  if (verdict === null) return null;
  return verdict === 'equivalent' && warn ? 'within margin' : verdictWords[verdict];
}

/** What an open verdict that excludes "no change" leans to: `worse` or `better`. */
export function leaning({ ratio, better, base, other }: ComparedMetric): 'worse' | 'better' {
  const more = ratio === null ? (other.value ?? 0) > (base.value ?? 0) : ratio > 1;
  return more === (better === 'lower') ? 'worse' : 'better';
}

/**
 * `worse beyond 10 %`, `no change beyond 5 %`, `within 5 %` for a change that is smaller, `open at 5 %`; `figures only` where nothing was
 * judged.
 */
export function verdictText(metric: ComparedMetric): string {
  const { verdict, kind, margin, warn } = metric;
  const limit = marginText(metric.metric, margin);
  const exactly = kind === 'exact' ? ', exact' : '';
  switch (verdict) {
    case 'regression':
    case 'improvement':
      return `${verdictWords[verdict]} beyond ${limit}${exactly}`;
    case 'equivalent':
      if (warn) return `within ${limit}${exactly}`;
      return `${margin === 0 ? verdictWords[verdict] : `${verdictWords[verdict]} beyond ${limit}`}${exactly}`;
    case 'inconclusive':
      return `${verdictWords[verdict]} at ${limit}${warn ? `, ${leaning(metric)}?` : ''}`;
    case null:
      return 'figures only';
  }
}

/**
 * The smallest change that would have been seen, two significant digits: `8.2 %`, of lost requests in points as their margin is. Null where
 * it is not known, and for an exact count, which has no error that a change could hide in.
 */
export function detectableText({
  metric,
  kind,
  smallestDetectable,
}: Pick<ComparedMetric, 'metric' | 'kind' | 'smallestDetectable'>): string | null {
  if (kind === 'exact' || smallestDetectable === null) return null;
  return marginText(metric, Number(smallestDetectable.toPrecision(2)));
}
