/** How many requests the connections of a variant carried, in bins that double. */
import type { VariantFigures } from '../variant-figures.ts';

export interface ReuseBin {
  /** Requests per connection, both ends included. */
  readonly from: number;
  readonly to: number;
}

export interface ReuseFigures {
  readonly label: string;
  readonly connections: number;
  /** Connections by bin, in the order of `bins`. */
  readonly counts: readonly number[];
  readonly mean: number;
  readonly max: number;
}

export interface ReuseHistogram {
  readonly bins: readonly ReuseBin[];
  readonly rows: readonly ReuseFigures[];
}

/** 0 for connections without a request, then 1, 2 to 3, 4 to 7 and so on. */
function binOf(requests: number): number {
  return requests < 1 ? 0 : Math.floor(Math.log2(requests)) + 1;
}

/** Bins from the lowest to the highest one in use; variants without a count are left out. */
export function reuseHistogram(rows: readonly VariantFigures[]): ReuseHistogram {
  const tallies = rows.map((row) => ({ label: row.label, tally: tallyOf(row) })).filter(({ tally }) => tally.size > 0);
  const used = tallies.flatMap(({ tally }) => [...tally.keys()].map(binOf));
  if (used.length === 0) return { bins: [], rows: [] };
  const first = used.reduce((least, bin) => Math.min(least, bin));
  const last = used.reduce((most, bin) => Math.max(most, bin));
  const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const bins = numbers.map((bin) => (bin === 0 ? { from: 0, to: 0 } : { from: 2 ** (bin - 1), to: 2 ** bin - 1 }));
  return { bins, rows: tallies.map(({ label, tally }) => figuresOf(label, tally, numbers)) };
}

/** Requests -> connections, over the variant's trials. */
function tallyOf({ trials, validTrials }: VariantFigures): ReadonlyMap<number, number> {
  const tally = new Map<number, number>();
  for (const { connections } of validTrials.length > 0 ? validTrials : trials) {
    for (const [requests, times] of Object.entries(connections?.requestsPerConnection.histogram ?? {})) {
      const key = Number(requests);
      if (times > 0 && Number.isFinite(key)) tally.set(key, (tally.get(key) ?? 0) + times);
    }
  }
  return tally;
}

function figuresOf(label: string, tally: ReadonlyMap<number, number>, bins: readonly number[]): ReuseFigures {
  const entries = [...tally];
  const connections = entries.reduce((sum, [, times]) => sum + times, 0);
  const requests = entries.reduce((sum, [each, times]) => sum + each * times, 0);
  const counts = bins.map((bin) => entries.reduce((sum, [each, times]) => sum + (binOf(each) === bin ? times : 0), 0));
  const max = entries.reduce((most, [each]) => Math.max(most, each), 0);
  return { label, connections, counts, mean: requests / connections, max };
}
