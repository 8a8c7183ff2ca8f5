/** One load run in the generator process: worker threads by piscina, a common start, live figures, CPU over measure. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import {
  COMPLETED,
  createLiveCounts,
  DROPPED,
  FAILED,
  OPEN_CONNECTIONS,
  STARTED,
  STOP,
  WAKE_FD,
  type LiveCounts,
} from '../clients/live.ts';
import type { WarmUpInterval } from '../clients/measure-start.ts';
import type { WorkerReport } from '../clients/observations.ts';
import type { Client } from '../clients/client.ts';
import { clientNamed } from '../clients/registry.ts';
import { nowNs } from '../kernel/clock.ts';
import { entryFile } from '../kernel/entry.ts';
import { EventFd, raiseEvent } from '../kernel/event-fd.ts';
import { loadNative } from '../kernel/native.ts';
import { familyCpu } from '../kernel/proc-tree.ts';
import type { LoadConfig } from '../scenario/config.ts';
import { longestWarmUpMs } from '../scenario/warm-up.ts';
import { MeasureClock, cpuBetween, ownCpu, type Cpu, type ReadCpu } from './measure-clock.ts';
import { mergeWorkers } from './merge.ts';
import type { AnyGeneratorReport, FromGenerator, MeasureTimes, ToGenerator } from './messages.ts';
import { sharedTrace } from './shared-trace.ts';
import { SteadyWarmUp } from './steady-warm-up.ts';
import { gateBytes, GO, READY, START_NS, type WorkerTask } from './task.ts';

const liveIntervalMs = 200;
const readyCheckMs = 2;
/** From all workers ready to the first arrival: enough for every thread to wake up and reach its loop. */
const leadNs = 20e6;

type StartMessage = Extract<ToGenerator, { type: 'start' }>;

/** Seconds, as in the record; tests take shorter ones. */
const warmUpIntervalNs = 1e9;

export class LoadRun {
  readonly finished: Promise<AnyGeneratorReport>;
  readonly #start: StartMessage;
  readonly #send: (message: FromGenerator) => void;
  readonly #live: readonly LiveCounts[];
  readonly #gate = new SharedArrayBuffer(gateBytes);
  /** One a worker; none where FFI is missing. */
  readonly #wakes: readonly EventFd[] = [];
  #stopped = false;
  /** The workers are gone, and the descriptors that wake them. */
  #over = false;
  readonly #client: Client;
  readonly #readCpu: ReadCpu;
  readonly #clock: MeasureClock;
  /** Null where warm-up has a fixed end. */
  readonly #steady: SteadyWarmUp | null;
  /** Null until it is certain when measure is. */
  #measure: MeasureTimes | null = null;

  constructor(start: StartMessage, send: (message: FromGenerator) => void, intervalNs = warmUpIntervalNs) {
    this.#start = start;
    this.#client = clientNamed(start.config.client);
    this.#readCpu = this.#client.isProgram === true ? familyCpu : ownCpu;
    this.#clock = new MeasureClock(this.#readCpu);
    this.#send = send;
    this.#steady = steadyWarmUp(start.config.load, intervalNs);
    this.#live = Array.from({ length: start.config.load.workers }, createLiveCounts);
    if (loadNative().ok) this.#wakes = this.#live.map(() => new EventFd());
    this.#wakes.forEach(({ fd }, worker) => {
      this.#live[worker]![WAKE_FD] = fd;
    });
    this.finished = this.#run();
  }

  /** Ends the load early: what is unfinished counts as abandoned. */
  stop(): void {
    this.#stopped = true;
    for (const live of this.#live) Atomics.store(live, STOP, 1);
    if (this.#over) return;
    for (const { fd } of this.#wakes) raiseEvent(fd);
  }

  async #run(): Promise<AnyGeneratorReport> {
    const { config } = this.#start;
    const { workers } = config.load;
    const traceNs = sharedTrace(config.load);
    const pool = new Piscina<WorkerTask, WorkerReport>({
      filename: entryFile(import.meta.url, './worker'),
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
    });
    try {
      const cpuBefore = this.#readCpu();
      const shares = this.#live.map((live, worker) => {
        const task = this.#task(live, worker, traceNs);
        const steady = this.#steady;
        if (this.#client.isProgram === true) {
          const measurePort = this.#programPort();
          return pool.run({ ...task, measurePort }, { transferList: [measurePort] });
        }
        if (steady === null) return pool.run(task);
        const port = listenTo(worker, steady);
        const share = pool.run({ ...task, measureStart: { ...steady.shared, port } }, { transferList: [port] });
        return share.finally(() => {
          steady.ended(worker);
        });
      });
      const all = Promise.all(shares);
      const startNs = await Promise.race([this.#openGate(workers), all.then(() => Promise.reject(tooEarly()))]);
      const stopFollowing = this.#follow(startNs);
      const parts = await all.finally(stopFollowing);
      return this.#report(mergeWorkers(parts), startNs, cpuBetween(cpuBefore, this.#readCpu()));
    } finally {
      this.#over = true;
      await pool.destroy();
      for (const wake of this.#wakes) wake.close();
    }
  }

  #task(live: LiveCounts, worker: number, traceNs: Float64Array<SharedArrayBuffer> | undefined): WorkerTask {
    const { config, host, port, seed, caPem } = this.#start;
    const optional = { ...(traceNs === undefined ? {} : { traceNs }), ...(caPem === undefined ? {} : { caPem }) };
    return { config, host, port, seed, worker, workers: config.load.workers, live, ...optional, gate: this.#gate };
  }

  /** The port to which a program's worker tells when measure begins: it follows the program, which has no timetable of ours. */
  #programPort(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    port1.once('message', (measureStartNs: number) => {
      this.#measureFrom(measureStartNs);
      port1.close();
    });
    return port2;
  }

  /** Waits until every worker is at the gate, then tells all of them the same start. Gives that start. */
  async #openGate(workers: number): Promise<number> {
    const flags = new Int32Array(this.#gate);
    while (Atomics.load(flags, READY) < workers && !this.#over)
      await new Promise((resolve) => setTimeout(resolve, readyCheckMs));
    const startNs = Math.ceil(nowNs() + leadNs);
    new Float64Array(this.#gate)[START_NS] = startNs;
    Atomics.store(flags, GO, 1);
    Atomics.notify(flags, GO);
    return startNs;
  }

  /** Says when the trial is, takes the CPU at both ends of measure, and sends what is live. Gives the function that ends it. */
  #follow(startNs: number): () => void {
    const planned = this.#planned(startNs);
    this.#send({ type: 'started', startNs, ...planned });
    const steady = this.#steady;
    if (this.#client.isProgram === true) {
      // Its worker tells.
    } else if (steady === null) {
      this.#measureFrom(planned.measureStartNs);
    } else {
      steady.onKnown((sinceStartNs) => {
        this.#measureFrom(startNs + sinceStartNs);
      });
      this.#clock.at(planned.measureStartNs, () => {
        steady.giveUp();
      });
    }
    const live = setInterval(() => {
      this.#sendLive();
    }, liveIntervalMs);
    return () => {
      clearInterval(live);
      // Whoever waits to hear when measure is, or would have been, is told.
      steady?.giveUp();
      this.#clock.stop();
    };
  }

  #measureFrom(measureStartNs: number): void {
    this.#measure = { measureStartNs, measureEndNs: measureStartNs + this.#start.config.load.durationMs * 1e6 };
    // A program ends when it has counted enough seconds, and all that it does until then is measure.
    this.#clock.plan(measureStartNs, this.#client.isProgram === true ? null : this.#measure.measureEndNs);
    this.#send({ type: 'measure', ...this.#measure });
  }

  #sendLive(): void {
    const total = (position: number): number => this.#live.reduce((sum, live) => sum + (live[position]! >>> 0), 0);
    this.#send({
      type: 'live',
      phase: this.#clock.phase,
      started: total(STARTED),
      completed: total(COMPLETED),
      failed: total(FAILED),
      dropped: total(DROPPED),
      openConnections: total(OPEN_CONNECTIONS),
    });
  }

  #planned(startNs: number): MeasureTimes {
    const { load } = this.#start.config;
    const measureStartNs = startNs + Math.round(longestWarmUpMs(load) * 1e6);
    return { measureStartNs, measureEndNs: measureStartNs + load.durationMs * 1e6 };
  }

  #report(merged: WorkerReport, startNs: number, wholeCpu: Cpu): AnyGeneratorReport {
    const { config } = this.#start;
    const { cpu } = this.#clock;
    const { kind, reason } = this.#client.transport();
    const { outside, ...seen } = merged;
    const report = {
      ...seen,
      transport: kind,
      transportReason: reason,
      workers: config.load.workers,
      runtime: process.version,
      startNs,
      ...(this.#measure ?? this.#planned(startNs)),
      ...(this.#steady === null ? {} : { steadyReached: this.#steady.reached }),
      stopped: this.#stopped || merged.stopped,
      cpu,
      cpuOutsideMeasure: {
        userUs: wholeCpu.userUs - cpu.userUs,
        systemUs: wholeCpu.systemUs - cpu.systemUs,
      },
    };
    if (outside === undefined) return report;
    const { measureStartNs, measureEndNs } = outside;
    return { ...report, measureStartNs, measureEndNs, connections: null, bytes: null, outside };
  }
}

function steadyWarmUp({ workers, warmUpMs, steadyMs }: LoadConfig, intervalNs: number): SteadyWarmUp | null {
  if (steadyMs === undefined) return null;
  return new SteadyWarmUp({ workers, warmUpNs: warmUpMs * 1e6, steadyNs: steadyMs * 1e6, intervalNs });
}

/** The port to which a worker tells the intervals of its warm-up. */
function listenTo(worker: number, steady: SteadyWarmUp): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', (response: WarmUpInterval) => {
    steady.take(worker, response);
  });
  return port2;
}

function tooEarly(): Error {
  return new Error('the workers ended before the start');
}
