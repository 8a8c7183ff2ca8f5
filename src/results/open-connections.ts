/** How many connections a trial had open on average, by the descriptors of its server. */
import type { TrialRecord } from './record.ts';

/**
 * Mean of the server's descriptors over measure, less those it had before the first connection: from the accept to the close. Null where
 * they were not sampled, where nothing says how long measure was, and of a program of the user's, which opens files of its own.
 */
export function meanOpenConnections({
  fds,
  server,
  measureSeconds,
}: Pick<TrialRecord, 'fds' | 'server' | 'measureSeconds'>): number | null {
  const { start, series } = fds.server;
  const isBundled = server.kind === 'node' || server.kind === 'reference';
  if (!isBundled || start === null || measureSeconds === null) return null;
  const inMeasure = series.flatMap(([atMs = null, value = null]) =>
    value !== null && atMs !== null && atMs >= 0 && atMs < measureSeconds * 1000 ? [value] : [],
  );
  if (inMeasure.length === 0) return null;
  // Users of whom none is due before the end of measure are not waited for: then the trial closes everything before it.
  const open = inMeasure.slice(0, inMeasure.findLastIndex((value) => value > start) + 1);
  return open.length === 0 ? 0 : Math.max(0, open.reduce((sum, value) => sum + value, 0) / open.length - start);
}
