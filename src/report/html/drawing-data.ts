/** The figures of the static drawings as JSON, for programs that read the page. */
import type { ComparedMetric, ComparisonDocument } from '../../compare/document.ts';
import { mostDrawnPairs, plottedMetrics } from './comparison-section.ts';
import { phaseFigures, type PhaseFigures } from './phase-figures.ts';
import { labelled, mostVariants, trialStrips } from './plots-section.ts';
import { reuseHistogram, type ReuseHistogram } from './reuse-figures.ts';
import { labelText, type RunView } from './view.ts';

interface DrawingData {
  readonly runs: readonly {
    readonly phases: readonly PhaseFigures[];
    readonly requestsPerConnection: ReuseHistogram;
    /** Each point: place in the run from 0 to 1, ratio to the variant's median, 1 for a valid trial. */
    readonly trials: readonly {
      readonly variant: string;
      readonly p50: readonly Point[];
      readonly p99: readonly Point[];
    }[];
  }[];
  readonly comparison: readonly {
    readonly pair: string;
    readonly metrics: readonly RatioData[];
  }[];
}
/** `base` and `other` are medians over trials, in the metric's unit. */
type RatioData = Pick<
  ComparedMetric,
  'metric' | 'unit' | 'better' | 'kind' | 'gating' | 'n' | 'ratio' | 'interval' | 'margin' | 'verdict'
> & { readonly base: number | null; readonly other: number | null };
type Point = readonly [place: number, ratio: number, valid: 0 | 1];

/** What is drawn and no more, so that its size is bounded. */
export function drawingData(views: readonly RunView[], { pairs }: ComparisonDocument): DrawingData {
  const metrics = new Set(plottedMetrics(pairs));
  return {
    runs: views.map((view) => {
      const rows = view.rows.slice(0, mostVariants).map(labelled);
      return { phases: phaseFigures(rows), requestsPerConnection: reuseHistogram(rows), trials: trialsOf(view) };
    }),
    comparison: pairs.slice(0, mostDrawnPairs).map((pair) => ({
      pair: labelText(pair.name),
      metrics: pair.metrics.filter(({ metric }) => metrics.has(metric)).map(ratioOf),
    })),
  };
}

function ratioOf(figures: ComparedMetric): RatioData {
  const { metric, unit, better, kind, gating, base, other, n, ratio, interval, margin, verdict } = figures;
  const name = labelText(metric);
  return {
    metric: name,
    unit,
    better,
    kind,
    gating,
    base: base.value,
    other: other.value,
    n,
    ratio,
    interval,
    margin,
    verdict,
  };
}

function trialsOf(view: RunView): DrawingData['runs'][number]['trials'] {
  return trialStrips(view).map(({ label, series }) => {
    const points = (name: 'dot' | 'ring'): readonly Point[] =>
      series
        .filter((one) => one.name === name)
        .flatMap((one) =>
          one.points.map(({ place, ratio, valid }): Point => [rounded(place), rounded(ratio), valid ? 1 : 0]),
        );
    return { variant: label, p50: points('dot'), p99: points('ring') };
  });
}

/** Four significant digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
