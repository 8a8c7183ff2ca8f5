/** Trials for predictions: a configuration from YAML, and a record whose figures the test chooses. */
import { jsonDocument } from '../../src/results/json-form.ts';
import { latencyRecord } from '../../src/results/latency-record.ts';
import type { LatencyRecord, LatencySet, TrialRecord } from '../../src/results/record.ts';
import type { TrialConfig } from '../../src/scenario/config.ts';
import { Histogram } from '../../src/stats/histogram.ts';
import { trial } from '../results/fixtures.ts';
import { scenarioOf } from '../scenario/read.ts';

/** The only variant of a scenario whose `base` is this YAML, indented by two. */
export function configFrom(base: string): TrialConfig {
  return scenarioOf(`name: t\nbase:\n${base}`).variants[0]!.trial;
}

/** Of one value, rounded up to its histogram's bucket. */
export function constantMs(ms: number, samples = 1000): LatencyRecord {
  const histogram = new Histogram();
  histogram.recordMany(Math.round(ms * 1e6), samples);
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

export function latencySet(ms: Readonly<Partial<Record<keyof LatencySet, number>>>): LatencySet {
  const entries = Object.entries(ms).map(([name, value]) => [name, constantMs(value)] as const);
  return { ...nothing, ...Object.fromEntries(entries) };
}

export interface RecordChoice {
  readonly latency?: LatencySet;
  readonly byConnection?: { readonly new: LatencySet; readonly reused: LatencySet };
  readonly sent?: number;
  readonly opened?: number;
  readonly peakOpen?: number;
  readonly teardown?: number;
  /** Of the whole trial. */
  readonly seconds?: number;
  readonly failed?: number;
  readonly overrides?: Partial<TrialRecord>;
}

/** A lab's trial of the configuration: its figures are the test's, its hosts those of a Linux as it comes. */
export function recordOf(config: TrialConfig, choice: RecordChoice = {}): TrialRecord {
  const { sent = 1000, opened = 10, peakOpen = 10, teardown = 0, seconds = 10, failed = 0 } = choice;
  const document = jsonDocument(config);
  const base = trial({ index: 0, block: 0, order: 0, variant: 't' }, { name: 't', axes: {}, config: document });
  const sysctls = {
    'net.ipv4.ip_local_port_range': '32768\t60999',
    'net.ipv4.tcp_slow_start_after_idle': '1',
    'net.ipv4.tcp_tw_reuse': '2',
    'net.ipv4.tcp_tw_reuse_delay': '1000',
    ...config.network.sysctls.client,
    ...config.network.sysctls.server,
  };
  const host = { congestionControl: 'cubic', sysctls };
  const requests = base.requests!;
  const byConnection = choice.byConnection ?? { new: nothing, reused: nothing };
  return {
    ...base,
    config: document,
    mode: 'lab',
    measureSeconds: config.load.durationMs / 1000,
    requests: {
      ...requests,
      scheduled: sent,
      failed,
      wholeTrial: { ...requests.wholeTrial!, started: sent, sent, answered: sent - failed },
    },
    throughput: { ...base.throughput!, achievedPerSecond: sent / seconds },
    latency: choice.latency ?? nothing,
    latencyByConnection: byConnection,
    connections: { ...base.connections!, opened, peakOpen, teardown, churnPerSecond: opened / seconds },
    network: { client: host, server: host },
    server: { ...base.server, kind: config.server.kind, settings: settingsOf(config) },
    ...choice.overrides,
  };
}

function settingsOf({ server }: TrialConfig): TrialRecord['server']['settings'] {
  const timeoutMs = 'keepAliveTimeoutMs' in server ? server.keepAliveTimeoutMs : null;
  return {
    runtime: 'test',
    keepAliveTimeoutMs: timeoutMs === Infinity ? 'unlimited' : (timeoutMs ?? 5000),
    keepAliveTimeoutBufferMs: server.kind === 'node' ? 1000 : 0,
    maxRequestsPerSocket: 'unlimited',
    headersTimeoutMs: null,
    requestTimeoutMs: null,
    connectionsCheckingIntervalMs: null,
    maxConnections: 'unlimited',
    backlog: 511,
    noDelay: true,
  };
}
