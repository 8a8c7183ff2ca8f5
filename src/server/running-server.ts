/** What the process that hosts a server knows of it, whichever kind it is. */
import type { DelayConfig, BundledServerConfig } from '../scenario/config.ts';
import { nowNs } from '../kernel/clock.ts';
import type { LedgerCounts } from './connection-ledger.ts';
import type { EventLoopDelay, LiveServerSettings, MeasureSpan, ServerReport, ServerTlsIdentity } from './messages.ts';

export interface ServerOptions {
  readonly config: BundledServerConfig;
  /** A dotted IPv4 address. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly seed: number;
  /** Present exactly where the configuration has `tls`. */
  readonly tls?: ServerTlsIdentity;
  /** Whether requests have the field `Connbench-Request`; absent: no. */
  readonly countDuplicates?: boolean;
}

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  readonly settings: LiveServerSettings;
  report(): Promise<ServerReport>;
  /** It is certain when measure is: what the configuration orders for then is done in time. */
  measure(span: MeasureSpan): void;
  /** Stops accepting, lets open connections end for `graceMs`, ends the rest, and resolves once none is left. */
  stop(graceMs: number): Promise<void>;
  /** Rejects where the server breaks after it has started; never resolves. */
  readonly broken: Promise<never>;
}

/** A server that could not start or go on, with a code for programs and a sentence for people. */
export class ServerFailure extends Error {
  override readonly name = 'ServerFailure';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Why an address could not be bound, in a sentence. */
export function bindFailure(code: string, host: string, port: number): ServerFailure {
  const reason = bindReasons[code] ?? `the system answered ${code}`;
  return new ServerFailure(code, `The server cannot listen on ${host}:${port}: ${reason}.`);
}

const bindReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this user may not bind that port (ports below net.ipv4.ip_unprivileged_port_start need a privilege)',
  EADDRNOTAVAIL: 'no interface of this host has that address',
};

/** Whether a delay configuration can never delay anything, so that no sample has to be drawn. */
export function isNoDelay(delay: DelayConfig): boolean {
  return delay.distribution === 'constant' && delay.valueMs === 0;
}

/** Completes the server's counts with the time and the figures of this process. */
export function serverReport(counts: LedgerCounts, eventLoopDelay: EventLoopDelay | null): ServerReport {
  const { user, system } = process.cpuUsage();
  return {
    atNs: nowNs(),
    ...counts,
    cpu: { userUs: user, systemUs: system },
    rssBytes: residentBytes(),
    eventLoopDelay,
  };
}

let lastRssBytes = 0;

/** Reading it opens a file, which fails where the server has used up its descriptors; then the last reading stands. */
function residentBytes(): number {
  try {
    lastRssBytes = process.memoryUsage.rss();
  } catch {
    // The report matters more than this one figure of it.
  }
  return lastRssBytes;
}
