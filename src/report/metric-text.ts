/** A metric's figure as text with its unit, and the words of a verdict: the same in every report. */
import type { ComparedMetric, SideFigures } from '../compare/document.ts';
import { marginText } from '../compare/metric-comparison.ts';
import { derivedMetrics, type MetricUnit } from '../scenario/metrics.ts';
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

/** `regression beyond 10 %`, `equal within 5 %`, `inconclusive at 5 %`; `figures only` where nothing was judged. */
export function verdictText({ metric, verdict, kind, margin, warn }: ComparedMetric): string {
  const limit = marginText(metric, margin);
  const exactly = kind === 'exact' ? ', exact' : '';
  switch (verdict) {
    case 'regression':
    case 'improvement':
      return `${verdict} beyond ${limit}${exactly}`;
    case 'equivalent':
      return `${margin === 0 ? 'equal' : `equal within ${limit}`}${exactly}`;
    case 'inconclusive':
      return warn ? `inconclusive at ${limit}, but there is a change` : `inconclusive at ${limit}`;
    case null:
      return 'figures only';
  }
}
