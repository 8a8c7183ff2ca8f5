/** A network in memory with virtual time: scripted servers, exact arrival times, and a transport that checks how the engine uses it. */
import { createLiveCounts } from '../../../src/clients/live.ts';
import type { ConnectionReport } from '../../../src/clients/observations.ts';
import type { SharedMeasureStart } from '../../../src/clients/measure-start.ts';
import { Recorder, type WarmUpOptions } from '../../../src/clients/recorder.ts';
import { Engine } from '../../../src/clients/reference/engine.ts';
import { ConnectionLedger } from '../../../src/clients/reference/ledger.ts';
import { LOOK_NOTIFIED, type ReferenceTransport } from '../../../src/clients/reference/transport.ts';
import { createWorkload } from '../../../src/clients/workload.ts';
import { errnoName } from '../../../src/kernel/errno.ts';
import { Random } from '../../../src/load/random.ts';
import { requestAlternatives } from '../../../src/load/request-mix.ts';
import type { LoadConfig } from '../../../src/scenario/config.ts';
import { longestWarmUpMs } from '../../../src/scenario/warm-up.ts';
import { Pool } from '../../../src/strategy/pool.ts';
import { type Report } from '../consistency.ts';
import { FakeTraffic } from './fake-traffic.ts';
import { strategyConfig, type StrategyChanges } from '../trial-config.ts';

const EAGAIN = 11;
const ECONNRESET = 104;

/** What the server does to one connection, ns after the request was read (or the connection accepted). */
export type Action =
  | { readonly afterNs: number; readonly send: string }
  | { readonly afterNs: number; readonly do: 'fin' | 'reset' }
  /** Arrived in the kernel, and not yet told to the engine; `notify`: close_notify of TLS. */
  | { readonly afterNs: number; readonly queued: Queued };

type Queued = 'fin' | 'bytes' | 'reset' | 'notify';

export interface Behaviour {
  /** ns until established; a code for a refusal after that time; or a negative errno at once. */
  readonly connect?: (
    connection: number,
  ) => number | { readonly afterNs: number; readonly code: string } | { errno: number };
  /** What follows the acceptance by itself. */
  readonly accepted?: (connection: number) => readonly Action[];
  /** The answer to request number `request` (from 0) of connection number `connection` (from 0), and which of the load's requests it is. */
  readonly answer?: (connection: number, request: number, alternative: number) => readonly Action[];
  /** How much of a request the kernel takes at once, and when it takes more; by default everything. */
  readonly window?: { readonly bytes: number; readonly drainNs: number };
  /** What a write answers instead, by connection and request; 0 for nothing. */
  readonly sendErrno?: (connection: number, request: number) => number;
}

interface FakeConnection {
  readonly number: number;
  readonly slot: number;
  established: boolean;
  open: boolean;
  /** Requests read in full. */
  requests: number;
  queued: 'nothing' | Queued;
}

interface Event {
  readonly atNs: number;
  readonly order: number;
  readonly run: (nowNs: number) => void;
}

export interface WorldSetup {
  readonly strategy?: StrategyChanges;
  readonly load: LoadConfig;
  readonly server?: Behaviour;
  readonly startNs?: number;
  /** By alternative of the load, where it has several. */
  readonly requestBytes?: number | readonly number[];
  readonly drainMs?: number;
  /** Calls `engine.stop` at this time. */
  readonly stopAtNs?: number;
  readonly random?: () => number;
  readonly worker?: number;
  readonly workers?: number;
  /** For a load with `steadyMs`: what the main thread shares, and gets of every interval of warm-up. */
  readonly steady?: { readonly shared: SharedMeasureStart; readonly tell: WarmUpOptions['tell'] };
}

export interface WorldResult {
  readonly report: Report;
  readonly connections: ConnectionReport;
  readonly engine: Engine;
  readonly drainedNs: number;
  /** Every connection closed, and by RST or not, with the time. */
  readonly closed: readonly { readonly connection: number; readonly atNs: number; readonly reset: boolean }[];
  readonly stillOpen: number;
  readonly ledgerOpen: number;
  readonly pooled: number;
  /** Of every request that the server read in full, its number; -1 where it has none. */
  readonly numbers: readonly number[];
  /** Most requests that were under way on one connection. */
  readonly mostUnderWay: number;
}

/** More events than any scenario here needs: a loop that never ends is an error. */
const mostSteps = 50_000;
const lingerAtEndNs = 150e6;

class FakeNetwork implements ReferenceTransport {
  nowNs: number;
  readonly connections: FakeConnection[] = [];
  readonly closed: { connection: number; atNs: number; reset: boolean }[] = [];
  readonly #behaviour: Behaviour;
  readonly #requestBytes: readonly number[];
  readonly #traffic: FakeTraffic;
  readonly #bySlot = new Map<number, FakeConnection>();
  #events: Event[] = [];
  #order = 0;
  #opens = 0;
  engine!: Engine;

  constructor(behaviour: Behaviour, requestBytes: readonly number[], traffic: FakeTraffic, startNs: number) {
    this.#behaviour = behaviour;
    this.#traffic = traffic;
    this.#requestBytes = requestBytes;
    this.nowNs = startNs;
  }

  at(atNs: number, run: (nowNs: number) => void): void {
    if (this.#order > mostSteps) throw new Error('more happens than a scenario here needs');
    this.#events.push({ atNs, order: this.#order++, run });
    this.#events.sort((a, b) => a.atNs - b.atNs || a.order - b.order);
  }

  nextEventNs(): number {
    return this.#events[0]?.atNs ?? Infinity;
  }

  /** Runs what happens up to now. */
  deliver(): void {
    while (this.nextEventNs() <= this.nowNs) {
      this.#events.shift()!.run(this.nowNs);
      this.engine.startDue(this.nowNs);
    }
  }

  get openCount(): number {
    return this.connections.filter((connection) => connection.open).length;
  }

  clockNs(): number {
    return this.nowNs;
  }

  open(slot: number): number {
    if (++this.#opens > mostSteps) throw new Error('more connections than a scenario here needs');
    if (this.#bySlot.has(slot)) throw new Error(`slot ${slot} is opened while it is open`);
    const number = this.connections.length;
    const outcome = this.#behaviour.connect?.(number) ?? 0;
    if (typeof outcome === 'object' && 'errno' in outcome) return -outcome.errno;
    const connection: FakeConnection = { number, slot, established: false, open: true, requests: 0, queued: 'nothing' };
    this.connections.push(connection);
    this.#bySlot.set(slot, connection);
    const afterNs = typeof outcome === 'number' ? outcome : outcome.afterNs;
    if (afterNs === Infinity) return 0;
    this.at(this.nowNs + afterNs, (nowNs) => {
      if (!connection.open) return;
      if (typeof outcome === 'number') {
        connection.established = true;
        this.#schedule(connection, this.#behaviour.accepted?.(number) ?? []);
        this.engine.exchanges.opened(slot, nowNs);
      } else {
        this.#drop(connection);
        this.engine.exchanges.connectFailed(slot, outcome.code, nowNs);
      }
    });
    return 0;
  }

  send(slot: number, from: number, alternative: number, number: number): number {
    const connection = this.#established(slot, 'written to');
    if (from === 0) this.#traffic.begun(connection.number, alternative);
    const errno = this.#behaviour.sendErrno?.(connection.number, connection.requests) ?? 0;
    if (errno !== 0) return -errno;
    const window = this.#behaviour.window;
    const whole = this.#requestBytes[alternative]!;
    const length = Math.min(whole - from, window?.bytes ?? Infinity);
    if (from + length === whole) {
      const actions = this.#behaviour.answer?.(connection.number, connection.requests++, alternative) ?? [];
      this.#traffic.read(connection.number, alternative, number);
      const takesNs = Math.max(0, ...actions.map(({ afterNs }) => afterNs));
      this.#schedule(connection, actions, this.#traffic.turnNs(connection.number, this.nowNs, takesNs));
    } else {
      this.at(this.nowNs + window!.drainNs, (nowNs) => {
        if (connection.open) this.engine.exchanges.writable(slot, nowNs);
      });
    }
    return length;
  }

  peek(slot: number): number {
    const { queued } = this.#established(slot, 'peeked at');
    return { nothing: -EAGAIN, fin: 0, bytes: 1, reset: -ECONNRESET, notify: 1 }[queued];
  }

  /** What it finds of TLS it takes in. */
  look(slot: number): number {
    const connection = this.#established(slot, 'looked at');
    if (connection.queued !== 'notify') return this.peek(slot);
    connection.queued = 'nothing';
    return LOOK_NOTIFIED;
  }

  errorName(result: number): string {
    return errnoName(-result);
  }

  isDead(result: number): boolean {
    return result < 0 && result !== -EAGAIN;
  }

  close(slot: number, reset: boolean): void {
    const connection = this.#bySlot.get(slot);
    if (connection === undefined) throw new Error(`slot ${slot} is closed twice`);
    this.#drop(connection);
    this.closed.push({ connection: connection.number, atNs: this.nowNs, reset });
  }

  #established(slot: number, what: string): FakeConnection {
    const connection = this.#bySlot.get(slot);
    if (connection?.established !== true) throw new Error(`slot ${slot} is ${what} and is not established`);
    return connection;
  }

  #drop(connection: FakeConnection): void {
    connection.open = false;
    this.#bySlot.delete(connection.slot);
  }

  #schedule(connection: FakeConnection, actions: readonly Action[], fromNs = this.nowNs): void {
    for (const action of actions) {
      this.at(fromNs + action.afterNs, (nowNs) => {
        if (connection.open) this.#act(connection, action, nowNs);
      });
    }
  }

  #act(connection: FakeConnection, action: Action, nowNs: number): void {
    const { slot } = connection;
    if ('queued' in action) {
      connection.queued = action.queued;
    } else if ('send' in action) {
      const bytes = new TextEncoder().encode(action.send);
      this.#traffic.sent(connection.number, bytes);
      this.engine.exchanges.data(slot, bytes, 0, bytes.length, nowNs);
    } else if (action.do === 'fin') {
      this.engine.exchanges.finSeen(slot);
      this.engine.exchanges.eof(slot, nowNs);
    } else {
      this.engine.exchanges.broken(slot, 'ECONNRESET', nowNs);
    }
  }
}

/** Runs a whole trial in virtual time, as the transports do in real time, and gives what was recorded. */
export function runWorld(setup: WorldSetup): WorldResult {
  const { load, startNs = 0, requestBytes = 100, worker = 0, workers = 1 } = setup;
  const strategy = strategyConfig(setup.strategy);
  const alternatives = requestAlternatives(load);
  const lengths = alternatives.map((_, index) =>
    typeof requestBytes === 'number' ? requestBytes : requestBytes[index]!,
  );
  const requests = alternatives.map(({ method }, index) => {
    return { bytes: lengths[index]!, isHead: method === 'HEAD', isIdempotent: method !== 'POST' };
  });
  const measureStartNs = startNs + longestWarmUpMs(load) * 1e6;
  const measureEndNs = measureStartNs + load.durationMs * 1e6;
  const live = createLiveCounts();
  const { steady } = setup;
  const recorder = new Recorder({ startNs, measureStartNs, measureEndNs }, live, {
    checkPhases: true,
    ...(steady === undefined ? {} : { warmUp: { intervalNs: steady.shared.intervalNs, tell: steady.tell } }),
  });
  const ledger = new ConnectionLedger(live);
  const workload = createWorkload(load, { seed: 1, worker, workers });
  workload.begin(startNs);
  const owners = strategy.pool.scope === 'session' ? workload.users : 1;
  const { pool: rules } = strategy;
  const pool = new Pool(
    {
      ...rules,
      idleTimeoutNs: rules.idleTimeoutMs * 1e6,
      maxLifetimeNs: rules.maxLifetimeMs * 1e6,
      queueTimeoutNs: rules.queueTimeoutMs * 1e6,
      honourHint: strategy.honourHint,
    },
    owners,
    setup.random ?? ((): number => 0),
    new Random(1),
  );
  const engine = new Engine({
    strategy,
    pool,
    owners,
    workload,
    recorder,
    ledger,
    requests,
    measureStartNs,
    ...(steady === undefined ? {} : { measureStart: steady.shared }),
    drainDeadlineNs: measureEndNs + (setup.drainMs ?? 30_000) * 1e6,
  });
  const traffic = new FakeTraffic(strategy.pipelining ?? 1, requests);
  const network = new FakeNetwork(setup.server ?? {}, lengths, traffic, startNs);
  network.engine = engine;
  runLoop(engine, network, setup.stopAtNs ?? Infinity);
  return {
    report: { ...recorder.report(), connections: ledger.report(), ...engine.retried },
    connections: ledger.report(),
    engine,
    drainedNs: engine.settledNs,
    closed: network.closed,
    stillOpen: network.openCount,
    ledgerOpen: ledger.open,
    pooled: pool.total + pool.waiting,
    numbers: traffic.numbers,
    mostUnderWay: traffic.mostUnderWay,
  };
}

function runLoop(engine: Engine, network: FakeNetwork, stopAtNs: number): void {
  engine.begin(network, network.nowNs);
  for (let step = 0; ; step++) {
    if (step > mostSteps) throw new Error('the engine does not come to an end');
    engine.turn(network.nowNs);
    if (engine.finished) break;
    if (network.nowNs >= stopAtNs) {
      engine.stop(network.nowNs);
      break;
    }
    const nextNs = Math.min(engine.nextWakeNs(), network.nextEventNs(), stopAtNs);
    if (nextNs === Infinity) throw new Error('the engine waits for nothing');
    network.nowNs = Math.max(network.nowNs, nextNs);
    network.deliver();
  }
  const untilNs = network.nowNs + lingerAtEndNs;
  for (let step = 0; engine.lingering && network.nowNs < untilNs; step++) {
    if (step > mostSteps) throw new Error('the engine does not wait for the FINs it waits for');
    engine.turn(network.nowNs);
    network.nowNs = Math.max(network.nowNs, Math.min(engine.nextWakeNs(), network.nextEventNs(), untilNs));
    network.deliver();
  }
  engine.tearDown();
}

/** A response with a body of `bodyBytes`, and more header lines. */
export function response(bodyBytes = 2, ...fields: readonly string[]): string {
  const lines = ['HTTP/1.1 200 OK', `Content-Length: ${bodyBytes}`, ...fields];
  return `${lines.join('\r\n')}\r\n\r\n${'x'.repeat(bodyBytes)}`;
}
