/** Follows a trial by the clock: which phase it is in, and the CPU time of this process over measure. */
import { nowNs } from '../kernel/clock.ts';
import type { TrialPhase } from './messages.ts';

export interface Cpu {
  readonly userUs: number;
  readonly systemUs: number;
}

/** CPU time so far. */
export type ReadCpu = () => Cpu;

/** Of this process. */
export function ownCpu(): Cpu {
  const { user, system } = process.cpuUsage();
  return { userUs: user, systemUs: system };
}

export class MeasureClock {
  readonly #readCpu: ReadCpu;
  phase: TrialPhase = 'warm-up';
  /** Over measure, or over what there was of it. */
  cpu: Cpu = { userUs: 0, systemUs: 0 };
  readonly #timers: NodeJS.Timeout[] = [];
  #cpuAtStart: Cpu | undefined;

  constructor(readCpu: ReadCpu = ownCpu) {
    this.#readCpu = readCpu;
  }

  /** To be called once, when it is certain when measure is. CLOCK_MONOTONIC ns; null: it lasts until `stop`. */
  plan(measureStartNs: number, measureEndNs: number | null): void {
    this.at(measureStartNs, () => {
      this.#cpuAtStart = this.#readCpu();
      this.phase = 'measure';
    });
    if (measureEndNs === null) return;
    this.at(measureEndNs, () => {
      this.#takeCpu();
      this.phase = 'drain';
    });
  }

  /** Does something at a time, unless the clock was stopped before. */
  at(timeNs: number, action: () => void): void {
    this.#timers.push(setTimeout(action, Math.max(0, (timeNs - nowNs()) / 1e6)));
  }

  stop(): void {
    this.#timers.forEach((timer) => {
      clearTimeout(timer);
    });
    // Ended within measure: the CPU up to here belongs to it.
    if (this.phase === 'measure') this.#takeCpu();
  }

  #takeCpu(): void {
    if (this.#cpuAtStart !== undefined) this.cpu = cpuBetween(this.#cpuAtStart, this.#readCpu());
  }
}

export function cpuBetween(before: Cpu, after: Cpu): Cpu {
  return { userUs: after.userUs - before.userUs, systemUs: after.systemUs - before.systemUs };
}
