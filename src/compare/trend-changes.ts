/** Words the change points of all series of a scenario: better or worse, recent or not, and what else changed in the same run. */
import type { HistoryEntry } from '../results/history.ts';
import type { ChangePoint } from '../stats/e-divisive.ts';
import type { TrendChange, TrendSeries } from './trend-document.ts';

type Host = HistoryEntry['host'];

/** A series, and its change points on the logarithms of its ratios. */
interface SeriesWithPoints {
  readonly series: Omit<TrendSeries, 'changes'>;
  readonly found: readonly ChangePoint[];
}

/** `hosts` are those of the scenario's runs. A change is recent where it is one of the last `recent` points of its series. */
export function seriesChanges(
  all: readonly SeriesWithPoints[],
  hosts: readonly Host[],
  recent: number,
): readonly TrendSeries[] {
  return all.map((own) => {
    const { series, found } = own;
    const peers = all.filter(({ series: other }) => other.metric === series.metric && other.control === series.control);
    const changes = found.map((point) => ({
      ...figuresOf(point),
      worse: rises(point) === (series.better === 'lower'),
      recent: point.index >= series.points.length - recent,
      allAgainstControl: peers.length > 1 && peers.every((peer) => changesWith(peer, runAt(own, point.index), point)),
      hostChanges: hostChanges(hosts[runAt(own, point.index - 1)]!, hosts[runAt(own, point.index)]!),
    }));
    return { ...series, changes };
  });
}

function figuresOf(point: ChangePoint): Omit<TrendChange, 'worse' | 'recent' | 'allAgainstControl' | 'hostChanges'> {
  const { index, before, after, pointsBefore, pointsAfter, p } = point;
  return {
    point: index,
    before: Math.exp(before),
    after: Math.exp(after),
    pointsBefore,
    pointsAfter,
    magnitude: Math.expm1(after - before),
    p,
  };
}

function rises({ before, after }: ChangePoint): boolean {
  return after > before;
}

/** Index of the scenario's run of a point. */
function runAt({ series }: SeriesWithPoints, point: number): number {
  return series.points[point]!.run;
}

function changesWith(peer: SeriesWithPoints, run: number, change: ChangePoint): boolean {
  return peer.found.some((other) => runAt(peer, other.index) === run && rises(other) === rises(change));
}

function hostChanges(before: Host, after: Host): readonly string[] {
  const fields = Object.keys(after) as readonly (keyof Host)[];
  return fields
    .filter((field) => before[field] !== after[field])
    .map((field) => `${field}: ${before[field] ?? 'unknown'} to ${after[field] ?? 'unknown'}`);
}
