/** Follows a trial by the clock: which phase it is in, and the CPU time of this process over measure. */
import { nowNs } from '../kernel/clock.ts';
import type { TrialPhase } from './messages.ts';

export interface Cpu {
  readonly userUs: number;
  readonly systemUs: number;
}

export class MeasureClock {
  phase: TrialPhase = 'warm-up';
  /** Over measure, or over what there was of it. */
  cpu: Cpu = { userUs: 0, systemUs: 0 };
  readonly #timers: NodeJS.Timeout[] = [];
  #cpuAtStart: NodeJS.CpuUsage | undefined;

  /** To be called once, when it is certain when measure is. CLOCK_MONOTONIC ns. */
  plan(measureStartNs: number, measureEndNs: number): void {
    this.at(measureStartNs, () => {
      this.#cpuAtStart = process.cpuUsage();
      this.phase = 'measure';
    });
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
    if (this.#cpuAtStart !== undefined) this.cpu = cpuSince(this.#cpuAtStart);
  }
}

export function cpuSince(before: NodeJS.CpuUsage): Cpu {
  const { user, system } = process.cpuUsage(before);
  return { userUs: user, systemUs: system };
}
