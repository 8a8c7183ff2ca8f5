/** The part of the reconciliation about ends of connections: who closed first, and the TIME_WAIT sockets that must follow. Pure. */
import type { ReconciliationRecord } from '../results/record.ts';
import {
  kernelVerdict,
  row,
  timeWaitEntries,
  type OutsideInput,
  type ReconcileInput,
  type ReportedInput,
} from './comparison.ts';

/** TCP_TIMEWAIT_LEN of the Linux kernel (include/net/tcp.h): fixed. */
const timeWaitSeconds = 60;

/** Ends of connections as both sides tallied them. `fin`: both FINs were exchanged, so one side must have entered TIME_WAIT. */
interface Tally {
  readonly clientFirst: number;
  readonly serverFirst: number;
  readonly reset: number;
}

/** Null of a client that does not count its connections. */
export function clientTally(input: ReconcileInput): Tally;
export function clientTally(input: ReconcileInput | OutsideInput): Tally | null;
export function clientTally({ generator, closeWith }: ReconcileInput | OutsideInput): Tally | null {
  if (generator.connections === null) return null;
  const { firstCloser, teardown } = generator.connections;
  const byFin = closeWith === 'fin';
  return {
    clientFirst: firstCloser.client + (byFin ? teardown : 0),
    serverFirst: firstCloser.server,
    reset: firstCloser.reset + (byFin ? 0 : teardown),
  };
}

/** Null of a server that reports nothing. */
export function serverTally(input: ReportedInput): Tally;
export function serverTally(input: ReconcileInput | OutsideInput): Tally | null;
export function serverTally({ server }: ReconcileInput | OutsideInput): Tally | null {
  if (server === null) return null;
  const { client, server: own, reset } = server.firstCloser;
  return { clientFirst: client, serverFirst: own, reset };
}

const fins = (tally: Tally): number => tally.clientFirst + tally.serverFirst;
const ends = (tally: Tally): number => fins(tally) + tally.reset;

/** Every connection that was opened has ended, on both sides. */
export function closeRow(input: ReportedInput): ReconciliationRecord {
  const client = ends(clientTally(input));
  const server = ends(serverTally(input)) + input.server.open;
  const { opened } = input.generator.connections;
  const { accepted } = input.server;
  const ok = client === opened && server === accepted;
  const note = `the client ended ${client} of ${opened} opened, the server ${server} of ${accepted} accepted`;
  return row('closes', { client, server }, { ok, note: ok ? null : note });
}

export function timeWaitRows(input: ReportedInput): readonly ReconciliationRecord[] {
  const client = clientTally(input);
  const server = serverTally(input);
  return [totalRow(input, client, server), clientSideRow(input, client, server), serverSideRow(input, client, server)];
}

/**
 * Connections that may have left TIME_WAIT, or never entered it, although both FINs were exchanged: over TLS a side that closed is sent the
 * close_notify with which the other one answers its own, and a socket that is closed answers data with RST (RFC 9293, 3.6.1), which ends
 * the connection on both sides. So does the byte that an attacker writes before it sees the server's end, of connections that the server
 * closed first. Each costs the kernel one RST at least. 0 without either: there nothing is sent after the other's end.
 */
function lateSegments({ generator, kernel, attackers }: ReconcileInput): number {
  const resets = kernel?.['OutRsts'] ?? 0;
  if (generator.connections.tls !== undefined) return resets;
  return Math.min(resets, attackers?.firstCloser.server ?? 0);
}

function lateSegmentNote({ attackers }: ReconcileInput, missing: number, resets: number): string {
  const what = attackers === undefined ? 'a close_notify' : "an attacker's byte";
  return `${missing} ended by a reset after their FIN: ${what} came to a socket that was closed (OutRsts grew by ${resets})`;
}

/**
 * Connections that ended by FIN, against entries into TIME_WAIT. Exact while nothing was reset: both sides saw the same connections end.
 * A connection that each side thinks it closed first was closed by both at once and may have left two TIME_WAIT sockets.
 */
function totalRow(input: ReportedInput, client: Tally, server: Tally): ReconciliationRecord {
  const byClient = fins(client);
  const byServer = fins(server);
  const kernel = timeWaitEntries(input.kernel);
  const counts = { client: byClient, server: byServer, kernel };
  const resets = Math.max(client.reset, server.reset);
  // A timed-out connect may have been a connection to the server only.
  const strangers = input.server.accepted - input.generator.connections.opened;
  if (Math.abs(byClient - byServer) > resets + Math.max(0, strangers)) {
    const note = `the client saw ${byClient} connections end by FIN, the server ${byServer}; at most ${resets} ended by a reset on one side`;
    return row('timeWait', counts, { ok: false, note });
  }
  const claimedByBoth = client.clientFirst + server.serverFirst - Math.min(byClient, byServer);
  const atMost = Math.max(byClient, byServer) + Math.max(0, claimedByBoth);
  const atLeast = Math.min(byClient, byServer) - resets;
  const missing = kernel === null ? 0 : Math.max(0, atLeast - kernel);
  const late = lateSegments(input);
  const isLate = missing > 0 && missing <= late;
  const verdict = kernelVerdict('TW', kernel, isLate ? atLeast - missing : atLeast, atMost);
  const notes = [
    verdict.note,
    isLate ? lateSegmentNote(input, missing, late) : null,
    resets > 0 ? `${resets} resets: only bounds hold` : null,
    overflowNote(input),
  ];
  const note = notes.filter((text) => text !== null).join('; ');
  if (kernel !== null && input.timeWaitCounting !== 'entry') {
    const why = `this kernel counts TW ${input.timeWaitCounting === 'expiry' ? 'when TIME_WAIT ends' : 'at an unknown moment'}, not at entry`;
    return row('timeWait', counts, { ok: null, note: why });
  }
  return row('timeWait', counts, { ok: verdict.ok, note: note === '' ? null : note });
}

function overflowNote({ kernel }: ReconcileInput): string | null {
  const overflow = kernel?.['TCPTimeWaitOverflow'] ?? 0;
  return overflow === 0
    ? null
    : `${overflow} of them skipped TIME_WAIT: tcp_max_tw_buckets was full (TCPTimeWaitOverflow)`;
}

/**
 * The client closed first where it sent its FIN before it saw the server's. It may have overlooked one in its queue, so its own count is
 * the upper bound and the server's count of client-first ends the lower; without such a race they are equal.
 */
function clientSideRow(input: ReportedInput, client: Tally, server: Tally): ReconciliationRecord {
  const counts = { client: client.clientFirst, server: server.clientFirst, kernel: gauge(input, 'client') };
  return row('timeWait.client', counts, sideVerdict(input, 'client', counts.server, counts.client, counts.kernel));
}

/** The mirror of the client's row: here the server's count is the upper bound. */
function serverSideRow(input: ReportedInput, client: Tally, server: Tally): ReconciliationRecord {
  const counts = { client: client.serverFirst, server: server.serverFirst, kernel: gauge(input, 'server') };
  return row('timeWait.server', counts, sideVerdict(input, 'server', counts.client, counts.server, counts.kernel));
}

/** `atLeast` is what the other side saw, `atMost` what this side itself did, `held` the sockets in TIME_WAIT at the end. */
function sideVerdict(
  input: ReportedInput,
  side: 'client' | 'server',
  atLeast: number,
  atMost: number,
  held: number | null,
): { readonly ok: boolean | null; readonly note: string | null } {
  const resets = Math.max(clientTally(input).reset, serverTally(input).reset);
  if (atLeast > atMost + resets) {
    const note = `the other side saw ${atLeast} connections that the ${side} closed first, the ${side} itself ${atMost}`;
    return { ok: false, note };
  }
  if (held === null) return { ok: null, note: 'TIME_WAIT cannot be split by side here' };
  if (held >= atLeast && held <= atMost) return { ok: true, note: null };
  const late = lateSegments(input);
  if (held < atLeast && atLeast - held <= late) return { ok: true, note: lateSegmentNote(input, atLeast - held, late) };
  const expected = atLeast === atMost ? `${atLeast}` : `${atLeast} to ${atMost}`;
  const note = `${held} sockets in TIME_WAIT on the side of the ${side} at the end, expected ${expected}`;
  const excuse = whyNotAllHeld(input, side, held < atLeast);
  return excuse === null ? { ok: false, note } : { ok: null, note: `${note}; ${excuse}` };
}

function gauge(input: ReconcileInput, side: 'client' | 'server'): number | null {
  const gauges = input.timeWaitGauges;
  return gauges === null ? null : gauges[side].end - gauges[side].start;
}

/** Why the sockets in TIME_WAIT at the end need not be all that entered it, or null if they must be. */
function whyNotAllHeld(input: ReportedInput, side: 'client' | 'server', someAreMissing: boolean): string | null {
  const gauges = input.timeWaitGauges;
  if (gauges !== null && gauges.client.start + gauges.server.start > 0) {
    return 'the port had TIME_WAIT sockets before the trial';
  }
  if (input.observedSeconds >= timeWaitSeconds) {
    return `the trial took ${timeWaitSeconds} s or more: the first ones are gone again`;
  }
  if ((input.kernel?.['TWRecycled'] ?? 0) > 0) return 'the kernel reused some for new connections (TWRecycled)';
  if ((input.kernel?.['TCPTimeWaitOverflow'] ?? 0) > 0) return 'tcp_max_tw_buckets was full (TCPTimeWaitOverflow)';
  if (clientTally(input).reset + serverTally(input).reset > 0) return 'resets end connections without TIME_WAIT';
  // The kernel gives a port out again as soon as the client's side is done with it, and no counter tells how often that happened.
  if (side === 'server' && someAreMissing)
    return "a client port used again replaces the server's socket of its last use";
  return null;
}
