/** What a trial can ask of any server: a bundled one, the user's own program, or one that runs elsewhere. */
import type { ProcessEnd } from '../kernel/ipc-child.ts';
import type { LiveServerSettings, MeasureSpan, ServerReport } from './messages.ts';

export interface TrialServer {
  /** The process that serves, or the root of its process tree; null where it is not ours. */
  readonly pid: number | null;
  /** A dotted IPv4 address. */
  readonly host: string;
  readonly port: number;
  readonly settings: LiveServerSettings;
  /** Tells a bundled server when measure is, as soon as that is certain; absent from the others, which have nothing to do then. */
  readonly measure?: (span: MeasureSpan) => void;
  /** Null from a server that counts nothing for us. Rejects with a ServerProcessError where the server has died. */
  snapshot(): Promise<ServerReport | null>;
  /**
   * Resolves once the server is gone; one that is not ours is left alone. Every call gives the same promise. Rejects with a
   * ServerProcessError where it had died.
   */
  stop(graceMs: number): Promise<ServerReport | null>;
  /** Resolves when the process exits though nobody stopped or killed it. */
  readonly died: Promise<ProcessEnd>;
  /** SIGKILL; resolves once every process is gone. */
  kill(): Promise<void>;
  /** Why snapshots are null, in words for the record; absent where they are not. */
  readonly whyNoReport?: string;
  /** What the program wrote last to its standard output and error, at most 4 KiB; absent where nobody listens to it. */
  readonly output?: () => string;
}

/** Settings of a server that cannot be asked for them. */
export function unknownSettings(runtime: string): LiveServerSettings {
  return {
    runtime,
    keepAliveTimeoutMs: null,
    keepAliveTimeoutBufferMs: null,
    maxRequestsPerSocket: null,
    headersTimeoutMs: null,
    requestTimeoutMs: null,
    connectionsCheckingIntervalMs: null,
    maxConnections: null,
    backlog: null,
    noDelay: null,
  };
}
