/** The reference client: connbench's own HTTP/1.x client, which follows the strategy to the letter and costs next to nothing. */
import { encodeRequest } from '../http/request.ts';
import { loadNative } from '../kernel/native.ts';
import { Random } from '../load/random.ts';
import { shareOf } from '../load/split.ts';
import type { PoolConfig } from '../scenario/config.ts';
import { Pool } from '../strategy/pool.ts';
import { drainLimitMs } from './drain-limit.ts';
import type { Client, ClientTask, Transport } from './client.ts';
import type { WorkerReport } from './observations.ts';
import { Recorder } from './recorder.ts';
import { Engine } from './reference/engine.ts';
import { EpollTransport } from './reference/epoll-transport.ts';
import { ConnectionLedger } from './reference/ledger.ts';
import { NetTransport } from './reference/net-transport.ts';
import { createWorkload } from './workload.ts';

export const referenceClient: Client = { name: 'reference', transport, run };

function transport(): Transport {
  const native = loadNative();
  return native.ok ? { kind: 'epoll', reason: null } : { kind: 'net', reason: native.reason };
}

async function run(task: ClientTask): Promise<WorkerReport> {
  const { config, host, port, live, startNs } = task;
  const { strategy, load } = config;
  const measureStartNs = startNs + load.warmUpMs * 1e6;
  const measureEndNs = measureStartNs + load.durationMs * 1e6;
  const recorder = new Recorder({ startNs, measureStartNs, measureEndNs }, live);
  const ledger = new ConnectionLedger(live);
  const workload = createWorkload(load, task);
  const owners = strategy.pool.scope === 'session' ? workload.users : 1;
  const request = encodeRequest({
    method: load.request.method,
    path: load.request.path,
    host,
    port,
    versionMinor: strategy.protocol === 'http/1.0' ? 0 : 1,
    connection: strategy.connection,
  });
  const engine = new Engine({
    strategy,
    pool: createPool(strategy.pool, strategy.honourHint, owners, task),
    owners,
    workload,
    recorder,
    ledger,
    requestBytes: request.length,
    isHead: load.request.method === 'HEAD',
    drainDeadlineNs: measureEndNs + drainLimitMs(config) * 1e6,
  });
  const setup = { host, port, tcp: strategy.tcp, request, live };
  if (transport().kind === 'epoll') new EpollTransport(setup).run(engine);
  else await new NetTransport(setup).run(engine);
  return { drainedNs: engine.settledNs, stopped: engine.stopped, ...recorder.report(), connections: ledger.report() };
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
