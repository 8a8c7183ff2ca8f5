/** The response times that an arrival plan must meet at a planned server: exact, by one pass through the queue. */
import { endOfWorkNs, type Freeze } from './freeze.ts';

export interface PlannedQueue {
  /** Intended starts, ns, ascending. */
  readonly arrivalsNs: readonly number[];
  /** Work on each, ns, in the same order; at least as many. */
  readonly servicesNs: readonly number[];
  /** Requests that can be at the server at once; the others wait for a connection, first come first served. Infinity: none waits. */
  readonly connections: number;
  /** On the clock of the arrivals. */
  readonly freeze: Freeze | null;
}

/**
 * The response time of every arrival, ns, if machines and network cost nothing: from its intended start, over the wait for a connection and
 * the freeze, to the end of its service. Each takes the connection that is free first (Kiefer & Wolfowitz 1955, a queue with many servers).
 */
export function responseTimesNs({ arrivalsNs, servicesNs, connections, freeze }: PlannedQueue): readonly number[] {
  const freeAtNs: number[] = [];
  return arrivalsNs.map((arrivalNs, index) => {
    // Until all are in use a new connection costs nothing.
    const isNew = freeAtNs.length < connections;
    const connection = isNew ? freeAtNs.length : firstFree(freeAtNs);
    const startNs = isNew ? arrivalNs : Math.max(arrivalNs, freeAtNs[connection]!);
    const endNs = endOfWorkNs(startNs, servicesNs[index]!, freeze);
    if (connections !== Infinity) freeAtNs[connection] = endNs;
    return endNs - arrivalNs;
  });
}

function firstFree(freeAtNs: readonly number[]): number {
  let first = 0;
  for (let index = 1; index < freeAtNs.length; index++) if (freeAtNs[index]! < freeAtNs[first]!) first = index;
  return first;
}

/** `ratePerSecond` arrivals at equal distances for so many seconds, ns from 0. */
export function constantArrivalsNs(ratePerSecond: number, seconds: number): readonly number[] {
  const count = Math.round(ratePerSecond * seconds);
  return Array.from({ length: count }, (_, index) => (index * 1e9) / ratePerSecond);
}
