/** A server that freezes at fixed times: when work on it ends. All times are ns on one clock. */

/** The server does nothing in [first + k x period, first + k x period + length), for k = 0, 1, 2 ... */
export interface Freeze {
  readonly firstNs: number;
  readonly lengthNs: number;
  /** From the start of a freeze to the start of the next; more than the length. */
  readonly periodNs: number;
}

/**
 * When `serviceNs` of work ends that may begin at `startNs`: the clock of the work stands still during a freeze. For work that begins in
 * a freeze that is the end of the freeze plus the service, as long as no other freeze falls into it; work that would end just as a
 * freeze starts ends after it. Null: the server never freezes.
 */
export function endOfWorkNs(startNs: number, serviceNs: number, freeze: Freeze | null): number {
  if (freeze === null) return startNs + serviceNs;
  const { firstNs, lengthNs, periodNs } = freeze;
  const workedNs = workClockNs(startNs, freeze) + serviceNs;
  if (workedNs < firstNs) return workedNs;
  const freezes = Math.floor((workedNs - firstNs) / (periodNs - lengthNs)) + 1;
  return workedNs + freezes * lengthNs;
}

/** The time less all the freezing before it. */
function workClockNs(timeNs: number, { firstNs, lengthNs, periodNs }: Freeze): number {
  if (timeNs <= firstNs) return timeNs;
  const freezes = Math.floor((timeNs - firstNs) / periodNs);
  const intoPeriodNs = timeNs - firstNs - freezes * periodNs;
  return timeNs - freezes * lengthNs - Math.min(intoPeriodNs, lengthNs);
}
