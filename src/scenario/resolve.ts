/** A filled configuration in the text of the file -> the numbers that a trial runs on. */
import { resolve } from 'node:path';
import { resolveAttacker } from './attackers-schema.ts';
import type {
  BundledServerConfig,
  CommandServerConfig,
  DelayConfig,
  FaultConfig,
  NetworkConfig,
  ServerConfig,
  TraceConfig,
  TrialConfig,
} from './config.ts';
import type { FilledBundledServer, FilledCommandServer, FilledConfig, FilledServer } from './defaults.ts';
import type { DelayMap } from './schema.ts';
import type { FaultItem } from './server-schema.ts';
import { knobsOfLab } from './network-rules.ts';
import { durationMs, given, must } from './quantities.ts';
import { resolveClient } from './resolve-client.ts';
import { resolveLoad } from './resolve-load.ts';
import { countOf, resolveStrategy } from './resolve-strategy.ts';
import { resolvePolicies } from './server-policies.ts';
import { parseServerUrl } from './server-url.ts';
import { resolveSysctls } from './sysctls.ts';
import { resolveHop } from './via.ts';
import { parseBandwidth, parsePercent, parseSize } from './units.ts';

/**
 * Converts a configuration that has passed the schema and the rules; throws on one that has not, which is a bug. `folder` is what
 * relative paths are relative to, `trace` what was read of the load's trace.
 */
export function resolveTrial(config: FilledConfig, folder: string, trace: TraceConfig | null): TrialConfig {
  return {
    ...resolveClient(config.client, folder),
    strategy: resolveStrategy(config.strategy),
    ...(config.via === undefined ? {} : { via: config.via.map(resolveHop) }),
    server: resolveServer(config.server, folder),
    network: resolveNetwork(config),
    load: resolveLoad(config.load, trace),
    ...(config.attackers === undefined ? {} : { attackers: config.attackers.map(resolveAttacker) }),
  };
}

/** Null leaves the runtime's own default. */
function durationOrDefaultMs(text: string): number | null {
  return text === 'default' ? null : durationMs(text);
}

/** What makes a lab necessary turns `auto` into `lab`, so that a machine without one cannot ignore it. */
function resolveNetwork({ network, server, via = [] }: FilledConfig): NetworkConfig {
  const mode = server.kind === 'external' ? 'host' : network.mode;
  const { middlebox, sysctls } = network;
  const needsLab = knobsOfLab(network).length > 0 || via.some(({ host }) => host === 'client');
  return {
    mode: mode === 'auto' && needsLab ? 'lab' : mode,
    link: {
      rttMs: durationMs(network.rtt),
      jitterMs: durationMs(network.jitter),
      bandwidthBitsPerSecond: network.bandwidth === 'unlimited' ? Infinity : must(parseBandwidth(network.bandwidth)),
      queueBytes: must(parseSize(network.queue)),
      loss: must(parsePercent(network.loss)),
      reorder: must(parsePercent(network.reorder)),
      duplicate: must(parsePercent(network.duplicate)),
      middlebox:
        middlebox === 'off' ? null : { idleTimeoutMs: durationMs(middlebox.idleTimeout), then: middlebox.then },
    },
    // Of this machine itself it cannot be changed.
    congestionControl: mode === 'host' ? 'default' : network.congestionControl,
    sysctls: { client: resolveSysctls(sysctls.client), server: resolveSysctls(sysctls.server) },
  };
}

function resolveServer(server: FilledServer, folder: string): ServerConfig {
  if (server.kind === 'command') return resolveCommand(server, folder);
  if (server.kind === 'external') {
    const { host, port } = must(parseServerUrl(server.url));
    return { kind: 'external', host, port, ...resolveCa(server, folder) };
  }
  return resolveBundled(server);
}

function resolveCa({ ca }: { readonly ca?: string }, folder: string): { readonly ca?: string } {
  return ca === undefined ? {} : { ca: resolve(folder, ca) };
}

function resolveCommand(server: FilledCommandServer, folder: string): CommandServerConfig {
  const { kind, command, env, port, readyPath } = server;
  return {
    kind,
    command,
    cwd: resolve(folder, server.cwd),
    env,
    port,
    readyPath: readyPath === 'none' ? null : readyPath,
    readyTimeoutMs: durationMs(server.readyTimeout),
    ...resolveCa(server, folder),
  };
}

function resolveBundled(server: FilledBundledServer): BundledServerConfig {
  const { response, faults = [], tls, http2 } = server;
  return {
    kind: server.kind,
    keepAliveTimeoutMs: durationOrDefaultMs(server.keepAliveTimeout),
    maxRequestsPerSocket: countOf(server.maxRequestsPerSocket),
    headersTimeoutMs: durationOrDefaultMs(server.headersTimeout),
    requestTimeoutMs: durationOrDefaultMs(server.requestTimeout),
    maxConnections: countOf(server.maxConnections),
    backlog: server.backlog === 'default' ? null : server.backlog,
    response: {
      sizeBytes: must(parseSize(response.size)),
      framing: response.framing,
      delay: resolveDelay(response.delay),
    },
    ...(faults.length === 0 ? {} : { faults: faults.map(resolveFault) }),
    ...resolvePolicies(server),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            sessionTickets: tls.sessionTickets,
            earlyDataBytes: tls.earlyData === 'off' ? 0 : must(parseSize(tls.earlyData)),
            certificate: tls.certificate,
          },
        }),
    ...(http2 === undefined ? {} : { http2 }),
    firstCloser: server.firstCloser,
  };
}

function resolveFault({ fault, probability, duration }: FaultItem): FaultConfig {
  const timed = duration === undefined ? {} : { durationMs: durationMs(duration) };
  return { fault, probability: must(parsePercent(probability)), ...timed };
}

function resolveDelay(delay: string | DelayMap): DelayConfig {
  if (typeof delay === 'string') return { distribution: 'constant', valueMs: durationMs(delay) };
  const distribution = given(delay.distribution);
  switch (distribution) {
    case 'constant':
      return { distribution: 'constant', valueMs: durationMs(given(delay.value)) };
    case 'uniform':
      return { distribution: 'uniform', minMs: durationMs(given(delay.min)), maxMs: durationMs(given(delay.max)) };
    case 'exponential':
      return { distribution: 'exponential', meanMs: durationMs(given(delay.mean)) };
    case 'lognormal':
      return { distribution: 'lognormal', medianMs: durationMs(given(delay.median)), sigma: given(delay.sigma) };
    case 'percentiles':
      return { distribution: 'percentiles', points: delayPoints(given(delay.points)) };
  }
}

/** The points in ascending order of percentile. */
export function delayPoints(points: Readonly<Record<string, string>>): readonly { p: number; valueMs: number }[] {
  return Object.entries(points)
    .map(([key, text]) => ({ p: percentileOf(key), valueMs: durationMs(text) }))
    .sort((left, right) => left.p - right.p);
}

/** `p50` -> 0.5, `p99.9` and `p999` -> 0.999: more than two digits, other than 100, are nines after the point. */
function percentileOf(key: string): number {
  const digits = key.slice(1);
  if (/^\d{3,}$/.test(digits) && digits !== '100') return Number(`0.${digits}`);
  return Number((Number(digits) / 100).toPrecision(12));
}
