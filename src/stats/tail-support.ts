/** Whether enough requests lie beyond a quantile to gate it: a tail of a few requests says more about luck than about a change. */
import { rankOf } from './histogram.ts';

/** Requests beyond a quantile that every trial needs: p99 of 10,000, p99.9 of 100,000. */
const fewestBeyond = 100;

export interface TailSupport {
  readonly supported: boolean;
  /** Requests beyond the quantile in the trial that has the fewest; 0 without a trial. */
  readonly fewest: number;
  /** Requests that a trial needs; null where no number suffices, as of the greatest value. */
  readonly requestsNeeded: number | null;
}

/**
 * `counts`: the requests of each trial of both sides. Of a quantile below the median the tail is the other one, the requests
 * that rank before it. Throws a RangeError for a quantile outside 0..1 or a count that is no whole number.
 */
export function tailSupport(counts: readonly number[], quantile: number): TailSupport {
  const strange = counts.find((count) => !Number.isSafeInteger(count) || count < 0);
  if (strange !== undefined) throw new RangeError(`a number of requests is whole and not negative, not ${strange}`);
  const beyond = counts.map((count) => requestsBeyond(count, quantile));
  const fewest = beyond.length === 0 ? 0 : Math.min(...beyond);
  return { supported: fewest >= fewestBeyond, fewest, requestsNeeded: requestsNeeded(quantile) };
}

function requestsBeyond(count: number, quantile: number): number {
  const rank = rankOf(quantile, count);
  return Math.max(0, quantile < 0.5 ? rank - 1 : count - rank);
}

function requestsNeeded(quantile: number): number | null {
  const share = Math.min(quantile, 1 - quantile);
  if (share === 0) return null;
  // 1 - 0.99 is a little more than 0.01: the next whole number down may suffice already.
  const about = Math.ceil(fewestBeyond / share);
  return [about - 1, about, about + 1].find((count) => requestsBeyond(count, quantile) >= fewestBeyond) ?? about + 1;
}
