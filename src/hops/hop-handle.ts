/** What a trial can ask of any hop: a program of connbench's, or one that is installed. */
import type { ProcessEnd } from '../kernel/ipc-child.ts';
import type { HopKind } from '../scenario/hop-config.ts';
import type { Endpoint, HopReport, LiveHopSettings } from './messages.ts';

export interface StartHopOptions {
  /** The next program on the way to the server. */
  readonly upstream: Endpoint;
  /** The dotted IPv4 address to listen on. */
  readonly host: string;
  /** Any free port where absent or 0. */
  readonly port?: number;
  /** A command that starts the process, e.g. inside a host of a lab; nothing where absent. */
  readonly launcher?: readonly string[];
  /** How long the start, a snapshot and, beyond its grace, a stop may take. */
  readonly deadlineMs: number;
}

/** Counts as far as a hop gives them: what is null nobody knows. */
export type KnownHopReport = HopReport | PartialHopReport;

/** What an installed program tells of itself. */
export interface PartialHopReport {
  /** CLOCK_MONOTONIC, ns. */
  readonly atNs: number;
  readonly accepted: number | null;
  readonly received: number | null;
  /** Times that a request was sent on, or tried, again included. */
  readonly tried: number | null;
  /** Answers by status, those of the server's and its own. */
  readonly statuses: Readonly<Record<number, number>> | null;
  /** Answers of its own, for a failure of the next program. */
  readonly failed: { readonly 502: number; readonly 504: number } | null;
  readonly retries: number | null;
}

export interface HopHandle extends Endpoint {
  readonly kind: HopKind;
  /** The process, or the root of its process tree. */
  readonly pid: number;
  readonly settings: LiveHopSettings;
  /** Null from a program that counts nothing before its end. Rejects with a HopError where it has died. */
  snapshot(): Promise<KnownHopReport | null>;
  /** Resolves once the program is gone. Every call gives the same promise. Rejects with a HopError where it had died. */
  stop(graceMs: number): Promise<KnownHopReport | null>;
  /** Resolves when the process exits though nobody stopped or killed it. */
  readonly died: Promise<ProcessEnd>;
  /** SIGKILL; resolves once every process is gone. */
  kill(): Promise<void>;
  /** Why counts are missing, in words for the record; null where none is. */
  readonly whyNull: string | null;
}

/** A hop that failed, died or fell silent. `code` is for programs: the hop's own, or EEXITED, EDEADLINE, ENOTINSTALLED. */
export class HopError extends Error {
  override readonly name = 'HopError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
