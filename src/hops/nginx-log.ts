/** Counts from nginx's access log in the format of `nginx-config.ts`. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { PartialHopReport } from './hop-handle.ts';

type LogCounts = Omit<PartialHopReport, 'atNs' | 'accepted'>;

/** `12 502 [502, 502] [-, -]`: connection, status, what each try of the next program gave and when its head came (`-`: never). */
const line = /^\d+ (\d+) \[([^\]]*)\] \[([^\]]*)\]$/;

/**
 * An answer is nginx's own where the last try has no head. Throws on a line of another form, which is a bug: a log that was read while nginx
 * was still writing.
 */
export async function readNginxLog(path: string): Promise<LogCounts> {
  const counts = {
    received: 0,
    tried: 0,
    retries: 0,
    statuses: {} as Record<number, number>,
    failed: { 502: 0, 504: 0 },
  };
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  for await (const text of lines) {
    const [, status = '', tries = '', heads = ''] = line.exec(text) ?? [];
    if (status === '') throw new Error(`not a line of the access log: ${text}`);
    const code = Number(status);
    const times = tries === '-' ? 0 : tries.split(', ').length;
    counts.received++;
    counts.tried += times;
    counts.retries += Math.max(0, times - 1);
    counts.statuses[code] = (counts.statuses[code] ?? 0) + 1;
    if ((code === 502 || code === 504) && heads.split(', ').at(-1) === '-') counts.failed[code]++;
  }
  return counts;
}
