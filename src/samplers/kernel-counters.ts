/** The kernel's own TCP counters before and after a trial: what the tool's counts are checked against. */
import { readFileSync } from 'node:fs';
import { nowNs } from '../kernel/clock.ts';
import { counterDeltas, netRoot, parseCounterTable, parseTxDropped } from '../kernel/proc-net.ts';
import type { Missing } from '../kernel/proc.ts';
import type { KernelCounters } from './messages.ts';

/** Counters that say something about connections, by their kernel names (Documentation/networking/snmp_counter.rst). */
export const counterNames = [
  // snmp, Tcp:
  'ActiveOpens',
  'PassiveOpens',
  'AttemptFails',
  'EstabResets',
  'CurrEstab', // a gauge: its delta may be negative
  'InSegs',
  'OutSegs',
  'RetransSegs',
  'InErrs',
  'OutRsts',
  // netstat, TcpExt:
  'TW', // entries into TIME_WAIT; older kernels counted its end instead
  'TWRecycled',
  'TWKilled',
  'TCPTimeWaitOverflow',
  'ListenOverflows',
  'ListenDrops',
  'TCPReqQFullDrop',
  'SyncookiesSent',
  'EmbryonicRsts',
  'TCPAbortOnData',
  'TCPAbortOnClose',
  'TCPAbortOnLinger',
  'TCPAbortOnMemory',
  'TCPAbortOnTimeout',
  'TCPAbortFailed',
  'TCPTimeouts',
  'TCPLostRetransmit',
  'TCPFastRetrans',
  'TCPSlowStartRetrans',
  'TCPSynRetrans',
  'TCPSpuriousRTOs',
  'TCPBacklogDrop',
  'TCPRcvQDrop',
  'DelayedACKs',
  'DelayedACKLost',
  'TCPOrigDataSent',
  'TCPKeepAlive',
  'TCPFastOpenActive',
  'TCPFastOpenActiveFail',
  'TCPFastOpenPassive',
  'TCPFastOpenPassiveFail',
] as const;
export type CounterName = (typeof counterNames)[number];

/**
 * Every counter of `Tcp:` and `TcpExt:` now, in the network namespace of this process or of `pid`. Not there: `missing` says why.
 * They count the whole namespace: other programs in it count too. Of another namespace there is `tx_dropped` as well, the packets that its
 * devices refused to send.
 */
export function readKernelCounters(pid?: number): KernelCounters | Missing {
  const root = netRoot(pid);
  try {
    const atNs = nowNs();
    const snmp = readFileSync(`${root}/snmp`, 'latin1');
    const netstat = readFileSync(`${root}/netstat`, 'latin1');
    const counters = { ...parseCounterTable(netstat, 'TcpExt'), ...parseCounterTable(snmp, 'Tcp') };
    if (pid === undefined) return { atNs, counters };
    return { atNs, counters: { ...counters, tx_dropped: parseTxDropped(readFileSync(`${root}/dev`, 'latin1')) } };
  } catch (error) {
    if (process.platform !== 'linux') return { missing: `needs Linux; this is ${process.platform}` };
    return { missing: `${(error as NodeJS.ErrnoException).code ?? 'error'} on ${root}` };
  }
}

/** What happened between two readings of the same namespace, for the counters above; null for those this kernel does not have. */
export function kernelDelta(
  before: KernelCounters,
  after: KernelCounters,
): Readonly<Record<CounterName, number | null>> {
  return counterDeltas(counterNames, before.counters, after.counters);
}
