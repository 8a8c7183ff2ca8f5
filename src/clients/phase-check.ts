/**
 * Checks of every answered request that each nanosecond of its response time is in exactly one phase. For debugging: it is off unless
 * the environment variable CONNBENCH_CHECK_PHASES is 1, and a fault makes the trial invalid.
 *
 * connectionWait + connect + tls + firstByte + download = service, and lag + queue + service = response. Here queue is what passes between the generator and a client that starts later than it is asked: the reference client is asked and
 * starts in one step, so queue is 0, and its wait for a connection is `connectionWait`.
 */

/** What the check found in one worker, or in all. */
export interface PhaseFaults {
  readonly checked: number;
  readonly faults: number;
  /** The first fault in words; null without one. */
  readonly first: string | null;
}

/** Differences of clock readings are exact, and so are their sums but for the last bits. */
const toleranceNs = 1;

export function wantsPhaseCheck(env: Readonly<Record<string, string | undefined>>): boolean {
  return env['CONNBENCH_CHECK_PHASES'] === '1';
}

export class PhaseCheck {
  #checked = 0;
  #faults = 0;
  #first: string | null = null;

  /** Takes the values that are recorded, ns. A negative one counts as a fault: its histogram would take it for 0. */
  check(
    lagNs: number,
    connectionWaitNs: number,
    connectNs: number,
    tlsNs: number,
    firstByteNs: number,
    downloadNs: number,
    serviceNs: number,
    responseNs: number,
  ): void {
    this.#checked++;
    const phasesNs = connectionWaitNs + connectNs + tlsNs + firstByteNs + downloadNs;
    const least = Math.min(lagNs, connectionWaitNs, connectNs, tlsNs, firstByteNs, downloadNs);
    const apart = Math.max(Math.abs(phasesNs - serviceNs), Math.abs(lagNs + serviceNs - responseNs));
    if (least >= 0 && apart <= toleranceNs) return;
    this.#faults++;
    this.#first ??=
      `connectionWait ${connectionWaitNs} + connect ${connectNs} + tls ${tlsNs} + firstByte ${firstByteNs} + download ${downloadNs} ns ` +
      `against service ${serviceNs} ns; lag ${lagNs} + service against response ${responseNs} ns`;
  }

  report(): PhaseFaults {
    return { checked: this.#checked, faults: this.#faults, first: this.#first };
  }
}
