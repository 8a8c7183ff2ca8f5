/** The command line of autocannon for a trial (its help.txt and lib/validate.js). */
import { requestAlternatives } from '../load/request-mix.ts';
import type { TrialConfig } from '../scenario/config.ts';

export interface AutocannonTarget {
  readonly host: string;
  readonly port: number;
}

/** Arguments behind the program. Each of its workers takes the whole rate, and its share of the connections (lib/manager.js). */
export function autocannonArguments(config: TrialConfig, { host, port }: AutocannonTarget): readonly string[] {
  const { strategy, load } = config;
  const { pool, timeouts, tls } = strategy;
  const [request = load.request] = requestAlternatives(load);
  const connections = String(pool.size);
  const headers = { ...request.headers, ...(strategy.connection === 'close' ? { connection: 'close' } : {}) };
  const warmUp = load.warmUpMs === 0 ? [] : ['--warmup', '[', '-c', connections, '-d', seconds(load.warmUpMs), ']'];
  return [
    '--json',
    ...['--connections', connections, '--pipelining', String(strategy.pipelining ?? 1)],
    ...[
      '--duration',
      seconds(load.durationMs),
      '--timeout',
      seconds(Math.max(timeouts.connectMs, timeouts.responseMs)),
    ],
    ...['--method', request.method],
    ...Object.entries(headers).flatMap(([name, value]) => ['--headers', `${name}=${value}`]),
    // Its standard input: no argument can hold the zeros that bodies are made of.
    ...(request.bodyBytes === undefined ? [] : ['--input', '/dev/stdin']),
    ...(load.model === 'open' ? ['--overallRate', String(load.ratePerSecond / load.workers)] : []),
    ...(pool.maxRequests === Infinity ? [] : ['--reconnectRate', String(pool.maxRequests)]),
    ...(load.workers === 1 ? [] : ['--workers', String(load.workers)]),
    ...warmUp,
    `${tls === undefined ? 'http' : 'https'}://${host}:${port}${request.path}`,
  ];
}

const seconds = (ms: number): string => String(ms / 1000);

/** What its Node is told of TLS: autocannon passes no version on. */
export function tlsFlag({ tls }: TrialConfig['strategy']): string | null {
  if (tls === undefined) return null;
  return tls.version === '1.3' ? '--tls-min-v1.3' : '--tls-max-v1.2';
}

/** Requests under way at most when a run ends: it then destroys its connections. */
export function mostUnderWay({ strategy }: TrialConfig): number {
  return strategy.pool.size * (strategy.pipelining ?? 1);
}

/**
 * With a rate it counts the whole share of the first second of each connection as sent when it makes the connection, and those that come
 * after the first ones a second time (lib/run.js, initialiseClients: "we will miss the initial request emits").
 */
export function countedInAdvance(config: TrialConfig): number {
  const { load } = config;
  return load.model === 'closed' ? 0 : Math.max(0, load.ratePerSecond - mostUnderWay(config));
}
