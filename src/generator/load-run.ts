/** One load run in the generator process: worker threads by piscina, a common start, live figures, CPU over measure. */
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
import type { WorkerReport } from '../clients/observations.ts';
import { clientNamed } from '../clients/registry.ts';
import { nowNs } from '../kernel/clock.ts';
import { entryFile } from '../kernel/entry.ts';
import { EventFd, raiseEvent } from '../kernel/event-fd.ts';
import { loadNative } from '../kernel/native.ts';
import { mergeWorkers } from './merge.ts';
import type { FromGenerator, GeneratorReport, ToGenerator, TrialPhase } from './messages.ts';
import { sharedTrace } from './shared-trace.ts';
import { gateBytes, GO, READY, START_NS, type WorkerTask } from './task.ts';

const liveIntervalMs = 200;
const readyCheckMs = 2;
/** From all workers ready to the first arrival: enough for every thread to wake up and reach its loop. */
const leadNs = 20e6;

type StartMessage = Extract<ToGenerator, { type: 'start' }>;

interface Cpu {
  readonly userUs: number;
  readonly systemUs: number;
}

export class LoadRun {
  readonly finished: Promise<GeneratorReport>;
  readonly #start: StartMessage;
  readonly #send: (message: FromGenerator) => void;
  readonly #live: readonly LiveCounts[];
  readonly #gate = new SharedArrayBuffer(gateBytes);
  /** One a worker; none where FFI is missing. */
  readonly #wakes: readonly EventFd[] = [];
  #stopped = false;
  /** The workers are gone, and the descriptors that wake them. */
  #over = false;
  #phase: TrialPhase = 'warm-up';
  #measureCpu: Cpu = { userUs: 0, systemUs: 0 };

  constructor(start: StartMessage, send: (message: FromGenerator) => void) {
    this.#start = start;
    this.#send = send;
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

  async #run(): Promise<GeneratorReport> {
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
      const cpuBefore = process.cpuUsage();
      const shares = this.#live.map((live, worker) => pool.run(this.#task(live, worker, traceNs)));
      const all = Promise.all(shares);
      const startNs = await Promise.race([this.#openGate(workers), all.then(() => Promise.reject(tooEarly()))]);
      const stopTimers = this.#follow(startNs);
      const parts = await all.finally(stopTimers);
      return this.#report(mergeWorkers(parts), startNs, cpuSince(cpuBefore));
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

  /** Waits until every worker is at the gate, then tells all of them the same start. Gives that start. */
  async #openGate(workers: number): Promise<number> {
    const flags = new Int32Array(this.#gate);
    while (Atomics.load(flags, READY) < workers) await new Promise((resolve) => setTimeout(resolve, readyCheckMs));
    const startNs = Math.ceil(nowNs() + leadNs);
    new Float64Array(this.#gate)[START_NS] = startNs;
    Atomics.store(flags, GO, 1);
    Atomics.notify(flags, GO);
    return startNs;
  }

  /** Sends what is live, and takes the CPU at both ends of measure. Gives the function that ends it. */
  #follow(startNs: number): () => void {
    const { measureStartNs, measureEndNs } = this.#times(startNs);
    this.#send({ type: 'started', startNs, measureStartNs, measureEndNs });
    let cpuAtStart: NodeJS.CpuUsage | undefined;
    const timers = [
      at(measureStartNs, () => {
        cpuAtStart = process.cpuUsage();
        this.#phase = 'measure';
      }),
      at(measureEndNs, () => {
        if (cpuAtStart !== undefined) this.#measureCpu = cpuSince(cpuAtStart);
        this.#phase = 'drain';
      }),
    ];
    const live = setInterval(() => {
      this.#sendLive();
    }, liveIntervalMs);
    return () => {
      clearInterval(live);
      timers.forEach((timer) => {
        clearTimeout(timer);
      });
      // Ended within measure: the CPU up to here belongs to it.
      if (this.#phase === 'measure' && cpuAtStart !== undefined) this.#measureCpu = cpuSince(cpuAtStart);
    };
  }

  #sendLive(): void {
    const total = (position: number): number => this.#live.reduce((sum, live) => sum + (live[position]! >>> 0), 0);
    this.#send({
      type: 'live',
      phase: this.#phase,
      started: total(STARTED),
      completed: total(COMPLETED),
      failed: total(FAILED),
      dropped: total(DROPPED),
      openConnections: total(OPEN_CONNECTIONS),
    });
  }

  #times(startNs: number): { measureStartNs: number; measureEndNs: number } {
    const { warmUpMs, durationMs } = this.#start.config.load;
    const measureStartNs = startNs + warmUpMs * 1e6;
    return { measureStartNs, measureEndNs: measureStartNs + durationMs * 1e6 };
  }

  #report(merged: WorkerReport, startNs: number, wholeCpu: Cpu): GeneratorReport {
    const { config } = this.#start;
    const { kind, reason } = clientNamed(config.client).transport();
    return {
      ...merged,
      transport: kind,
      transportReason: reason,
      workers: config.load.workers,
      startNs,
      ...this.#times(startNs),
      stopped: this.#stopped || merged.stopped,
      cpu: this.#measureCpu,
      cpuOutsideMeasure: {
        userUs: wholeCpu.userUs - this.#measureCpu.userUs,
        systemUs: wholeCpu.systemUs - this.#measureCpu.systemUs,
      },
    };
  }
}

function at(timeNs: number, action: () => void): NodeJS.Timeout {
  return setTimeout(action, Math.max(0, (timeNs - nowNs()) / 1e6));
}

function cpuSince(before: NodeJS.CpuUsage): Cpu {
  const { user, system } = process.cpuUsage(before);
  return { userUs: user, systemUs: system };
}

function tooEarly(): Error {
  return new Error('the workers ended before the start');
}
