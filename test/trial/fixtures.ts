/** Reports of a small, consistent trial: 100 requests in all on 10 connections, which the tests then bend. */
import type { ReconcileInput } from '../../src/trial/comparison.ts';
import { latencyNames, type ConnectionReport } from '../../src/clients/observations.ts';
import type { GeneratorReport } from '../../src/generator/messages.ts';
import type { KernelCounters, Sample, SamplerReport } from '../../src/samplers/messages.ts';
import type { TrialConfig } from '../../src/scenario/config.ts';
import type { DirectionCounts, LinkReport } from '../../src/lab/messages.ts';
import type { LiveServerSettings, ServerReport } from '../../src/server/messages.ts';
import { Histogram, type SparseCounts } from '../../src/stats/histogram.ts';
import { hostNetwork } from '../clients/trial-config.ts';

export const config: TrialConfig = {
  client: 'reference',
  strategy: {
    protocol: 'http/1.1',
    connection: 'keep-alive',
    pool: {
      size: 10,
      scope: 'shared',
      order: 'lifo',
      idleTimeoutMs: 4000,
      maxRequests: 10,
      maxLifetimeMs: Infinity,
      prefetch: false,
      queueLimit: Infinity,
      queueTimeoutMs: 30_000,
    },
    honourHint: true,
    closeWith: 'fin',
    tcp: { noDelay: true, keepAliveMs: null, fastOpen: false },
    timeouts: { connectMs: 10_000, responseMs: 30_000 },
  },
  server: {
    kind: 'node',
    keepAliveTimeoutMs: null,
    maxRequestsPerSocket: Infinity,
    headersTimeoutMs: null,
    requestTimeoutMs: null,
    maxConnections: Infinity,
    backlog: null,
    response: { sizeBytes: 97, framing: 'length', delay: { distribution: 'constant', valueMs: 0 } },
    firstCloser: 'server',
  },
  network: hostNetwork,
  load: {
    model: 'open',
    ratePerSecond: 80,
    arrivals: 'constant',
    warmUpMs: 250,
    durationMs: 1000,
    workers: 1,
    request: { method: 'GET', path: '/' },
  },
};

/** 10 connections: 6 closed by the client first, 3 by the server first, 1 left for teardown; 10 requests on each. */
export const connections: ConnectionReport = {
  attempted: 10,
  notAttempted: 0,
  opened: 10,
  connectFailed: 0,
  peakOpen: 10,
  closesByReason: {
    connectionClose: 0,
    maxRequests: 6,
    maxLifetime: 0,
    idleTimeout: 0,
    surplus: 0,
    serverFin: 3,
    serverReset: 0,
    badResponse: 0,
    collected: 0,
    timeout: 0,
    error: 0,
    teardown: 1,
  },
  firstCloser: { client: 6, server: 3, reset: 0 },
  teardown: 1,
  resetsReceived: 0,
  resetsSent: 0,
  requestsPerConnection: { 10: 10 },
};

/** `count` times the same value. */
export function histogramOf(valueNs: number, count: number): SparseCounts {
  const histogram = new Histogram();
  if (count > 0) histogram.recordMany(valueNs, count);
  return histogram.toSparse();
}

const empty: SparseCounts = { indices: [], counts: [] };
const second = { started: 80, completed: 80, failed: 0, dropped: 0, opened: 0 };

export const generator: GeneratorReport = {
  transport: 'epoll',
  transportReason: null,
  workers: 1,
  startNs: 1e9,
  measureStartNs: 1.25e9,
  measureEndNs: 2.25e9,
  drainedNs: 2.5e9,
  stopped: false,
  measure: { scheduled: 80, started: 80, completed: 80, failed: 0, dropped: 0, abandoned: 0 },
  wholeTrial: {
    scheduled: 100,
    started: 100,
    completed: 100,
    failed: 0,
    dropped: 0,
    abandoned: 0,
    sent: 100,
    answered: 100,
  },
  errors: [],
  warmUpErrors: [],
  statuses: { 200: 80 },
  latency: Object.fromEntries(
    latencyNames.map((name) => [name, { new: empty, reused: histogramOf(name === 'lag' ? 50_000 : 1e6, 80) }]),
  ) as GeneratorReport['latency'],
  censored: empty,
  slowest: [],
  phaseFaults: null,
  connections,
  bytes: { sent: 6000, received: 24_000 },
  intervals: [
    { ...second, startMs: -250, started: 20, completed: 20, opened: 10, response: histogramOf(1e6, 20), lag: empty },
    { ...second, startMs: 0, response: histogramOf(1e6, 80), lag: histogramOf(50_000, 80) },
  ],
  cpu: { userUs: 1200, systemUs: 2800 },
  cpuOutsideMeasure: { userUs: 300, systemUs: 700 },
};

export const server: ServerReport = {
  atNs: 2.6e9,
  accepted: 10,
  executed: 100,
  refused: 0,
  turnedAway: 0,
  open: 0,
  closesByReason: {
    idleTimeout: 3,
    maxRequests: 0,
    connectionClose: 0,
    clientFin: 7,
    clientReset: 0,
    headersTimeout: 0,
    requestTimeout: 0,
    error: 0,
    maxConnections: 0,
    fault: 0,
    shed: 0,
    evicted: 0,
    drainIdle: 0,
    drainAnswered: 0,
    drainAborted: 0,
    serverStop: 0,
  },
  firstCloser: { client: 7, server: 3, reset: 0 },
  requestsPerConnection: { 10: 10 },
  cpu: { userUs: 9000, systemUs: 5000 },
  rssBytes: 50e6,
  eventLoopDelay: null,
};

export const settings: LiveServerSettings = {
  runtime: 'node v20.20.2',
  keepAliveTimeoutMs: 5000,
  keepAliveTimeoutBufferMs: 1000,
  maxRequestsPerSocket: 0,
  headersTimeoutMs: 60_000,
  requestTimeoutMs: 300_000,
  connectionsCheckingIntervalMs: 30_000,
  maxConnections: null,
  backlog: null,
  noDelay: true,
};

/** Counters before the trial, and as they are after it on a quiet machine. */
export const kernelBefore: KernelCounters = {
  atNs: 0.9e9,
  counters: { ActiveOpens: 1000, PassiveOpens: 2000, TW: 300, TWRecycled: 5, TCPTimeWaitOverflow: 0 },
};
export const kernelAfter: KernelCounters = {
  atNs: 2.7e9,
  counters: { ActiveOpens: 1010, PassiveOpens: 2010, TW: 310, TWRecycled: 5, TCPTimeWaitOverflow: 0 },
};
export const kernelGrowth: Readonly<Record<string, number>> = {
  ActiveOpens: 10,
  PassiveOpens: 10,
  TW: 10,
  TWRecycled: 0,
  TCPTimeWaitOverflow: 0,
};

function sample(atNs: number, fds: number, clientTimeWait: number, serverTimeWait: number): Sample {
  return {
    atNs,
    client: { fds, timeWait: clientTimeWait, rssBytes: 40e6, cpuUs: 0, sockets: null },
    server: { fds: fds + 2, timeWait: serverTimeWait, rssBytes: 50e6, cpuUs: 0, sockets: null },
    sockstat: { inUse: 0, orphan: 0, timeWait: clientTimeWait + serverTimeWait, memPages: 0 },
  };
}

export const sampler: SamplerReport = {
  samples: [sample(0.95e9, 20, 0, 0), sample(1.5e9, 30, 2, 1), sample(2.65e9, 21, 7, 3)],
  missing: {},
  timeWaitMethod: 'sock_diag',
  timeWaitIntervalMs: null,
  costUs: { median: 100, max: 200 },
  late: 0,
};

const direction: DirectionCounts = {
  sent: { packets: 130, bytes: 10_000 },
  delivered: { packets: 130, bytes: 10_000 },
  syn: 0,
  synAck: 0,
  fin: 10,
  rst: 0,
  pureAck: 10,
  retransmitted: 0,
  droppedByLoss: 0,
  droppedByQueue: 0,
  droppedByMiddlebox: 0,
  droppedByDevice: 0,
  duplicated: 0,
  reordered: 0,
  inFlight: 0,
  middleboxResets: 0,
  peakQueueBytes: 0,
};

/** The same trial as a link sees it. */
export const link: LinkReport = {
  fromClient: { ...direction, syn: 10 },
  fromServer: { ...direction, synAck: 10 },
  flows: 10,
  firstFin: { client: 7, server: 3 },
  resetFlows: 0,
  lateness: histogramOf(10_000, 260),
  otherPackets: 0,
  isRealTime: true,
  notCaptured: 0,
  cpu: { userUs: 100, systemUs: 100 },
};

export const consistent: ReconcileInput & { readonly server: ServerReport } = {
  closeWith: 'fin',
  generator,
  server,
  hops: [],
  lab: null,
  kernel: kernelGrowth,
  timeWaitCounting: 'entry',
  timeWaitGauges: { client: { start: 0, end: 7 }, server: { start: 0, end: 3 } },
  observedSeconds: 1.7,
};
