/** The programs on the way as the cells of a table: the same in every report. Figures are medians over trials, failures are sums. */
import type { HopRecord } from '../results/hop-record.ts';
import type { TrialRecord } from '../results/record.ts';
import { median } from '../stats/summary.ts';
import { count } from './format.ts';

export interface HopRow {
  /** `1 nginx`, or `1 NAME (nginx)`; the first is the nearest to the client. */
  readonly name: string;
  /** In the order of `hopHeadings`; null where no trial tells. */
  readonly cells: readonly (string | null)[];
  /** Why cells are missing; null where none is. */
  readonly missing: string | null;
}

interface HopFigure {
  readonly heading: string;
  /** In a sentence: `8 connections in`. */
  readonly words: string;
  readonly of: (hop: HopRecord) => number | null;
  readonly isSum?: true;
}

const hopFigures: readonly HopFigure[] = [
  { heading: 'conns in', words: 'connections in', of: ({ accepted }) => accepted },
  { heading: 'conns out', words: 'connections out', of: ({ upstream }) => upstream?.opened ?? null },
  { heading: 'requests in', words: 'requests in', of: ({ requests }) => requests.received },
  { heading: 'requests out', words: 'requests out', of: ({ requests }) => requests.sent },
  { heading: 'out on reused', words: 'of these on reused connections', of: ({ requests }) => requests.sentOnReuse },
  { heading: 'retries', words: 'retries', of: ({ requests }) => requests.retries, isSum: true },
  { heading: '502', words: 'answers of 502', of: ({ failed }) => failed?.[502] ?? null, isSum: true },
  { heading: '504', words: 'answers of 504', of: ({ failed }) => failed?.[504] ?? null, isSum: true },
  { heading: 'peak FDs', words: 'FDs at the peak', of: ({ fds }) => fds.peak },
  { heading: 'TIME_WAIT', words: 'connections into TIME_WAIT', of: ({ timeWaitEntered }) => timeWaitEntered },
];

export const hopHeadings: readonly string[] = hopFigures.map(({ heading }) => heading);

/** What the figures are. */
export const hopNote =
  'In: from the client or the program before; out: to the next one. TIME_WAIT: connections that the program closed first, by its own tally. Medians over trials; retries, 502 and 504 are sums.';

/** Of the valid trials, or of all where none is; empty without programs on the way. */
export function hopRows({
  validTrials,
  trials,
}: {
  readonly validTrials: readonly TrialRecord[];
  readonly trials: readonly TrialRecord[];
}): readonly HopRow[] {
  const chains = (validTrials.length > 0 ? validTrials : trials).map(({ hops = [] }) => hops);
  const longest = chains.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: longest }, (_, index) =>
    rowOf(
      index,
      chains.flatMap((chain) => chain[index] ?? []),
    ),
  );
}

function rowOf(index: number, hops: readonly HopRecord[]): HopRow {
  const { kind = '', name } = hops[0] ?? {};
  return {
    name: `${index + 1} ${name === undefined ? kind : `${name} (${kind})`}`,
    cells: hopFigures.map((figure) => cellOf(figure, hops)),
    missing: hops.find(({ missing }) => missing !== null)?.missing ?? null,
  };
}

function cellOf({ of, isSum }: HopFigure, hops: readonly HopRecord[]): string | null {
  const values = hops.map(of).filter((value) => value !== null);
  if (values.length === 0) return null;
  return count(isSum === true ? values.reduce((sum, value) => sum + value, 0) : median(values)!);
}

/** One program in words: `1 nginx: 8 connections in, ...`, without what nobody tells. */
export function hopSentence({ name, cells, missing }: HopRow): string {
  const known = hopFigures.flatMap(({ words }, index) => {
    const cell = cells[index] ?? null;
    return cell === null ? [] : [`${cell} ${words}`];
  });
  const figures = known.length === 0 ? 'no figures' : known.join(', ');
  return `${name}: ${figures}.${missing === null ? '' : ` Not known of the rest: ${missing}.`}`;
}
