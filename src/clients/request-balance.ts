/** The balance of requests: what becomes of each is counted once, and the counts add up to those that were scheduled. */
import type { RequestCounts } from './observations.ts';

/** What became of the requests of one phase, while it is counted. */
export class PhaseCounts {
  scheduled = 0;
  started = 0;
  completed = 0;
  failed = 0;
  dropped = 0;
  abandoned = 0;
  leaked = 0;

  plain(leaks: boolean): RequestCounts {
    const { scheduled, started, completed, failed, dropped, abandoned, leaked } = this;
    const counts = { scheduled, started, completed, failed, dropped, abandoned };
    return leaks ? { ...counts, leaked } : counts;
  }
}

export function addCounts(a: RequestCounts, b: RequestCounts): RequestCounts {
  return {
    scheduled: a.scheduled + b.scheduled,
    started: a.started + b.started,
    completed: a.completed + b.completed,
    failed: a.failed + b.failed,
    dropped: a.dropped + b.dropped,
    abandoned: a.abandoned + b.abandoned,
    ...(a.leaked === undefined && b.leaked === undefined ? {} : { leaked: (a.leaked ?? 0) + (b.leaked ?? 0) }),
  };
}

/** Requests of which it is known what became of them. */
export function settledRequests({ completed, failed, dropped, abandoned, leaked = 0 }: RequestCounts): number {
  return completed + failed + dropped + abandoned + leaked;
}

/** Throws unless scheduled = completed + failed + dropped + abandoned + leaked. */
export function assertConserved(phase: string, counts: RequestCounts): void {
  const settled = settledRequests(counts);
  if (settled !== counts.scheduled) {
    throw new Error(`requests of ${phase} do not conserve: ${counts.scheduled} scheduled, ${settled} settled`);
  }
}
