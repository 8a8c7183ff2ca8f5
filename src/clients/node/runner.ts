/**
 * Runs any Node client through a trial on the event loop of its worker thread: the load, the limits, the counts and the end are the same
 * for all of them.
 */
import { nowNs } from '../../kernel/clock.ts';
import { requestAlternatives } from '../../load/request-mix.ts';
import { shareOf } from '../../load/split.ts';
import type { ClientName, RequestConfig } from '../../scenario/config.ts';
import { longestWarmUpMs } from '../../scenario/warm-up.ts';
import type { Client, ClientTask, PreparedShare } from '../client.ts';
import { drainLimitMs } from '../drain-limit.ts';
import { STOP } from '../live.ts';
import { LoopWatch } from '../loop-watch.ts';
import type { LatencyName, WorkerReport } from '../observations.ts';
import { MeasureLookout } from '../measure-start.ts';
import { Recorder } from '../recorder.ts';
import { recorderOptions } from '../recorder-options.ts';
import { sendsAgain } from '../sends-again.ts';
import { createWorkload, type Workload } from '../workload.ts';
import type { NodeClient, NodeClientFactory } from './node-client.ts';
import { RequestFlow } from './request-flow.ts';
import { SocketLedger } from './socket-ledger.ts';
import { WakeTimer } from './wake-timer.ts';

/** How often a stop is looked for: the flag makes no event. */
const stopCheckMs = 100;
/** How long connections that are being closed get at the end, so that who closes them first is not decided by the tear-down. */
const lingerAtEndMs = 150;

/** A client of the registry made of what drives it. */
export function nodeClient(name: ClientName, make: NodeClientFactory): Client {
  return {
    name,
    transport: () => ({ kind: 'net', reason: `${name} brings Node's own sockets` }),
    prepare: (task) => prepareNodeClient(task, make),
  };
}

/** Rejects as the factory does. */
export async function prepareNodeClient(task: ClientTask, make: NodeClientFactory): Promise<PreparedShare> {
  const { config, live } = task;
  const { strategy, load } = config;
  const workload = createWorkload(load, task);
  const requests = requestAlternatives(load);
  const owners = strategy.pool.scope === 'session' ? workload.users : 1;
  const connections = share(strategy.pool.size, task);
  let recorder: Recorder | null = null;
  const ledger = new SocketLedger({
    live,
    tls: strategy.tls !== undefined,
    leaks: load.leak !== undefined,
    onEstablished: () => {
      recorder?.opened();
    },
  });
  const client = await make({ task, requests, connections, owners, ledger });
  return {
    run: (startNs) => {
      const measureStartNs = startNs + Math.round(longestWarmUpMs(load) * 1e6);
      const measureEndNs = measureStartNs + load.durationMs * 1e6;
      recorder = new Recorder({ startNs, measureStartNs, measureEndNs }, live, recorderOptions(task));
      workload.begin(startNs);
      return runNodeClient({
        task,
        workload,
        requests,
        owners,
        connections,
        recorder,
        ledger,
        client,
        startNs,
        measureStartNs,
        measureEndNs,
      });
    },
  };
}

interface NodeRun {
  readonly task: ClientTask;
  readonly workload: Workload;
  readonly requests: readonly RequestConfig[];
  readonly owners: number;
  readonly connections: number;
  readonly recorder: Recorder;
  readonly ledger: SocketLedger;
  readonly client: NodeClient;
  readonly startNs: number;
  readonly measureStartNs: number;
  readonly measureEndNs: number;
}

/** Sends the whole load; resolves when every request is settled and no socket is left. */
async function runNodeClient(run: NodeRun): Promise<WorkerReport> {
  const {
    task,
    workload,
    requests,
    owners,
    connections,
    recorder,
    ledger,
    client,
    startNs,
    measureStartNs,
    measureEndNs,
  } = run;
  const { config } = task;
  const { strategy } = config;
  const watch = new LoopWatch(nowNs(), measureEndNs - startNs, 'event loop');
  const loop = new NodeLoop({
    task,
    workload,
    recorder,
    ledger,
    client,
    watch,
    measureStartNs,
    drainDeadlineNs: measureEndNs + drainLimitMs(config) * 1e6,
    flow: (onSettled) =>
      new RequestFlow({
        strategy,
        workload,
        recorder,
        requests,
        connections,
        queueLimit: share(strategy.pool.queueLimit, task),
        owners,
        worker: task.worker,
        numbered: sendsAgain(config),
        onSettled,
      }),
  });
  const ended = await loop.run();
  const loops = [await watch.finish(nowNs())];
  const { latency, ...counted } = recorder.report();
  return {
    ...ended,
    ...counted,
    latency: withoutUnmeasured(latency, client),
    connections: ledger.report(),
    bytes: ledger.bytes,
    loops,
    ...(Object.keys(client.unmeasured).length === 0 ? {} : { unmeasured: client.unmeasured }),
    client: client.facts,
  };
}

/** A limit that all users share is split over the workers; one of each user is each user's. */
function share(total: number, { config, worker, workers }: ClientTask): number {
  return config.strategy.pool.scope === 'shared' && total !== Infinity ? shareOf(total, workers, worker) : total;
}

function withoutUnmeasured(latency: WorkerReport['latency'], { unmeasured }: NodeClient): WorkerReport['latency'] {
  const none = { indices: [], counts: [] };
  const names = Object.keys(unmeasured) as LatencyName[];
  return { ...latency, ...Object.fromEntries(names.map((name) => [name, { new: none, reused: none }])) };
}

interface NodeLoopSetup {
  readonly task: ClientTask;
  readonly workload: Workload;
  readonly recorder: Recorder;
  readonly ledger: SocketLedger;
  readonly client: NodeClient;
  readonly watch: LoopWatch;
  /** As planned. */
  readonly measureStartNs: number;
  readonly drainDeadlineNs: number;
  readonly flow: (onSettled: () => void) => RequestFlow;
}

class NodeLoop {
  readonly #setup: NodeLoopSetup;
  readonly #flow: RequestFlow;
  readonly #timer: WakeTimer;
  /** Until then the trial goes on although everything is settled; Infinity where nothing holds it. */
  #holdUntilNs: number;
  #drainDeadlineNs: number;
  /** Null where measure begins as planned. */
  readonly #lookout: MeasureLookout | null;
  #turnIsQueued = false;
  #finished = false;
  #drainedNs = 0;
  #isStopped = false;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(setup: NodeLoopSetup) {
    this.#setup = setup;
    this.#holdUntilNs = setup.workload.lastsUntilNs;
    this.#drainDeadlineNs = setup.drainDeadlineNs;
    const { measureStart } = setup.task;
    this.#lookout = measureStart === undefined ? null : new MeasureLookout(measureStart, setup.measureStartNs);
    this.#flow = setup.flow(() => {
      this.#queueTurn();
    });
    this.#flow.begin(setup.client);
    this.#timer = new WakeTimer(() => {
      this.#turn();
    });
  }

  async run(): Promise<Pick<WorkerReport, 'drainedNs' | 'stopped' | 'retried'>> {
    const { client, ledger, watch, task } = this.#setup;
    const stopCheck = setInterval(() => {
      watch.tick(nowNs());
      if (task.live[STOP] === 1) this.#turn();
    }, stopCheckMs);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        this.#turn();
      });
      const untilNs = nowNs() + lingerAtEndMs * 1e6;
      while (ledger.closing && nowNs() < untilNs) await new Promise((resolve) => setTimeout(resolve, 5));
    } finally {
      clearInterval(stopCheck);
      ledger.beginTearDown();
      await client.close();
      await ledger.tearDown();
      await this.#timer.close();
    }
    const [warmUp, measure] = this.#flow.retried;
    const wholeTrial = warmUp + measure;
    const retried = sendsAgain(task.config) || wholeTrial > 0 ? { retried: { measure, wholeTrial } } : {};
    return { drainedNs: this.#drainedNs, stopped: this.#isStopped, ...retried };
  }

  /**
   * After what runs now: a client that gives a connection back in the same step, or the next tick, has it for the next request, as it
   * would have for a program that awaits the response.
   */
  #queueTurn(): void {
    if (this.#turnIsQueued || this.#finished) return;
    this.#turnIsQueued = true;
    queueMicrotask(() => {
      this.#turnIsQueued = false;
      this.#turn();
    });
  }

  /** What a client throws is a bug: it ends the trial. */
  #turn(): void {
    if (this.#finished) return;
    try {
      this.#act();
    } catch (error) {
      this.#finished = true;
      this.#reject(error);
    }
  }

  #act(): void {
    const { workload, recorder, task } = this.#setup;
    const flow = this.#flow;
    const now = nowNs();
    if (now >= recorder.intervalEndNs) this.#endInterval(now);
    if (now >= flow.nextDeadlineNs) flow.expire(now);
    // Each starts when it is its turn: what the ones before it took is lateness of the generator.
    for (let at = now; workload.nextNs <= now; at = nowNs()) flow.start(at);
    if (now >= this.#holdUntilNs) this.#holdUntilNs = Infinity;
    if (flow.isOver && this.#holdUntilNs === Infinity) this.#end(now);
    else if (task.live[STOP] === 1) this.#giveUp(now, true);
    else if (now >= this.#drainDeadlineNs) this.#giveUp(now, false);
    else this.#plan();
  }

  #endInterval(now: number): void {
    const { workload, recorder } = this.#setup;
    const measureStartNs = this.#lookout?.look(now) ?? null;
    if (measureStartNs !== null) {
      workload.beginMeasureAt(measureStartNs);
      this.#drainDeadlineNs -= recorder.beginMeasureAt(measureStartNs);
      this.#holdUntilNs = workload.lastsUntilNs;
    }
    recorder.endInterval(now);
  }

  #plan(): void {
    const { workload, recorder } = this.#setup;
    const deadlineNs = Math.min(this.#flow.nextDeadlineNs, this.#holdUntilNs, this.#drainDeadlineNs);
    const otherNs = Math.min(deadlineNs, recorder.intervalEndNs);
    this.#timer.set(workload.nextNs, otherNs);
  }

  #giveUp(now: number, early: boolean): void {
    this.#isStopped = early;
    this.#setup.ledger.beginTearDown();
    this.#flow.stop(now);
    this.#end(now);
  }

  #end(now: number): void {
    this.#finished = true;
    this.#drainedNs = now;
    this.#resolve();
  }
}
