/** What the controller and the attackers' process say to each other over IPC (structured clone). */
import type { AttackerConfig } from '../scenario/attacker-config.ts';
import type { SparseCounts } from '../stats/histogram.ts';

/** Where the attack goes: the server of the trial. */
export interface AttackTarget {
  /** Dotted IPv4. */
  readonly host: string;
  readonly port: number;
  /** Origin-form target of the requests. */
  readonly path: string;
}

/**
 * Counts of one group over the whole trial. Once it has stopped `attempted = opened + connectFailed` and
 * `opened = closedByServer.fin + closedByServer.reset + stillOpen = firstCloser.client + firstCloser.server + firstCloser.reset`.
 */
export interface AttackerReport {
  readonly attempted: number;
  readonly opened: number;
  readonly connectFailed: number;
  /** Requests that were sent to their end: those of slow-reader and unread-body. */
  readonly requests: number;
  /** Ended by the server while the attack went on, by what came first. */
  readonly closedByServer: { readonly fin: number; readonly reset: number };
  /** Answers to kinds that read them, by status: 408 of a server that lost patience. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Open when the attack ended. */
  readonly stillOpen: number;
  /** How every opened connection ended, the end of the attack included: whose FIN went first, or by reset. */
  readonly firstCloser: { readonly client: number; readonly server: number; readonly reset: number };
  /** From the established connection to the server's end of it, ns. */
  readonly untilCut: SparseCounts;
}

export type ToAttackers =
  | {
      readonly type: 'start';
      readonly attackers: readonly AttackerConfig[];
      readonly target: AttackTarget;
      /** Start of measure, CLOCK_MONOTONIC ns. */
      readonly measureStartNs: number;
    }
  | { readonly type: 'snapshot'; readonly id: number }
  /** End the attack, report, exit 0. */
  | { readonly type: 'stop' };

export type FromAttackers =
  | { readonly type: 'ready' }
  /** One report per group, in the order of the start; empty before it. */
  | { readonly type: 'snapshot'; readonly id: number; readonly reports: readonly AttackerReport[] }
  | { readonly type: 'stopped'; readonly reports: readonly AttackerReport[] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
