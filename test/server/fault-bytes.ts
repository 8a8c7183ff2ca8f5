/** What a client must see of every fault, to the byte, on a connection that would otherwise persist. The body is `xxxxxxxx`. */
import type { FaultConfig, FaultName } from '../../src/scenario/config.ts';
import type { FirstCloser } from '../../src/server/connection-ledger.ts';
import type { CloseReason } from '../../src/server/messages.ts';

export interface FaultRow {
  readonly config: Omit<FaultConfig, 'probability'> & { readonly fault: FaultName };
  /** Everything that the server sends. */
  readonly bytes: string;
  /** What the server does by itself after them. */
  readonly then: 'fin' | 'reset' | 'nothing';
  /** Whether another request on the connection is executed. */
  readonly goesOn: boolean;
  /** What the server's ledger says of the connection, the client having closed where the server did not. */
  readonly reason: CloseReason;
  readonly first: FirstCloser;
}

const type = 'Content-Type: application/octet-stream\r\n';
const length = 'Content-Length: 8\r\n';
const stays = 'Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n';
const closes = 'Connection: close\r\n\r\n';
const ok = `HTTP/1.1 200 OK\r\n${type}`;
const body = 'xxxxxxxx';
const normal = `${ok}${length}${stays}${body}`;
const saysClose = `${ok}${length}${closes}${body}`;

const byClient = { then: 'nothing', goesOn: true, reason: 'clientFin', first: 'client' } as const;
const byServer = { then: 'fin', goesOn: false, reason: 'fault', first: 'server' } as const;
const byReset = { then: 'reset', goesOn: false, reason: 'fault', first: 'reset' } as const;

export const faultRows: readonly FaultRow[] = [
  { config: { fault: 'close-without-answer' }, bytes: '', ...byServer },
  { config: { fault: 'reset-before' }, bytes: '', ...byReset },
  { config: { fault: 'reset-during' }, bytes: normal.slice(0, -4), ...byReset },
  { config: { fault: 'reset-after' }, bytes: normal, ...byReset },
  { config: { fault: 'wrong-length' }, bytes: normal.replace('Length: 8', 'Length: 9'), ...byServer },
  { config: { fault: 'no-length' }, bytes: normal.replace(length, ''), ...byClient },
  {
    config: { fault: 'length-and-chunked' },
    bytes: `${ok}${length}Transfer-Encoding: chunked\r\n${stays}8\r\n${body}\r\n0\r\n\r\n`,
    ...byClient,
  },
  {
    config: { fault: 'stall' },
    bytes: normal.slice(0, -4),
    then: 'nothing',
    goesOn: false,
    reason: 'fault',
    first: 'client',
  },
  { config: { fault: 'slow-drip', durationMs: 40 }, bytes: normal, ...byClient },
  { config: { fault: 'half-close' }, bytes: normal, ...byServer },
  { config: { fault: 'late-fin', durationMs: 40 }, bytes: saysClose, ...byServer },
  { config: { fault: 'close-unsaid' }, bytes: normal, ...byServer },
  { config: { fault: 'close-not-done' }, bytes: saysClose, ...byClient },
  {
    config: { fault: 'hint-lies', durationMs: 99_000 },
    bytes: normal.replace('timeout=60', 'timeout=99'),
    ...byClient,
  },
];
