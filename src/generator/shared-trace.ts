/** The times of a trace of arrivals, read once for all workers of the process. */
import type { LoadConfig } from '../scenario/config.ts';
import { readTraceFile } from '../scenario/trace-file.ts';

/** A trace that is not the one the run was planned with: `code` is TRACE_CHANGED. */
class TraceChanged extends Error {
  override readonly name = 'TraceChanged';
  readonly code = 'TRACE_CHANGED';
}

/** The load's trace in memory that threads share, or undefined where it has none. Throws a TraceChanged. */
export function sharedTrace(load: LoadConfig): Float64Array<SharedArrayBuffer> | undefined {
  if (load.model !== 'open' || load.trace === undefined) return undefined;
  const { path, sha256 } = load.trace;
  const read = readTraceFile(path);
  if (!read.ok) throw new TraceChanged(`${path} ${read.problems[0]?.message ?? 'cannot be read'}`);
  if (read.trace.sha256 !== sha256) throw new TraceChanged(`${path} is not what it was when the run was planned`);
  const { timesNs } = read.trace;
  const shared = new Float64Array(new SharedArrayBuffer(timesNs.byteLength));
  shared.set(timesNs);
  return shared;
}
