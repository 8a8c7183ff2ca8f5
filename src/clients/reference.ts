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
import { Pool } from '../strategy/pool.ts';
import { drainLimitMs } from './drain-limit.ts';
import type { Client, ClientTask, Transport } from './client.ts';
import { LoopWatch } from './loop-watch.ts';
import type { WorkerReport } from './observations.ts';
import { wantsPhaseCheck } from './phase-check.ts';
import { Recorder } from './recorder.ts';
import { Engine } from './reference/engine.ts';
import { EpollTransport, type EpollTlsSetup } from './reference/epoll-transport.ts';
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
  const { kind } = transport();
  if (strategy.tls !== undefined) assertTls();
  const measureStartNs = startNs + load.warmUpMs * 1e6;
  const measureEndNs = measureStartNs + load.durationMs * 1e6;
  const recorder = new Recorder({ startNs, measureStartNs, measureEndNs }, live, {
    checkPhases: wantsPhaseCheck(process.env),
    tls: strategy.tls !== undefined,
    // Users are dealt out to the workers in turn.
    userNumber: (user) => (load.model === 'closed' ? user * task.workers + task.worker : null),
  });
  const ledger = new ConnectionLedger(live, strategy.tls !== undefined);
  const workload = createWorkload(load, task);
  const owners = strategy.pool.scope === 'session' ? workload.users : 1;
  const alternatives = requestAlternatives(load);
  const versionMinor = strategy.protocol === 'http/1.0' ? 0 : 1;
  const { connection } = strategy;
  const requests = alternatives.map((one) => encodeRequest({ ...one, host, port, versionMinor, connection }));
  const engine = new Engine({
    strategy,
    pool: createPool(strategy.pool, strategy.honourHint, owners, task),
    owners,
    workload,
    recorder,
    ledger,
    requests: alternatives.map(({ method }, index) => ({ bytes: requests[index]!.length, isHead: method === 'HEAD' })),
    drainDeadlineNs: measureEndNs + drainLimitMs(config) * 1e6,
  });
  const watch = new LoopWatch(nowNs(), measureEndNs - startNs, kind === 'epoll' ? 'own' : 'event loop');
  const setup = { host, port, tcp: strategy.tcp, requests, live, watch };
  const isSafe = alternatives.map(({ method }) => method === 'GET' || method === 'HEAD');
  if (kind === 'epoll') new EpollTransport({ ...setup, ...tlsSetup(task, isSafe, ledger) }).run(engine);
  else await new NetTransport(setup).run(engine);
  const loops = [await watch.finish(nowNs())];
  const { settledNs: drainedNs, stopped } = engine;
  return { drainedNs, stopped, ...recorder.report(), connections: ledger.report(), loops };
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
