/** Histories whose ratios the test chooses. */
import { Random } from '../../src/load/random.ts';
import type { HistoryEntry, HistoryVariant } from '../../src/results/history.ts';

const metrics = {
  'latency.response.p50': 5e6,
  'latency.response.p99': 12e6,
  'throughput.achievedPerSecond': 500,
} as const;
type Metric = keyof typeof metrics;

export const host: HistoryEntry['host'] = {
  cpuModel: 'Intel(R) Xeon(R)',
  cores: 2,
  arch: 'x64',
  os: 'linux',
  kernel: '6.18.0',
  node: '20.20.2',
  virtualisation: null,
};

export interface EntryChoice {
  /** Ratio of a variant to the control; null where the run does not have it. */
  readonly ratio?: (variant: string, metric: Metric) => number | null;
  readonly variants?: readonly string[];
  readonly overrides?: Partial<HistoryEntry>;
}

export const control = 'pool=32';

function variant(name: string, ratio: (metric: Metric) => number | null): HistoryVariant {
  const isControl = name === control;
  const figures = Object.entries(metrics).flatMap(([metric, usual]) => {
    const estimate = isControl ? 1 : ratio(metric as Metric);
    if (estimate === null) return [];
    const interval = { low: estimate * 0.98, high: estimate * 1.02 };
    return [[metric, { median: usual * estimate, n: 8, ratio: isControl ? null : { estimate, interval, blocks: 8 } }]];
  });
  return {
    name,
    axes: { pool: name.replace('pool=', '') },
    control: isControl ? null : control,
    trials: 8,
    validTrials: 8,
    figures: Object.fromEntries(figures) as HistoryVariant['figures'],
  };
}

/** The run of night `at`, from 0: 2026-09-01 02:00 UTC and on. */
export function entry(
  at: number,
  { ratio = () => 0.5, variants = ['pool=8', control], overrides = {} }: EntryChoice = {},
): HistoryEntry {
  return {
    type: 'history',
    schemaVersion: 1,
    runId: `run${String(at).padStart(3, '0')}`,
    startedAt: new Date(Date.UTC(2026, 8, 1 + at, 2)).toISOString(),
    label: `c${String(at).padStart(6, '0')}`,
    connbenchVersion: '0.1.0',
    scenario: 'pool-size',
    configHash: 'a'.repeat(64),
    host,
    seed: at,
    blocks: 8,
    variants: variants.map((name) => variant(name, (metric) => ratio(name, metric))),
    ...overrides,
  };
}

/** Nights with noise of `deviation`; `shift` is the logarithm of what the ratio of 0.5 is multiplied with. */
export function nights(
  count: number,
  shift: (at: number, metric: string, variant: string) => number = () => 0,
  { deviation = 0.02, variants = ['pool=8', control] } = {},
): HistoryEntry[] {
  const random = new Random(11);
  return Array.from({ length: count }, (_, at) => {
    const ratio = (name: string, metric: Metric): number =>
      0.5 * Math.exp(deviation * random.nextNormal() + shift(at, metric, name));
    return entry(at, { ratio, variants });
  });
}

export function lines(entries: readonly HistoryEntry[]): string {
  return entries.map((one) => `${JSON.stringify(one)}\n`).join('');
}
