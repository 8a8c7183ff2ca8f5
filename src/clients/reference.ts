/** The reference client: connbench's own HTTP/1.x client, which follows the strategy to the letter and costs next to nothing. */
import { rootCertificates } from 'node:tls';
import type { ConnectionField } from '../http/request.ts';
import { nowNs } from '../kernel/clock.ts';
import { loadNative } from '../kernel/native.ts';
import { loadOpenSsl } from '../kernel/openssl.ts';
import { Random } from '../load/random.ts';
import { requestAlternatives } from '../load/request-mix.ts';
import { shareOf } from '../load/split.ts';
import type { PoolConfig, StrategyConfig } from '../scenario/config.ts';
import { UserError } from '../scenario/user-error.ts';
import { longestWarmUpMs } from '../scenario/warm-up.ts';
import { Pool } from '../strategy/pool.ts';
import { drainLimitMs } from './drain-limit.ts';
import type { Client, ClientTask, PreparedShare, Transport } from './client.ts';
import { LoopWatch } from './loop-watch.ts';
import { Recorder } from './recorder.ts';
import { recorderOptions } from './recorder-options.ts';
import { Engine } from './reference/engine.ts';
import { EpollTransport, type EpollTlsSetup } from './reference/epoll-transport.ts';
import { ConnectionLedger } from './reference/ledger.ts';
import { NetTransport } from './reference/net-transport.ts';
import { requestBytes } from './reference/request-bytes.ts';
import { sourceAddresses } from './source-addresses.ts';
import { createWorkload } from './workload.ts';

export const referenceClient: Client = { name: 'reference', transport, prepare };

function transport(): Transport {
  const native = loadNative();
  return native.ok ? { kind: 'epoll', reason: null } : { kind: 'net', reason: native.reason };
}

function prepare(task: ClientTask): PreparedShare {
  const { config, host, port, live } = task;
  const { strategy, load } = config;
  const isTls = strategy.tls !== undefined;
  if (isTls) assertTls();
  assertPossible(strategy, transport());
  const workload = createWorkload(load, task);
  const owners = strategy.pool.scope === 'session' ? workload.users : 1;
  const pool = createPool(strategy.pool, strategy.honourHint, owners, task);
  const alternatives = requestAlternatives(load);
  const versionMinor = strategy.protocol === 'http/1.0' ? 0 : 1;
  const { connection, tcp } = strategy;
  const said = { versionMinor, connection, connectionField: connectionField(config) } as const;
  const numbers = strategy.retry === undefined ? null : task.worker;
  const requests = alternatives.map((one) => requestBytes({ ...one, host, port, ...said }, numbers));
  const traits = alternatives.map(({ method }, at) => {
    return { bytes: requests[at]!.bytes.length, isHead: method === 'HEAD', isIdempotent: method !== 'POST' };
  });
  // Workers begin with different ones, so that few connections of each are still spread.
  const sources = sourceAddresses(task);
  const setup = { host, port, tcp, requests, live, sources, firstSource: task.worker };
  const ledger = new ConnectionLedger(live, isTls);
  if (load.leak !== undefined) ledger.leaked = 0;
  const isSafe = alternatives.map(({ method }) => method === 'GET' || method === 'HEAD');
  const mover =
    transport().kind === 'epoll'
      ? new EpollTransport({ ...setup, ...tlsSetup(task, isSafe, ledger) })
      : new NetTransport(setup);
  return {
    run: async (startNs) => {
      const measureStartNs = startNs + Math.round(longestWarmUpMs(load) * 1e6);
      const measureEndNs = measureStartNs + load.durationMs * 1e6;
      const recorder = new Recorder({ startNs, measureStartNs, measureEndNs }, live, recorderOptions(task));
      workload.begin(startNs);
      const engine = new Engine({
        strategy,
        pool,
        owners,
        workload,
        recorder,
        ledger,
        requests: traits,
        measureStartNs,
        drainDeadlineNs: measureEndNs + drainLimitMs(config) * 1e6,
        ...(task.measureStart === undefined ? {} : { measureStart: task.measureStart }),
      });
      const watch = new LoopWatch(nowNs(), measureEndNs - startNs, mover.loop);
      await mover.run(engine, watch);
      const loops = [await watch.finish(nowNs())];
      const { settledNs: drainedNs, stopped } = engine;
      const starts = sources.length === 0 ? {} : { 'tcp.sourceAddresses': sources.join(' ') };
      const settings = { ...mover.settings, ...starts };
      const facts = Object.keys(settings).length === 0 ? {} : { client: { settings } };
      const connections = ledger.report();
      return { drainedNs, stopped, ...recorder.report(), connections, loops, ...engine.retried, ...facts };
    },
  };
}

function connectionField({ clientSetup }: ClientTask['config']): ConnectionField {
  return clientSetup?.options?.['connectionField'] === 'Proxy-Connection' ? 'Proxy-Connection' : 'Connection';
}

/** Throws a UserError where there is no TLS without libuv: sessions and early data of `node:tls` would be another client's. */
function assertTls(): void {
  const found = loadOpenSsl();
  if (!found.ok) throw new UserError('NO_TLS', `Client reference cannot honour strategy.tls here: ${found.reason}.`);
}

/** Throws a UserError where node:net moves the bytes and the strategy asks for what only the sockets of the kernel have. */
function assertPossible({ pool, tcp }: StrategyConfig, { kind, reason }: Transport): void {
  if (kind === 'epoll') return;
  const missing: readonly (readonly [isAsked: boolean, knob: string])[] = [
    [pool.validate === true, 'pool.validate'],
    [tcp.userTimeoutMs !== undefined, 'tcp.userTimeout'],
    [tcp.fastOpen, 'tcp.fastOpen'],
  ];
  for (const [isAsked, knob] of missing) {
    if (!isAsked) continue;
    throw new UserError('NO_SOCKET_CALLS', `Client reference cannot honour strategy.${knob} here: ${String(reason)}.`);
  }
}

function tlsSetup(
  { config, caPem = rootCertificates.join('\n') }: ClientTask,
  isSafe: readonly boolean[],
  { handshakes }: ConnectionLedger,
): { readonly tls?: EpollTlsSetup } {
  const { tls } = config.strategy;
  return tls === undefined || handshakes === null ? {} : { tls: { config: tls, caPem, isSafe, counts: handshakes } };
}

function createPool(rules: PoolConfig, honourHint: boolean, owners: number, task: ClientTask): Pool {
  const shared = rules.scope === 'shared';
  const share = (total: number): number =>
    shared && total !== Infinity ? shareOf(total, task.workers, task.worker) : total;
  const random = new Random(task.seed).fork(1000 + task.worker);
  const { maxRequestsRange, maxLifetimeJitter } = rules;
  return new Pool(
    {
      size: share(rules.size),
      order: rules.order,
      idleTimeoutNs: rules.idleTimeoutMs * 1e6,
      maxRequests: rules.maxRequests,
      ...(maxRequestsRange === undefined ? {} : { maxRequestsRange }),
      maxLifetimeNs: rules.maxLifetimeMs * 1e6,
      ...(maxLifetimeJitter === undefined ? {} : { maxLifetimeJitter }),
      queueLimit: share(rules.queueLimit),
      queueTimeoutNs: rules.queueTimeoutMs * 1e6,
      honourHint,
    },
    owners,
    () => random.nextUnit(),
    random.fork(0),
  );
}
