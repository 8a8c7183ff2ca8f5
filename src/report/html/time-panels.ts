/** Connections, descriptors and TIME_WAIT over time: the trials of a variant brought to common bins, then their median. */
import type { GaugeRecord, TrialRecord } from '../../results/record.ts';
import { median } from '../../stats/summary.ts';
import type { DrawnGroup } from './plot-groups.ts';
import { highestOf, lowestOf, rounded, roundStep } from './plot-numbers.ts';
import { type OverTimePlot, type PanelName, type TimePanel } from './plot-shapes.ts';

type Series = GaugeRecord['series'];
/** Ascending times; the value beside each is NaN where a sample could not be taken. Numbers only: a large run has millions. */
interface Samples {
  readonly ms: Float64Array;
  readonly values: Float64Array;
}

/** Bins of a panel, whatever the length of the trials. */
const mostBins = 120;
/** Length of the intervals in a record. */
const intervalMs = 1000;

const gauges: Readonly<Record<Exclude<PanelName, 'opened'>, (trial: TrialRecord) => Series>> = {
  clientFds: ({ fds }) => fds.client.series,
  serverFds: ({ fds }) => fds.server.series,
  clientTimeWait: ({ timeWait }) => timeWait.client.series,
  serverTimeWait: ({ timeWait }) => timeWait.server.series,
};

/** Null where no trial of the group has a sample. */
export function overTimePlot({ members }: DrawnGroup): OverTimePlot | null {
  const trials = members.map((member) => member.trials);
  const gauge = (name: keyof typeof gauges): TimePanel | null =>
    gaugePanel(trials.map((own) => own.map((trial) => samplesOf(gauges[name](trial)))));
  const panels: Readonly<Record<PanelName, TimePanel | null>> = {
    opened: openedPanel(trials),
    clientFds: gauge('clientFds'),
    serverFds: gauge('serverFds'),
    clientTimeWait: gauge('clientTimeWait'),
    serverTimeWait: gauge('serverTimeWait'),
  };
  if (Object.values(panels).every((panel) => panel === null)) return null;
  return { measureMs: measureMsOf(trials.flat()), panels };
}

export function measureMsOf(trials: readonly TrialRecord[]): number {
  return rounded(highestOf(trials.map(({ measureSeconds }) => (measureSeconds ?? 0) * 1000)));
}

/** Bins that begin at multiples of the step, so that one begins with measure. */
export class Bins {
  readonly stepMs: number;
  readonly #first: number;
  readonly #count: number;
  readonly #fromMs: number;

  /** At most `most` bins over a stretch of time, both ends included, none shorter than `shortestMs`. */
  constructor(fromMs: number, toMs: number, shortestMs: number, most: number) {
    const needed = (toMs - fromMs) / Math.max(1, most - 2);
    this.stepMs = needed <= shortestMs ? shortestMs : roundStep(needed / shortestMs) * shortestMs;
    this.#first = Math.floor(fromMs / this.stepMs);
    this.#count = Math.floor(toMs / this.stepMs) - this.#first + 1;
    this.#fromMs = fromMs;
  }

  get count(): number {
    return this.#count;
  }

  /** The bin of a time; the ends are kept inside. */
  of(ms: number): number {
    return Math.min(this.#count - 1, Math.max(0, Math.floor(ms / this.stepMs) - this.#first));
  }

  /** The first bin begins where the data does. */
  get startsMs(): readonly number[] {
    return Array.from({ length: this.#count }, (_, bin) =>
      rounded(bin === 0 ? Math.max(this.#fromMs, this.#first * this.stepMs) : (this.#first + bin) * this.stepMs),
    );
  }

  get endMs(): number {
    return rounded((this.#first + this.#count) * this.stepMs);
  }
}

function samplesOf(series: Series): Samples {
  const used = series.filter(([ms]) => typeof ms === 'number');
  return {
    ms: Float64Array.from(used, ([ms]) => Number(ms)),
    values: Float64Array.from(used, ([, value]) => value ?? NaN),
  };
}

/** A list of series per variant. */
function gaugePanel(variants: readonly (readonly Samples[])[]): TimePanel | null {
  const all = variants.flat().filter(({ ms }) => ms.length > 0);
  if (all.every(({ values }) => values.every(Number.isNaN))) return null;
  const fromMs = lowestOf(all.map(({ ms }) => ms[0]!));
  const toMs = highestOf(all.map(({ ms }) => ms.at(-1)!));
  const spacingMs = median(all.flatMap((series) => spacingOf(series) ?? [])) ?? intervalMs;
  const bins = new Bins(fromMs, toMs, roundStep(Math.max(1, spacingMs * 0.9)), mostBins);
  const values = variants.map((trials) =>
    medians(
      trials.map((series) => highestByBin(series, bins)),
      bins.count,
    ),
  );
  return { stepMs: bins.stepMs, startsMs: bins.startsMs, endMs: bins.endMs, values };
}

/** Mean distance of the samples, ms; null for a single one. */
function spacingOf({ ms }: Samples): number | null {
  const spacing = (ms.at(-1)! - ms[0]!) / (ms.length - 1);
  return spacing > 0 ? spacing : null;
}

/**
 * The highest sample of each bin, so that no peak is lost. A bin that a sample only just missed takes the one before it; a sample that
 * could not be taken is a gap.
 */
function highestByBin({ ms, values }: Samples, bins: Bins): readonly (number | null | undefined)[] {
  const found = new Array<number | null | undefined>(bins.count).fill(undefined);
  values.forEach((sample, at) => {
    const value = Number.isNaN(sample) ? null : sample;
    const bin = bins.of(ms[at]!);
    const before = found[bin];
    found[bin] =
      value === null || before === null || before === undefined ? (value ?? before ?? null) : Math.max(before, value);
  });
  const last = found.findLastIndex((value) => value !== undefined);
  return found.map((value, bin) => (value === undefined && bin < last ? found[bin - 1] : value));
}

function openedPanel(variants: readonly (readonly TrialRecord[])[]): TimePanel | null {
  const starts = variants.flat().flatMap(({ series }) => series.intervals.map(({ startMs }) => startMs));
  if (starts.length === 0) return null;
  const bins = new Bins(lowestOf(starts), highestOf(starts), intervalMs, mostBins);
  const values = variants.map((trials) =>
    medians(
      trials.map((trial) => openedByBin(trial, bins)),
      bins.count,
    ),
  );
  return { stepMs: bins.stepMs, startsMs: bins.startsMs, endMs: bins.endMs, values };
}

/** Per second of the bin that the trial's intervals cover. */
function openedByBin({ series: { intervals } }: TrialRecord, bins: Bins): readonly (number | undefined)[] {
  const opened = new Array<number>(bins.count).fill(0);
  const coveredMs = new Array<number>(bins.count).fill(0);
  intervals.forEach((interval, at) => {
    const bin = bins.of(interval.startMs);
    opened[bin]! += interval.opened;
    coveredMs[bin]! += Math.min(intervalMs, (intervals[at + 1]?.startMs ?? Infinity) - interval.startMs);
  });
  return opened.map((times, bin) => (coveredMs[bin]! > 0 ? (times * 1000) / coveredMs[bin]! : undefined));
}

/**
 * Null where fewer than half of the trials have a value in the bin: trials do not end at the same moment, and the last of them are not
 * the variant.
 */
function medians(
  trials: readonly (readonly (number | null | undefined)[])[],
  bins: number,
): readonly (number | null)[] {
  return Array.from({ length: bins }, (_, bin) => {
    const present = trials.flatMap((values) => values[bin] ?? []);
    const middle = present.length * 2 >= trials.length ? median(present) : null;
    return middle === null ? null : rounded(middle);
  });
}
