/** Exact split of a whole number over workers: item i belongs to worker i mod W, so shares differ by at most one and sum to the number. */

/** How many of the items 0..total-1 belong to `worker`. Throws a RangeError unless all are whole numbers and 0 <= worker < workers. */
export function shareOf(total: number, workers: number, worker: number): number {
  assertWorker(workers, worker);
  if (!Number.isSafeInteger(total) || total < 0) throw new RangeError(`cannot split ${total} over workers`);
  return Math.floor(total / workers) + (worker < total % workers ? 1 : 0);
}

/** Throws a RangeError unless `worker` is one of 0..workers-1. */
export function assertWorker(workers: number, worker: number): void {
  if (!Number.isSafeInteger(workers) || workers < 1)
    throw new RangeError(`there are ${workers} workers; at least 1 is needed`);
  if (!Number.isSafeInteger(worker) || worker < 0 || worker >= workers) {
    throw new RangeError(`worker ${worker} is not one of 0..${workers - 1}`);
  }
}
