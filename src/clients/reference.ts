/** The reference client: connbench's own HTTP/1.x client, which follows the strategy to the letter and costs next to nothing. */
import { rootCertificates } from 'node:tls';
import { encodeRequest } from '../http/request.ts';
import { nowNs } from '../kernel/clock.ts';
import { loadNative } from '../kernel/native.ts';
import { loadOpenSsl } from '../kernel/openssl.ts';
import { Random } from '../load/random.ts';
import { requestAlternatives } from '../load/request-mix.ts';
import { shareOf } from '../load/split.ts';
import type { PoolConfig } from '../scenario/config.ts';
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
  const workload = createWorkload(load, task);
  const owners = strategy.pool.scope === 'session' ? workload.users : 1;
  const pool = createPool(strategy.pool, strategy.honourHint, owners, task);
  const alternatives = requestAlternatives(load);
  const versionMinor = strategy.protocol === 'http/1.0' ? 0 : 1;
  const { connection, tcp } = strategy;
  const requests = alternatives.map((one) => encodeRequest({ ...one, host, port, versionMinor, connection }));
  const traits = alternatives.map(({ method }, at) => ({ bytes: requests[at]!.length, isHead: method === 'HEAD' }));
  const setup = { host, port, tcp, requests, live };
  const ledger = new ConnectionLedger(live, isTls);
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
      return { drainedNs, stopped, ...recorder.report(), connections: ledger.report(), loops };
    },
  };
}

/** Throws a UserError where there is no TLS without libuv: sessions and early data of `node:tls` would be another client's. */
function assertTls(): void {
  const found = loadOpenSsl();
  if (!found.ok) throw new UserError('NO_TLS', `Client reference cannot honour strategy.tls here: ${found.reason}.`);
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
  return new Pool(
    {
      size: share(rules.size),
      order: rules.order,
      idleTimeoutNs: rules.idleTimeoutMs * 1e6,
      maxRequests: rules.maxRequests,
      maxLifetimeNs: rules.maxLifetimeMs * 1e6,
      queueLimit: share(rules.queueLimit),
      queueTimeoutNs: rules.queueTimeoutMs * 1e6,
      honourHint,
    },
    owners,
    () => random.nextUnit(),
  );
}
