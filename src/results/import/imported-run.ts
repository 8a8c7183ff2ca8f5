/** Figures of another program in the form of a result file: a header, one trial, a footer. What the program did not report is null, with the reason. */
import type {
  FooterRecord,
  HeaderRecord,
  LatencyRecord,
  LatencyRecordName,
  LatencySet,
  TrialRecord,
} from '../record.ts';
import { latencyRecordNames, schemaVersion } from '../record.ts';
import { warning } from '../warnings.ts';

export type ImportTool = 'autocannon' | 'oha' | 'k6' | 'wrk2' | 'hgrm';

/** What one file of another program says, in this project's units. */
export interface ImportedFigures {
  readonly tool: ImportTool;
  /** What the figures' program is called in sentences; for a bare histogram `the file`. */
  readonly toolName: string;
  /** ISO 8601; null where the file does not say. */
  readonly startedAt: string | null;
  /** Null where the file does not say. */
  readonly measureSeconds: number | null;
  readonly url: string | null;
  /** What is known of the load, by the program's own names. */
  readonly load: Readonly<Record<string, string | number>>;
  /** Null where the file counts no requests. */
  readonly requests: {
    readonly completed: number;
    readonly failed: number;
    /** Open when the run ended; null where the program does not count them. */
    readonly abandoned: number | null;
    /** Of the completed ones, those with a successful status. */
    readonly good: number;
  } | null;
  readonly statuses: Readonly<Record<string, number>>;
  /** By the program's own names. */
  readonly failures: readonly { readonly code: string; readonly count: number }[];
  readonly latency: Partial<Record<LatencyRecordName, LatencyRecord | null>>;
  /** Reasons that are better than the general one, by dotted path. */
  readonly missing: Readonly<Record<string, string>>;
  /** What its latency contains and leaves out, each a sentence. */
  readonly pitfalls: readonly string[];
}

/** What the importing program adds. */
export interface ImportContext {
  /** Path of the imported file, as it was given. */
  readonly file: string;
  /** Of the scenario and of its only variant. */
  readonly name: string;
  readonly runId: string;
  readonly connbenchVersion: string;
  /** Stands for the time of the run where the file does not say it; ISO 8601. */
  readonly fileTime: string;
}

export interface ImportedLines {
  readonly header: HeaderRecord;
  readonly trial: TrialRecord;
  readonly footer: FooterRecord;
}

/** The lines of the result file. */
export function importedLines(figures: ImportedFigures, context: ImportContext): ImportedLines {
  const { name } = context;
  const startedAt = figures.startedAt ?? context.fileTime;
  const config = configOf(figures);
  const planned = { index: 0, block: 0, order: 0, variant: name };
  const endedMs = Date.parse(startedAt) + (figures.measureSeconds ?? 0) * 1000;
  return {
    header: {
      type: 'header',
      schemaVersion,
      runId: context.runId,
      startedAt,
      connbenchVersion: context.connbenchVersion,
      scenario: { name, question: null, look: null, document: { name, base: config } },
      variants: [{ name, axes: {}, config }],
      baseline: null,
      expectations: [],
      environment: unknownEnvironment,
      seed: 0,
      blocks: 1,
      trials: [planned],
      imported: { tool: figures.tool, file: context.file },
    },
    trial: trialOf(figures, { ...planned, config, startedAt }),
    footer: {
      type: 'footer',
      completedTrials: 1,
      interrupted: false,
      endedAt: new Date(endedMs).toISOString(),
      reason: null,
    },
  };
}

const unknownEnvironment: HeaderRecord['environment'] = {
  node: null,
  v8: null,
  kernel: null,
  os: null,
  arch: null,
  cpuModel: null,
  cores: null,
  governor: null,
  virtualisation: null,
  memoryBytes: null,
  congestionControl: null,
  sysctls: {},
  nofile: { soft: null, hard: null },
  libraries: {},
};

function configOf({ tool, url, load }: ImportedFigures): Record<string, unknown> {
  const server = { kind: 'external', ...(url === null ? {} : { url }) };
  return { client: tool, server, network: { mode: 'host' }, load };
}

type TrialPlace = Pick<TrialRecord, 'index' | 'block' | 'order' | 'variant' | 'config' | 'startedAt'>;

function trialOf(figures: ImportedFigures, place: TrialPlace): TrialRecord {
  const { toolName, requests, measureSeconds } = figures;
  const unreconciled = `the figures are those of ${toolName}; nothing was counted a second time by server, kernel or wire`;
  const nothing = figures.latency.response == null;
  return {
    type: 'trial',
    ...place,
    measureSeconds,
    valid: !nothing,
    invalidReasons: nothing ? [{ code: 'nothing-completed', message: 'no request has a response time' }] : [],
    warnings: [
      warning('unreconciled', unreconciled),
      ...figures.pitfalls.map((message) => warning('other-latency', message)),
    ],
    missing: { ...generalReasons(toolName), ...figures.missing },
    mode: 'host',
    client: { name: figures.tool, transport: null, transportReason: `imported from ${figures.tool}` },
    requests: requests === null ? null : requestsOf(requests),
    errors: figures.failures
      .filter(({ count }) => count > 0)
      .map((failure) => ({ phase: 'unknown', ...failure, reused: null, socketAgeMs: null })),
    warmUpErrors: [],
    statuses: figures.statuses,
    throughput: requests === null || measureSeconds === null ? null : throughputOf(requests, measureSeconds),
    latency: latencySet(figures.latency),
    latencyByConnection: { new: latencySet({}), reused: latencySet({}) },
    ...unmeasured,
    reconciliation: [],
  };
}

function requestsOf({
  completed,
  failed,
  abandoned,
}: NonNullable<ImportedFigures['requests']>): TrialRecord['requests'] {
  const scheduled = completed + failed + (abandoned ?? 0);
  return {
    scheduled,
    started: scheduled,
    completed,
    failed,
    dropped: null,
    abandoned,
    retried: null,
    executedByServer: null,
    wholeTrial: null,
  };
}

function throughputOf(
  { completed, good }: NonNullable<ImportedFigures['requests']>,
  seconds: number,
): TrialRecord['throughput'] {
  return {
    offeredPerSecond: null,
    achievedPerSecond: completed / seconds,
    goodputPerSecond: good / seconds,
    bytesPerSecond: null,
  };
}

function latencySet(known: ImportedFigures['latency']): LatencySet {
  return Object.fromEntries(latencyRecordNames.map((name) => [name, known[name] ?? null])) as LatencySet;
}

const noGauge = { start: null, peak: null, end: null, series: [] };
const noTimeWait = { entered: null, teardown: null, peak: null, end: null, series: [] };
const noCpu = { userUs: null, systemUs: null, perRequestUs: null };
const noMemory = { rssStartBytes: null, rssPeakBytes: null, rssEndBytes: null, series: [] };

/** What no other program measures as this one does. */
const unmeasured = {
  connections: null,
  fds: { client: noGauge, server: noGauge },
  timeWait: { client: noTimeWait, server: noTimeWait, method: null, overflow: null },
  kernel: { client: null, server: null, scope: 'shared' },
  cpu: { generator: noCpu, server: noCpu },
  memory: { generator: noMemory, server: noMemory },
  link: null,
  server: {
    kind: 'external',
    settings: null,
    accepted: null,
    executed: null,
    refused: null,
    turnedAway: null,
    closesByReason: null,
    firstCloser: null,
    requestsPerConnection: null,
    eventLoopDelay: null,
  },
  series: { intervals: [] },
  sampler: null,
} as const satisfies Partial<TrialRecord>;

const unreported: Readonly<Record<string, string>> = {
  measureSeconds: 'how long it ran',
  requests: 'counts of requests',
  'requests.dropped': 'dropped requests',
  'requests.abandoned': 'requests that were open at the end',
  'requests.retried': 'retries',
  'requests.executedByServer': 'what the server executed',
  'requests.wholeTrial': 'its warm-up',
  throughput: 'requests per second',
  'throughput.offeredPerSecond': 'the rate that was asked for',
  'throughput.bytesPerSecond': 'the bytes of both directions',
  latency: 'this phase of a request',
  latencyByConnection: 'new and reused connections apart',
  connections: 'connections',
  fds: 'file descriptors',
  timeWait: 'TIME_WAIT',
  kernel: 'kernel counters',
  cpu: 'CPU time',
  memory: 'memory',
  link: 'packets',
  server: 'the server’s own counts',
  sampler: 'samples over time',
};

function generalReasons(toolName: string): Record<string, string> {
  return Object.fromEntries(Object.entries(unreported).map(([path, what]) => [path, `${toolName} does not report ${what}`]));
}
