/** The attackers as the cells of a table: the same in every report. Counts are sums over trials, times the medians of their medians. */
import type { AttackerRecord } from '../results/attacker-record.ts';
import type { TrialRecord } from '../results/record.ts';
import { looksAtAnswers } from '../scenario/attacker-config.ts';
import { median } from '../stats/summary.ts';
import { count, significant } from './format.ts';

export interface AttackerRow {
  /** `1 slow-headers x 100`. */
  readonly name: string;
  /** In the order of `attackerHeadings`; null where no trial tells. */
  readonly cells: readonly (string | null)[];
}

interface AttackerFigure {
  readonly heading: string;
  /** In a sentence: `8 opened`. */
  readonly words: string;
  readonly of: (attacker: AttackerRecord) => number | null;
  /** A time in seconds, of which the median is shown; others are sums. */
  readonly isTime?: true;
}

const seconds = (ns: number | undefined): number | null => (ns === undefined ? null : ns / 1e9);

const figures: readonly AttackerFigure[] = [
  { heading: 'opened', words: 'connections opened', of: ({ opened }) => opened },
  { heading: 'failed', words: 'connects failed', of: ({ connectFailed }) => connectFailed },
  { heading: 'cut by FIN', words: 'cut by FIN', of: ({ closedByServer }) => closedByServer.fin },
  { heading: 'cut by RST', words: 'cut by reset', of: ({ closedByServer }) => closedByServer.reset },
  {
    heading: '408',
    words: 'answers of 408',
    of: ({ kind, statuses }) => (looksAtAnswers(kind) ? (statuses['408'] ?? 0) : null),
  },
  { heading: 'open at the end', words: 'open at the end', of: ({ stillOpen }) => stillOpen },
  {
    heading: 'first cut, s',
    words: 's until the first was cut',
    of: ({ untilCut }) => seconds(untilCut?.min),
    isTime: true,
  },
  {
    heading: 'median cut, s',
    words: 's until half were cut',
    of: ({ untilCut }) => seconds(untilCut?.p50),
    isTime: true,
  },
  {
    heading: 'last cut, s',
    words: 's until the last was cut',
    of: ({ untilCut }) => seconds(untilCut?.max),
    isTime: true,
  },
];

export const attackerHeadings: readonly string[] = figures.map(({ heading }) => heading);

/** What the figures are. */
export const attackerNote =
  "Clients that misbehaved beside the load, by their own counts; no figure of the load has them in it, but the server's and the kernels' counts do. Cut: ended by the server, this long after the connection was established. Counts are sums over trials.";

/** Of the valid trials, or of all where none is; empty without attackers. */
export function attackerRows({
  validTrials,
  trials,
}: {
  readonly validTrials: readonly TrialRecord[];
  readonly trials: readonly TrialRecord[];
}): readonly AttackerRow[] {
  const lists = (validTrials.length > 0 ? validTrials : trials).map(({ attackers = [] }) => attackers);
  const longest = lists.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: longest }, (_, index) => {
    const group = lists.flatMap((list) => list[index] ?? []);
    const [first] = group;
    return {
      name: `${index + 1} ${first?.kind ?? ''} x ${count(first?.connections ?? 0)}`,
      cells: figures.map((figure) => cellOf(figure, group)),
    };
  });
}

function cellOf({ of, isTime }: AttackerFigure, group: readonly AttackerRecord[]): string | null {
  const values = group.map(of).filter((value) => value !== null);
  if (values.length === 0) return null;
  return isTime === true ? significant(median(values)!) : count(values.reduce((sum, value) => sum + value, 0));
}

/** One group in words: `1 silent x 10: 20 connections opened, ...`, without what nobody tells. */
export function attackerSentence({ name, cells }: AttackerRow): string {
  const known = figures.flatMap(({ words }, index) => {
    const cell = cells[index] ?? null;
    return cell === null ? [] : [`${cell} ${words}`];
  });
  return `${name}: ${known.join(', ')}.`;
}
