/** What a trial can be warned about or declared invalid for, each warning with what to do about it. Rendered by report/. */

/** What the user can do, by warning code. */
export const warningAdvice = {
  'kernel-noise':
    'Other programs opened connections during the trial: stop them, or read the kernel counters as upper bounds.',
  'host-mode':
    'Client and server shared this machine and its loopback interface, without a lab: connbench doctor says how to get one. network.mode host asks for this and warns no more.',
  'no-ffi':
    'The client ran on node:net, which costs more CPU per request: install the platform package of koffi, or compare only runs on the same transport.',
  'few-samples': 'Raise load.duration or the rate before reading the tail.',
  errors:
    'Read the errors first: response time counts requests that timed out as at least their age, and other failed ones not at all.',
  drops: 'Raise strategy.pool.queueLimit or strategy.pool.size, or offer a lower rate.',
  abandoned:
    'Requests were still open when the drain ended: lower the rate, or raise strategy.timeouts so that they can finish.',
  'rate-not-reached':
    'More was offered than the strategy or the machine could serve in time: raise pool.size, lower load.rate, or free a core.',
  lag: 'The generator started requests late: lower load.rate or free a core; response time contains this lateness, service time does not.',
  'tw-overflow':
    'The kernel dropped TIME_WAIT sockets: raise net.ipv4.tcp_max_tw_buckets, or read TIME_WAIT as a lower bound.',
  'server-saturated':
    'The server had no time left: latency is that of its queue and grows with the trial. Offer a lower load to compare strategies, or read throughput as what the server can do.',
  'machine-busy':
    'Other programs or other machines used the processors: stop them, or repeat the run when they are idle. Blocks in which they differ do not compare.',
  'not-steady':
    'Latency was still changing: warm up longer (load.warmUp), measure longer, or offer a load that the server can sustain; the quantiles mix different times.',
  'clock-stepped':
    'The wall clock was set, or the machine slept: times in logs and captures do not match the results. Latency is measured with another clock; repeat the trial if the machine slept.',
  'connections-not-reached':
    'Fewer connections were open than the load asks for: look for failed connects, server.maxConnections, and limits of files and ports.',
  'fd-limit': 'Descriptors ran out: raise the limit of open files (ulimit -n), or use a smaller pool.',
  'fd-near-limit': 'Raise the limit (ulimit -n), or use a smaller pool.',
  'ports-near-limit':
    'Nearly every ephemeral port was in use: widen net.ipv4.ip_local_port_range, reuse connections, or shorten the trial.',
  'sampler-late':
    'The machine was too busy to sample on time: peaks of file descriptors and TIME_WAIT may have been missed.',
  'device-overflow':
    'A host sent faster than its device could take: the packets dropped there are in no count of the wire, and were sent again. Offer a lower load.',
  'capture-full': 'The capture ends before the trial did: shorten the trial, or capture one with a lower load.',
  'turned-away': 'The server reached maxConnections: raise server.maxConnections, or use a smaller pool.',
  unreconciled: 'Read imported figures as that program’s word: connbench run measures and reconciles the same itself.',
  'other-latency':
    'Compare such times with those of the same program, or measure both sides with connbench: what is in a latency differs from program to program.',
  'short-keepalive-hint':
    'The server announces so short a keep-alive timeout that clients which honour the hint do not reuse at all: set server.keepAliveTimeout to 2s or more.',
} as const;

export type WarningCode = keyof typeof warningAdvice;

export interface Warning {
  readonly code: WarningCode;
  /** What happened, with its figures. */
  readonly message: string;
  readonly advice: string;
}

/** A warning with the advice that belongs to its code. */
export function warning(code: WarningCode, message: string): Warning {
  return { code, message, advice: warningAdvice[code] };
}

/** Why the figures of a trial must not be used. */
export const invalidCodes = [
  'generator-limited', // the generator, not the strategy, set the figures
  'machine-busy', // other programs kept the server from running
  'not-reconciled', // client, server and kernel counted the same thing differently
  'not-conserved', // scheduled is not completed + failed + dropped + abandoned
  'lab-failed', // no lab could be made
  'lab-died', // the link or a host ended in the middle
  'link-late', // the emulated link fell behind its own timetable
  'server-unreachable',
  'server-died',
  'hop-failed', // a program on the way did not start
  'hop-died', // one ended in the middle
  'attackers-died', // the process of the attackers did not start, or ended in the middle
  'generator-died',
  'phases-differ', // the phases of a request did not add up to its time: checked with CONNBENCH_CHECK_PHASES=1
  'nothing-completed',
  'deadline', // a step of the trial did not end in time
  'interrupted',
] as const;
export type InvalidCode = (typeof invalidCodes)[number];

/** What the user can do, by the code of an invalid reason; those without are explained by their message. */
export const invalidAdvice: Readonly<Partial<Record<InvalidCode, string>>> = {
  'generator-limited':
    'Give the generator a processor of its own: stop other programs, do not pin it beside the server, do not lower its priority. If its worker ran all the time, raise load.workers or offer a lower load.',
  'machine-busy': 'Stop the other programs, or run the trial on a machine with idle processors.',
  'link-late': 'Free a processor for the emulated link, or offer fewer packets a second.',
  'server-unreachable': 'See that the server runs, listens on the address of the trial and is not turned away by a firewall.',
  'hop-failed': 'See that the program is installed and takes its configuration: the message has its last words.',
  'nothing-completed': 'Read the errors: no latency could be measured.',
  'phases-differ': 'This is a mistake of the client: do not use the figures of phases, and report it.',
};

export interface InvalidReason {
  readonly code: InvalidCode;
  readonly message: string;
  /** What to change; absent where nothing general can be said. */
  readonly advice?: string;
}

/** An invalid reason with the advice that belongs to its code. */
export function invalidReason(code: InvalidCode, message: string): InvalidReason {
  const advice = invalidAdvice[code];
  return advice === undefined ? { code, message } : { code, message, advice };
}
