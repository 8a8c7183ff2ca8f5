/** Requests per connection in the form of the record. Pure. */
import type { ConnectionsRecord } from '../results/record.ts';

export function perConnection(histogram: Readonly<Record<number, number>>): ConnectionsRecord['requestsPerConnection'] {
  const entries = Object.entries(histogram).map(([requests, count]) => [Number(requests), count] as const);
  const connections = entries.reduce((sum, [, count]) => sum + count, 0);
  if (connections === 0) return { histogram: {}, mean: null, max: null };
  const answered = entries.reduce((sum, [requests, count]) => sum + requests * count, 0);
  const max = entries.reduce((most, [requests]) => Math.max(most, requests), 0);
  return { histogram: { ...histogram }, mean: answered / connections, max };
}
