/** What a comparison of counts is made from, and the two forms of verdict. Pure. */
import type { RequestCounts } from '../clients/observations.ts';
import type { GeneratorReport, OutsideGeneratorReport } from '../generator/messages.ts';
import type { LinkReport } from '../lab/messages.ts';
import type { ReconciliationRecord } from '../results/record.ts';
import type { ServerReport } from '../server/messages.ts';
import type { ReconciledHop } from './reconcile-hops.ts';
import type { OpenSockets } from './settle.ts';

/** When the kernel's `TW` counter moves: at the entry into TIME_WAIT (newer kernels), 60 s later, or nobody could find out. */
export type TimeWaitCounting = 'entry' | 'expiry' | 'unknown';

/** TIME_WAIT sockets by side at the first and at the last sample. */
interface TimeWaitGauges {
  readonly client: { readonly start: number; readonly end: number };
  readonly server: { readonly start: number; readonly end: number };
}

/** What only a lab can count. */
export interface LabCounts {
  readonly link: LinkReport;
  /** Growth of each host's own TCP counters, or null where they cannot be read. */
  readonly kernelClient: Readonly<Record<string, number>> | null;
  readonly kernelServer: Readonly<Record<string, number>> | null;
  /** Sockets that had not ended when the counters were read; null where nobody looked. */
  readonly unsettled: OpenSockets | null;
}

/** What attackers counted of their own connections, summed over their groups. */
export interface AttackerTotals {
  readonly attempted: number;
  readonly opened: number;
  readonly connectFailed: number;
  /** Requests that were sent to their end. */
  readonly requests: number;
  readonly firstCloser: { readonly client: number; readonly server: number; readonly reset: number };
}

export interface ReconcileInput {
  readonly closeWith: 'fin' | 'reset';
  readonly generator: GeneratorReport;
  /** The report of the server's orderly stop; null for a server that reports nothing. */
  readonly server: ServerReport | null;
  /** The programs on the way, from the client to the server; empty for none. */
  readonly hops: readonly ReconciledHop[];
  /** Absent where there were none. */
  readonly attackers?: AttackerTotals;
  /** Null in host mode; then `kernel` and the gauges are looked at. */
  readonly lab: LabCounts | null;
  /** Growth of the kernel's TCP counters over the trial, or null where they cannot be read. */
  readonly kernel: Readonly<Record<string, number>> | null;
  readonly timeWaitCounting: TimeWaitCounting;
  readonly timeWaitGauges: TimeWaitGauges | null;
  /** From the first connection to the last sample. */
  readonly observedSeconds: number;
}

/** Of a client that is a program, which says little of its connections. */
export type OutsideInput = Omit<ReconcileInput, 'generator'> & { readonly generator: OutsideGeneratorReport };

/** One row of the reconciliation; a count left out is null: that party cannot count it. */
export function row(
  name: string,
  counts: { client?: number | null; server?: number | null; kernel?: number | null; wire?: number | null },
  verdict: { ok: boolean | null; note: string | null },
): ReconciliationRecord {
  return {
    name,
    client: counts.client ?? null,
    server: counts.server ?? null,
    kernel: counts.kernel ?? null,
    wire: counts.wire ?? null,
    ...verdict,
  };
}

/**
 * The kernel's counters are shared by every program of the namespace: below what this trial did they prove a miscount, above it they
 * prove nothing. `atLeast` and `atMost` bound what the trial did.
 */
export function kernelVerdict(
  counter: string,
  kernel: number | null,
  atLeast: number,
  atMost = atLeast,
): { readonly ok: boolean | null; readonly note: string | null } {
  if (kernel === null) return { ok: true, note: `the kernel's ${counter} cannot be read here` };
  if (kernel < atLeast)
    return { ok: false, note: `the kernel's ${counter} grew by ${kernel}, expected at least ${atLeast}` };
  if (kernel > atMost) {
    return {
      ok: null,
      note: `the kernel's ${counter} grew by ${kernel - atMost} more: other programs share the counter`,
    };
  }
  return { ok: true, note: null };
}

/** An input whose server has reported. */
export type ReportedInput = ReconcileInput & { readonly server: ServerReport };

export function isReported(input: ReconcileInput): input is ReportedInput {
  return input.server !== null;
}

/** Entries into TIME_WAIT by a kernel's count; over `tcp_max_tw_buckets` a socket skips the state and is counted apart. */
export function timeWaitEntries(deltas: Readonly<Record<string, number>> | null): number | null {
  const entered = deltas?.['TW'];
  return entered === undefined ? null : entered + (deltas?.['TCPTimeWaitOverflow'] ?? 0);
}

/** Whether every request of the trial was answered: only then must the two sides agree to the last request. */
export function isClean(counts: RequestCounts): boolean {
  return counts.failed === 0 && counts.abandoned === 0;
}
