/** What the sampler thread is asked for and what it gives back. Times are CLOCK_MONOTONIC ns unless the name says otherwise. */
import type { MachineReading } from './machine.ts';

/** A figure that may not exist here: the value, or null with the reason in `missing` of the report. */
export type Gauge = number | null;

export interface SamplerRequest {
  /**
   * Processes whose `/proc/PID/net` is read for each side's own namespace (lab), or null where both sides share this one (host mode).
   * In a lab TIME_WAIT by side comes from the side's own namespace, whatever the port, and `sockstat` of a sample is the sum of both.
   */
  readonly namespaces: { readonly clientPid: number; readonly serverPid: number } | null;
  /** Sample `serverPid` (a user's program) and the whole process tree below it: figures are sums, as of ProcessTreeReader. */
  readonly serverTree: boolean;
  readonly clientPid: number;
  /** The client is a program below `clientPid`: sample the process tree, as of `serverTree`. Absent: no. */
  readonly clientTree?: boolean;
  /** Further processes of the trial, so that their CPU time is not taken for other programs'. This process is known. */
  readonly helperPids?: readonly number[];
  readonly serverPid: number;
  /** The server's listening port: splits TIME_WAIT by side where both hosts share a namespace. */
  readonly serverPort: number;
  /**
   * The programs on the way, from the client to the server; absent: none. Where both hosts share a namespace the ports tell whose
   * TIME_WAIT is whose.
   */
  readonly hops?: readonly { readonly pid: number; readonly port: number }[];
  readonly intervalMs: number;
}

export interface HostSample {
  readonly fds: Gauge;
  /**
   * TIME_WAIT sockets held by this side, at most `timeWaitIntervalMs` of the report old. By method `sockstat` the first and the last
   * sample are exact; those in between also count sockets in FIN_WAIT2 whose program closed them, which hold a port just as well.
   */
  readonly timeWait: Gauge;
  readonly rssBytes: Gauge;
  /** CPU time used since the process began, user and system, microseconds, in steps of 10,000. */
  readonly cpuUs: Gauge;
  /** sockstat of this side's own namespace; null where both sides share one. */
  readonly sockets: NamespaceSockets | null;
}

/** `/proc/net/sockstat` of one namespace. */
export interface NamespaceSockets {
  /** IPv4 TCP sockets without TIME_WAIT. */
  readonly inUse: Gauge;
  /** TIME_WAIT, and FIN_WAIT2 whose program closed the socket. */
  readonly timeWait: Gauge;
}

/** One program on the way. In a lab its TIME_WAIT is in its host's, and null here. */
export type HopSample = Pick<HostSample, 'fds' | 'timeWait' | 'rssBytes'>;

export interface Sample {
  readonly atNs: number;
  readonly client: HostSample;
  readonly server: HostSample;
  /** `/proc/net/sockstat` of the namespace, or of both hosts' added up; `orphan` and `memPages` count the whole machine. */
  readonly sockstat: {
    readonly inUse: Gauge;
    readonly orphan: Gauge;
    readonly timeWait: Gauge;
    readonly memPages: Gauge;
  };
  /** Absent where there are none. */
  readonly hops?: readonly HopSample[];
  /** About once a second, and with the samples that were asked for; absent on systems other than Linux. */
  readonly machine?: MachineReading;
}

/** Counters of `/proc/net/snmp` (Tcp:) and `/proc/net/netstat` (TcpExt:), by their kernel names. */
export interface KernelCounters {
  readonly atNs: number;
  readonly counters: Readonly<Record<string, number>>;
}

export interface MedianAndMax {
  readonly median: number;
  readonly max: number;
}

export interface SamplerReport {
  readonly samples: readonly Sample[];
  /** Field -> why it is null, e.g. `client.timeWait` -> `needs Linux; this is darwin`. */
  readonly missing: Readonly<Record<string, string>>;
  /** How TIME_WAIT was split by side: sockstat of each side's namespace, netlink sock_diag, /proc/net/tcp, or not at all. */
  readonly timeWaitMethod: 'sockstat' | 'sock_diag' | 'proc-net-tcp' | null;
  /**
   * Between two real readings of TIME_WAIT, which are spaced out when they are dear; samples in between repeat the last one. The first
   * and the last sample are always read. Null where there was none or only one reading.
   */
  readonly timeWaitIntervalMs: MedianAndMax | null;
  /** Wall time one sample took, microseconds. */
  readonly costUs: MedianAndMax;
  /** Ticks whose sample came more than half an interval late, or not at all. */
  readonly late: number;
}

export type ToSampler =
  /** Take one now, and say so. */
  { readonly type: 'sample' } | { readonly type: 'stop' };

export type FromSampler =
  /** After every sample, the first and the last included. */
  | { readonly type: 'sample'; readonly sample: Sample }
  /** The sample that was asked for is sent. */
  | { readonly type: 'sampled' }
  /** The last sample is sent and everything is closed. The thread ends after it. */
  | { readonly type: 'stopped'; readonly summary: Omit<SamplerReport, 'samples'> };
