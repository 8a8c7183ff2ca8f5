/** What a trial's record may hold of a group of silent attackers. */
import type { AttackerRecord } from '../../src/results/attacker-record.ts';

export const silent: AttackerRecord = {
  kind: 'silent',
  connections: 10,
  attempted: 21,
  opened: 20,
  connectFailed: 1,
  requests: 0,
  closedByServer: { fin: 12, reset: 1 },
  statuses: { 408: 12 },
  stillOpen: 7,
  firstCloser: { client: 7, server: 12, reset: 1 },
  untilCut: { unit: 'ns', count: 13, min: 1.5e9, p50: 2e9, p90: 2.5e9, max: 3e9, mean: 2.1e9, histogram: 'x' },
};
