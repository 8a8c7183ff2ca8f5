/** Where the rules find that the generator, and not what it measures, set the figures. Pure. */
import type { Facts, LoadFacts } from './facts.ts';
import { ms, percent } from './facts.ts';
import { isFull, type FullLimits } from './machine-shares.ts';
import type { Finding, Limits } from './rule.ts';
import { demand, type ThreadShares } from './thread-shares.ts';

/** Where so many of the requests start late, the quantile of the response time is not the strategy's. */
const lateQuantiles = [
  [0.5, 'half'],
  [0.9, 'a tenth'],
] as const;

export function startsLate(
  { load }: Facts,
  { lagNs, responseShare, tenthOf }: Limits<'lagNs' | 'responseShare' | 'tenthOf'>,
): Finding {
  if (load === null) return null;
  for (const [p, how] of lateQuantiles) {
    if (p > 0.5 && load.report.measure.completed < tenthOf) continue;
    const lag = load.lag(p);
    const response = load.response(p);
    if (lag > lagNs && lag > responseShare * response) {
      return `${how} of the requests started ${ms(lag)} or more after their time, of ${ms(response)} response time`;
    }
  }
  return null;
}

/**
 * It has always something to do, whether that is requests to start or answers to read: these wait without any request being late. By the
 * account of the threads, or else by the process's CPU time, in which the other threads' is too.
 */
export function alwaysBusy({ load }: Facts, { demandShare }: Limits<'demandShare'>): Finding {
  if (load === null) return null;
  const shares = load.workers.flatMap((worker) => demand(worker) ?? []);
  const busiest = shares.length > 0 ? Math.max(...shares) : processShare(load);
  if (busiest <= demandShare) return null;
  return `the generator was busy for ${percent(busiest)} of measure with ${load.report.workers} worker(s)`;
}

function processShare({ report }: LoadFacts): number {
  const busyNs = (report.cpu.userUs + report.cpu.systemUs) * 1000;
  return busyNs / ((report.measureEndNs - report.measureStartNs) * report.workers);
}

export type StarvedLimits = Limits<'runDelayShare' | 'meanWaitNs' | 'leastCpuShare'>;

export function isStarved({ cpuShare, runDelayShare, meanWaitNs }: ThreadShares, limits: StarvedLimits): boolean {
  if ((cpuShare ?? 0) < limits.leastCpuShare) return false;
  return (runDelayShare ?? 0) >= limits.runDelayShare && (meanWaitNs ?? 0) >= limits.meanWaitNs;
}

/** How a thread fared, in words. */
export function fared({ cpuShare, runDelayShare, meanWaitNs }: ThreadShares): string {
  const each = meanWaitNs === null ? '' : `, ${ms(meanWaitNs)} each time`;
  return `ran for ${percent(cpuShare ?? 0)} of measure, and was ready but without a processor for ${percent(runDelayShare ?? 0)}${each}`;
}

export function keptFromRunning({ load }: Facts, limits: StarvedLimits): Finding {
  const kept = load?.workers.find((worker) => isStarved(worker, limits));
  return kept === undefined ? null : `a worker of the generator ${fared(kept)}`;
}

/** On a full machine every ordinary program goes before it. */
export function givesWay({ figures }: Facts, { nice, ...limits }: FullLimits & Limits<'nice'>): Finding {
  if (figures?.clientNice == null || figures.clientNice < nice) return null;
  const { otherShare, idleShare } = figures.machine;
  if (!isFull(otherShare, idleShare, figures.processors, limits)) return null;
  return `the generator gives way to every ordinary program (nice ${figures.clientNice}), and others used ${percent(otherShare ?? 0)} of the processors`;
}

/** One processor, and more than that on the machine: somebody put both there. */
export function sharesProcessor({ load, server, figures }: Facts, { serverShare }: Limits<'serverShare'>): Finding {
  const processors = figures?.processors ?? 1;
  const { cpuShare, processors: ofServer } = server;
  if (processors < 2 || cpuShare === null || cpuShare < serverShare || !/^\d+$/.test(ofServer ?? '')) return null;
  const same = load?.workers.some((worker) => worker.processors === ofServer) ?? false;
  return same
    ? `the generator may only use processor ${ofServer ?? ''}, as the server does, which had it for ${percent(cpuShare)} of measure`
    : null;
}

/** Not yet too much, but in the tail. */
export function lag({ load }: Facts, { lagP99Ns, responseShare }: Limits<'lagP99Ns' | 'responseShare'>): Finding {
  if (load === null) return null;
  const late = load.lag(0.99);
  if (late <= lagP99Ns || late <= responseShare * load.response(0.99)) return null;
  return `1 % of the requests started ${ms(late)} or more after their time`;
}
