/** Builds realistic result records: a run of variants and blocks whose figures the test chooses. */
import { latencyRecord } from '../../src/results/latency-record.ts';
import type { FooterRecord, HeaderRecord, LatencyRecord, LatencySet, TrialRecord } from '../../src/results/record.ts';
import type { ExpectationRecord, PlannedTrial, VariantRecord } from '../../src/results/run-plan.ts';
import { Histogram } from '../../src/stats/histogram.ts';

/** A record whose quantiles are `p50Ns` and `p99Ns`, each bucket's upper edge: `samples` values, 2 % of them at p99. */
export function latency(p50Ns: number, p99Ns: number, samples = 20_000): LatencyRecord {
  const histogram = new Histogram();
  const tail = Math.ceil(samples * 0.02);
  histogram.recordMany(p50Ns, samples - tail);
  histogram.recordMany(p99Ns, tail);
  return latencyRecord(histogram.toSparse())!;
}

const nothing: LatencySet = {
  response: null,
  service: null,
  connectionWait: null,
  connect: null,
  tls: null,
  firstByte: null,
  download: null,
  lag: null,
};

/** What a test chooses of a trial. */
export interface TrialChoice {
  readonly p50Ns?: number;
  readonly p99Ns?: number;
  readonly samples?: number;
  readonly opened?: number;
  readonly failed?: number;
  readonly clientFds?: number | null;
  readonly serverFds?: number | null;
  readonly clientTimeWait?: number;
  readonly serverTimeWait?: number;
  readonly clientCpuUs?: number;
  readonly serverCpuUs?: number | null;
  readonly overrides?: Partial<TrialRecord>;
}

export function variant(name: string, axes: Readonly<Record<string, string>>, load: object = {}): VariantRecord {
  const connection = Object.values(axes).includes('close') ? 'close' : 'keep-alive';
  return { name, axes, config: { client: 'reference', strategy: { connection }, load, network: { mode: 'host' } } };
}

export function trial(planned: PlannedTrial, of: VariantRecord, choice: TrialChoice = {}): TrialRecord {
  const { samples = 20_000, opened = 8, failed = 0, clientFds = 40, serverFds = 31 } = choice;
  const { clientTimeWait = 0, serverTimeWait = 0, clientCpuUs = 15.2, serverCpuUs = 21.4 } = choice;
  const response = latency(choice.p50Ns ?? 210_000, choice.p99Ns ?? 640_000, samples);
  const latencies: LatencySet = { ...nothing, response, service: response };
  const answered = samples + 2000;
  const counts = { scheduled: samples + failed, started: samples + failed, completed: samples, failed };
  const wholeTrial = { ...counts, completed: answered, scheduled: answered + failed, started: answered + failed };
  const missing: Record<string, string> = {
    latency: 'no sample',
    latencyByConnection: 'no sample',
    'connections.tls': 'no TLS',
    link: 'host mode has no link of its own',
  };
  if (clientFds === null) missing['fds.client'] = 'needs Linux';
  if (serverFds === null) missing['fds.server'] = 'needs Linux';
  if (serverCpuUs === null) missing['cpu.server'] = 'the server died before it could report';
  const gauge = (value: number | null) => ({ start: value === null ? null : 22, peak: value, end: value, series: [] });
  const memory = { rssStartBytes: 6e7, rssPeakBytes: 7e7, rssEndBytes: 7e7, series: [] };
  const perConnection = { histogram: { [Math.round(answered / opened)]: opened }, mean: answered / opened, max: answered };
  const firstCloser = { client: 0, server: serverTimeWait, reset: 0 };
  return {
    type: 'trial',
    ...planned,
    config: of.config,
    startedAt: '2026-11-22T00:50:00.000Z',
    measureSeconds: 5,
    valid: true,
    invalidReasons: [],
    warnings: [],
    missing,
    mode: 'host',
    client: { name: 'reference', transport: 'epoll', transportReason: null },
    requests: {
      ...counts,
      dropped: 0,
      abandoned: 0,
      retried: 0,
      executedByServer: answered,
      wholeTrial: { ...wholeTrial, dropped: 0, abandoned: 0, sent: answered + failed, answered },
    },
    errors:
      failed === 0
        ? []
        : [{ phase: 'firstByte', code: 'ECONNRESET', reused: true, socketAgeMs: 500, count: failed }],
    warmUpErrors: [],
    statuses: { '200': samples },
    throughput: {
      offeredPerSecond: samples / 5,
      achievedPerSecond: samples / 5,
      goodputPerSecond: samples / 5,
      bytesPerSecond: 2e6,
    },
    latency: latencies,
    latencyByConnection: { new: nothing, reused: latencies },
    connections: {
      attempted: opened,
      notAttempted: 0,
      opened,
      connectFailed: 0,
      peakOpen: Math.min(opened, 32),
      reuseRatio: 1 - opened / answered,
      churnPerSecond: opened / 6,
      requestsPerConnection: perConnection,
      firstCloser,
      teardown: 8,
      resets: { received: failed, sent: 0 },
      closesByReason: { teardown: 8 },
      tls: null,
    },
    fds: { client: gauge(clientFds), server: gauge(serverFds) },
    timeWait: {
      client: { entered: clientTimeWait, teardown: 8, peak: clientTimeWait, end: 0, series: [[-1000, 0], [0, null]] },
      server: { entered: serverTimeWait, teardown: 0, peak: serverTimeWait, end: 0, series: [] },
      method: 'sock_diag',
      overflow: 0,
    },
    kernel: { client: { ActiveOpens: opened }, server: { ActiveOpens: opened }, scope: 'shared' },
    cpu: {
      generator: { userUs: clientCpuUs * samples, systemUs: 0, perRequestUs: clientCpuUs },
      server:
        serverCpuUs === null
          ? { userUs: null, systemUs: null, perRequestUs: null }
          : { userUs: serverCpuUs * samples, systemUs: 0, perRequestUs: serverCpuUs },
    },
    memory: { generator: memory, server: memory },
    link: null,
    server: {
      kind: 'reference',
      settings: {
        runtime: 'connbench reference server',
        keepAliveTimeoutMs: 5000,
        keepAliveTimeoutBufferMs: 0,
        maxRequestsPerSocket: 'unlimited',
        headersTimeoutMs: null,
        requestTimeoutMs: null,
        connectionsCheckingIntervalMs: null,
        maxConnections: 'unlimited',
        backlog: 511,
        noDelay: true,
      },
      accepted: opened,
      executed: answered,
      refused: 0,
      turnedAway: 0,
      closesByReason: { clientFin: opened },
      firstCloser,
      requestsPerConnection: perConnection,
      eventLoopDelay: null,
    },
    reconciliation: [
      { name: 'connections', client: opened, server: opened, kernel: opened, wire: null, ok: true, note: null },
    ],
    series: {
      intervals: [
        {
          startMs: 0,
          started: samples,
          completed: samples,
          failed,
          dropped: 0,
          opened,
          response: response.histogram,
          lag: null,
        },
      ],
    },
    sampler: { intervalMs: 100, costUs: { median: 40, max: 300 }, late: 0 },
    ...choice.overrides,
  };
}

export interface RunChoice {
  readonly variants: readonly VariantRecord[];
  readonly blocks?: number;
  readonly baseline?: Readonly<Record<string, string>> | null;
  readonly expectations?: readonly ExpectationRecord[];
  readonly name?: string;
  readonly question?: string | null;
}

export function header(choice: RunChoice): HeaderRecord {
  const { variants, blocks = 1, baseline = null, expectations = [], name = 'default' } = choice;
  const trials = Array.from({ length: blocks }, (_, block) =>
    variants.map((of, order) => ({ index: block * variants.length + order, block, order, variant: of.name })),
  );
  return {
    type: 'header',
    schemaVersion: 1,
    runId: 'k3v9xq',
    startedAt: '2026-11-22T00:49:58.123Z',
    connbenchVersion: '0.1.0',
    scenario: {
      name,
      question: choice.question === undefined ? 'What does a new connection per request cost?' : choice.question,
      look: 'Compare TIME_WAIT and CPU per request.',
      document: { name },
    },
    variants,
    baseline,
    expectations,
    environment: {
      node: 'v20.20.2',
      v8: '11.3.244.8',
      kernel: '6.18.0',
      os: 'linux',
      arch: 'x64',
      cpuModel: 'Intel(R) Xeon(R)',
      cores: 2,
      governor: null,
      virtualisation: null,
      memoryBytes: 8e9,
      congestionControl: 'cubic',
      sysctls: { 'net.ipv4.tcp_tw_reuse': '2' },
      nofile: { soft: 1024, hard: 'unlimited' },
      libraries: { koffi: '3.3.4' },
    },
    seed: 42,
    blocks,
    trials: trials.flat(),
  };
}

export const footer: FooterRecord = {
  type: 'footer',
  completedTrials: 0,
  interrupted: false,
  endedAt: '2026-11-22T00:51:00.000Z',
  reason: null,
};

/** A complete run; `choose` gives the figures of each trial. */
export function run(
  choice: RunChoice,
  choose: (variantName: string, block: number) => TrialChoice,
): { header: HeaderRecord; trials: TrialRecord[]; footer: FooterRecord } {
  const top = header(choice);
  const byName = new Map(choice.variants.map((of) => [of.name, of]));
  const trials = top.trials.map((planned) =>
    trial(planned, byName.get(planned.variant)!, choose(planned.variant, planned.block)),
  );
  return { header: top, trials, footer: { ...footer, completedTrials: trials.length } };
}

const closed = { model: 'closed', users: 32 };
const open = { model: 'open', ratePerSecond: 4000 };
const strategies = ['close', 'pool-1', 'pool-8', 'pool-32', 'max-requests-100'];

/** The variants of a run that compares five strategies under closed and under open load. */
export const defaultVariants: readonly VariantRecord[] = [
  ...strategies.map((name) => variant(`strategy=${name} load=closed`, { strategy: name, load: 'closed' }, closed)),
  ...strategies.map((name) => variant(`strategy=${name} load=open`, { strategy: name, load: 'open' }, open)),
];

const defaultFigures: Readonly<Record<string, TrialChoice>> = {
  close: {
    p50Ns: 712_000,
    p99Ns: 1_840_000,
    opened: 22_000,
    clientFds: 74,
    serverFds: 65,
    serverTimeWait: 21_992,
    clientCpuUs: 62.1,
    serverCpuUs: 71.3,
  },
  'pool-1': { p50Ns: 2_150_000, p99Ns: 3_020_000, opened: 1, clientFds: 23, serverFds: 24, clientCpuUs: 14.1 },
  'pool-8': { p50Ns: 209_000, p99Ns: 652_000, opened: 8, clientFds: 30, serverFds: 31 },
  'pool-32': { p50Ns: 207_000, p99Ns: 640_000, opened: 32, clientFds: 54, serverFds: 55, clientCpuUs: 15.9 },
  'max-requests-100': { p50Ns: 231_000, p99Ns: 910_000, opened: 224, clientFds: 54, serverFds: 55, clientTimeWait: 192 },
};

/** A complete run of the default variants, pool-8 being the cheapest of the two that answer fastest. */
export function defaultRun(choice: Partial<RunChoice> = {}): ReturnType<typeof run> {
  const drift = (block: number): number => 1 + 0.01 * block;
  return run({ variants: defaultVariants, ...choice }, (name, block) => {
    const figures = defaultFigures[/strategy=(\S+)/.exec(name)![1]!]!;
    const scale = drift(block);
    return { ...figures, p50Ns: Math.round(figures.p50Ns! * scale), p99Ns: Math.round(figures.p99Ns! * scale) };
  });
}
