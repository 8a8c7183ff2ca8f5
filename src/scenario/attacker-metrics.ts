/** The figures of attackers that a claim can be about: `attackers.GROUP.FIGURE`, a group by its place in the list from 1. */
import { nearest } from './suggest.ts';

type AttackerUnit = 'count' | 'ns';

const under = (prefix: string, names: readonly string[]): readonly string[] => names.map((name) => `${prefix}.${name}`);

const counts: readonly string[] = [
  'attempted',
  'opened',
  'connectFailed',
  'requests',
  ...under('closedByServer', ['fin', 'reset']),
  'stillOpen',
  ...under('firstCloser', ['client', 'server', 'reset']),
  'untilCut.count',
];
const times: readonly string[] = under('untilCut', ['min', 'p50', 'p90', 'max', 'mean']);
const units: ReadonlyMap<string, AttackerUnit> = new Map([
  ...counts.map((figure) => [figure, 'count'] as const),
  ...times.map((figure) => [figure, 'ns'] as const),
]);
/** Answers by status: any that there is. */
const status = /^statuses\.([1-5]\d\d)$/;

interface AttackerMetric {
  /** Place of the group in the list, from 0. */
  readonly group: number;
  /** Path in its record. */
  readonly figure: string;
  readonly unit: AttackerUnit;
  /** Of `statuses.408`: `408`; null for other figures. */
  readonly status: string | null;
}

/** What a path such as `attackers.1.untilCut.max` asks for; null for any other path. */
export function attackerMetric(path: string): AttackerMetric | null {
  const [, place, figure = ''] = /^attackers\.([1-8])\.(.+)$/.exec(path) ?? [];
  const asked = status.exec(figure)?.[1] ?? null;
  const unit = asked === null ? units.get(figure) : 'count';
  return unit === undefined ? null : { group: Number(place) - 1, figure, unit, status: asked };
}

/** What a path that begins as one of attackers was probably meant to be. */
export function nearestAttackerMetric(path: string): string | undefined {
  const [, place = '1', figure = ''] = /^attackers\.(?:([1-8])\.)?(.+)$/.exec(path) ?? [];
  const meant = figure === '' ? undefined : nearest(figure, [...units.keys(), 'statuses.408']);
  return meant === undefined ? undefined : `attackers.${place}.${meant}`;
}
