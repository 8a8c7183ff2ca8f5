/** What a known-truth server wrote down about the requests that it got: a second way to the truth, past every client's clock. */

/** One entry a request, in the order of arrival; ns on the server's own clock. */
export interface ServerLog {
  /** When the request was read. */
  readonly arrivedNs: readonly number[];
  /** When its answer was due by the plan, from its arrival. */
  readonly dueNs: readonly number[];
  /** When its answer was written; NaN where the client left before. */
  readonly answeredNs: readonly number[];
}

/** The truth of each request from its arrival: how long the answer had to take by the plan. A client's own delay is not in it. */
export function plannedAtServerNs({ arrivedNs, dueNs }: ServerLog): readonly number[] {
  return dueNs.map((due, index) => due - arrivedNs[index]!);
}

/** How late the answers were against the plan, ns: the fault of the server itself. */
export function serverLatenessNs({ dueNs, answeredNs }: ServerLog): readonly number[] {
  return answeredNs.flatMap((answered, index) => (Number.isNaN(answered) ? [] : [answered - dueNs[index]!]));
}

/**
 * The server's clock less that of the plan, ns: as if the fastest request had taken no time on its way. Request number i of the log is arrival
 * number i of the plan, since the client serves its queue in order. Throws a RangeError where their numbers differ.
 */
export function clockOffsetNs(arrivalsNs: readonly number[], { arrivedNs }: ServerLog): number {
  if (arrivalsNs.length !== arrivedNs.length || arrivalsNs.length === 0) {
    throw new RangeError(`${arrivalsNs.length} arrivals were planned and ${arrivedNs.length} came`);
  }
  return arrivedNs.reduce((least, arrived, index) => Math.min(least, arrived - arrivalsNs[index]!), Infinity);
}

/**
 * Response times by the log, ns: from the intended start to the server's answer, by `clockOffsetNs`. NaN for a request without an answer.
 * They lack the way there of the fastest request, and the way back.
 */
export function responseTimesByLogNs(
  arrivalsNs: readonly number[],
  log: ServerLog,
  offsetNs: number,
): readonly number[] {
  return log.answeredNs.map((answered, index) => answered - offsetNs - arrivalsNs[index]!);
}
