/**
 * The fixed rules by which a trial is warned about or declared invalid, all of them: each with its thresholds, why they are where they
 * are, what it looks at and (by its code, in results/warnings) what to change. Pure.
 *
 * A generator and a server that are too slow look alike from outside: requests pile up. What tells them apart is where their threads
 * spend the time. One that runs all the time has too much to do. One that is ready to run and does not (run delay) is kept from it by
 * others. And a late start is the generator's own in any case: a server cannot cause it.
 */
import * as generator from './findings-generator.ts';
import * as machine from './findings-machine.ts';
import * as load from './findings-load.ts';
import { invalidIf, warnIf, type InvalidRule, type WarningRule } from './rule.ts';

/** A thread that is kept from running by others. */
const starved = {
  /** Ready to run without a processor, of measure. */
  runDelayShare: 0.25,
  /** Each time, the mean: half of the shortest time slice (0.7 ms since Linux 6.6, kernel/sched/fair.c). */
  meanWaitNs: 0.35e6,
  /**
   * Of a thread that sleeps all the time the account of its waiting is not to be relied on (`trial/thread-shares`). Far below the 0.7 % that
   * one of the lowest priority gets beside a busy loop on each processor.
   */
  leastCpuShare: 0.002,
} as const;
const whyStarved =
  'of a thread that runs for less than a five-hundredth, sleep may be taken for waiting (Linux since 6.12, where one that sleeps is moved to another processor); an idle processor takes a woken thread within 0.1 ms, so waits of half a time slice are other programs’ turns; where they fill a quarter of the time, a quarter of all that happens, happens late';

/** A machine on which there is no room beside others. */
const full = {
  /** Used by other programs. */
  otherShare: 0.2,
  /** Idle on average, of all. */
  idleProcessors: 0.2,
} as const;
/** From one look at the machine to the next: in a shorter time a few ticks of 10 ms are a large share. */
const look = { shortestNs: 0.5e9 } as const;
const whyFull =
  'with an idle processor in less than a fifth of the time, whatever becomes ready must wait until another program is made to stop: their time slices are in every quantile; a fifth of the machine tells other programs from the trial’s own';

/** In this order the reasons of a trial are listed. */
export const invalidRules: readonly InvalidRule[] = [
  invalidIf('server-unreachable', {
    thresholds: {},
    reason: 'without a connection nothing of the trial is a figure of the strategy',
    needs: 'connects of the client',
    find: load.unreachable,
  }),
  invalidIf('nothing-completed', {
    thresholds: {},
    reason: 'without an answer there is no latency',
    needs: 'counts of the client',
    find: load.nothingCompleted,
  }),
  invalidIf('generator-limited', {
    thresholds: { lagNs: 1e6, responseShare: 0.5, tenthOf: 100 },
    reason:
      'when a tenth of the requests, or half of them, spend most of their response time before their start, those quantiles are the generator’s own; below 1 ms that is a shared processor’s ordinary unrest, and a tenth of fewer than 100 requests may be one mishap',
    needs: 'lag and response time of the client',
    find: generator.startsLate,
  }),
  invalidIf('generator-limited', {
    thresholds: { demandShare: 0.95 },
    reason:
      'a worker that runs, or is ready to, for 95 % of the time is the slower side, as fast as which a closed load is; in an open one a request takes twenty times the worker’s own work (M/M/1), and where answers wait to be read no lag shows it',
    needs: 'schedstat of the worker threads, or CPU time of the process',
    find: generator.alwaysBusy,
  }),
  invalidIf('generator-limited', {
    thresholds: starved,
    reason: whyStarved,
    needs: 'schedstat of the worker threads',
    find: generator.keptFromRunning,
  }),
  invalidIf('generator-limited', {
    thresholds: { ...full, nice: 1 },
    reason: `${whyFull}; one of lower priority than they waits longest, though a second may go by in which it was lucky`,
    needs: 'priority of the generator, /proc/stat; CPU time of the trial’s processes',
    find: generator.givesWay,
  }),
  invalidIf('generator-limited', {
    thresholds: { serverShare: 0.01 },
    reason:
      'on one processor for both, this share of the requests becomes due or is answered while the server has it: a hundredth moves the 99th percentile',
    needs:
      'the processors that worker and server may use, schedstat of the server, a machine with more than one processor',
    find: generator.sharesProcessor,
  }),
  invalidIf('machine-busy', {
    thresholds: full,
    reason: whyFull,
    needs: '/proc/stat; CPU time of the trial’s processes',
    find: machine.noneIdle,
  }),
  invalidIf('machine-busy', {
    thresholds: { ...full, ...look, timeShare: 0.05 },
    reason: `${whyFull}; a twentieth of the time is five times what lies beyond the 99th percentile`,
    needs: '/proc/stat each second; CPU time of the trial’s processes',
    find: machine.noneIdleAtTimes,
  }),
  invalidIf('machine-busy', {
    thresholds: { ...look, lagP99Ns: 1e6, responseShare: 0.25, otherShare: 0.2, completed: 100 },
    reason:
      'what starts late is woken late to read its answer too, and so is the server: a quarter of the slowest percent’s response time is what can be seen of that; in a second in which others use a fifth of the machine it is their doing',
    needs: 'lag and response time of the client; /proc/stat each second',
    find: machine.lateBesideOthers,
  }),
  invalidIf('machine-busy', {
    thresholds: { stealShare: 0.1 },
    reason: 'every tenth moment the trial stands still, and a tenth of its requests with it',
    needs: '/proc/stat',
    find: machine.stolen,
  }),
  invalidIf('machine-busy', {
    thresholds: { ...starved, otherShare: 0.2 },
    reason: `${whyStarved}; a fifth of the machine tells other programs from the trial’s own`,
    needs: 'schedstat of the server, /proc/stat; CPU time of the trial’s processes',
    find: machine.serverKeptFromRunning,
  }),
  invalidIf('link-late', {
    thresholds: { lateP99Ns: 1e6, rttShare: 0.05, atLeast: 10 },
    reason:
      'a link that delivers later than 1 ms and 5 % of its round trip did not have the delay asked for; of fewer than a thousand packets 1 % is a handful, so ten must be late',
    needs: 'the report of the lab’s link',
    find: machine.linkLate,
  }),
  invalidIf('not-conserved', {
    thresholds: {},
    reason: 'a request that is neither answered nor failed, dropped or abandoned is a miscount',
    needs: 'the reconciliation',
    find: (facts) => load.miscounts(facts, true),
  }),
  invalidIf('not-reconciled', {
    thresholds: {},
    reason: 'parties that count the same events must agree; what they may differ in, each comparison says itself',
    needs: 'the reconciliation',
    find: (facts) => load.miscounts(facts, false),
  }),
  invalidIf('phases-differ', {
    thresholds: {},
    reason: 'every nanosecond of a request is in one phase, so they add up to its time or the client is wrong',
    needs: 'a client that was told to check its phases',
    find: load.phasesDiffer,
  }),
];

/** In this order the warnings of a trial are listed. */
export const warningRules: readonly WarningRule[] = [
  warnIf('kernel-noise', {
    thresholds: {},
    reason: 'counters of a namespace that nobody else uses equal those of the trial',
    needs: 'the reconciliation, in host mode',
    find: machine.kernelNoise,
  }),
  warnIf('no-ffi', {
    thresholds: {},
    reason:
      'the other transport costs several times the CPU time per request; other clients than the reference one have no choice',
    needs: 'the transport of the reference client',
    find: ({ evidence: { planned, transport } }) =>
      planned.config.client === 'reference' && transport?.name === 'net'
        ? (transport.reason ?? 'the client ran on node:net')
        : null,
  }),
  warnIf('host-mode', {
    thresholds: {},
    reason: 'a lab was allowed and not had',
    needs: 'the mode of the trial',
    find: ({ evidence }) => evidence.mode.fallback,
  }),
  warnIf('machine-busy', {
    thresholds: { stealShare: 0.05, otherShare: 0.1, idleProcessors: full.idleProcessors },
    reason:
      'when every tenth moment of the processors belongs to other programs, or every twentieth to other machines, the slowest percents of the requests meet them; a machine that a server which runs already may have filled itself is in between',
    needs: '/proc/stat; CPU time of the trial’s processes',
    find: machine.othersBusy,
  }),
  warnIf('clock-stepped', {
    thresholds: { stepMs: 20 },
    reason: 'daemons slew a clock that is off by less; reading both clocks one after the other is good to 1 ms',
    needs: 'CLOCK_REALTIME and CLOCK_MONOTONIC, each second',
    find: machine.clockStepped,
  }),
  warnIf('tw-overflow', {
    thresholds: {},
    reason: 'sockets that skip TIME_WAIT are in no count of it',
    needs: 'kernel counters',
    find: machine.timeWaitOverflow,
  }),
  warnIf('turned-away', {
    thresholds: {},
    reason: 'such connections cost the client a connect and carry no request',
    needs: 'the report of the server',
    find: ({ evidence: { server } }) =>
      server !== null && server.turnedAway > 0 ? `the server turned ${server.turnedAway} connections away` : null,
  }),
  warnIf('fd-limit', {
    thresholds: {},
    reason:
      'a connect or an accept that is refused for want of a descriptor is an event of the limit, not of the strategy',
    needs: 'failures of the client by code, failed accepts of the server',
    find: machine.filesRanOut,
  }),
  warnIf('fd-near-limit', {
    thresholds: { share: 0.8 },
    reason: 'the last fifth goes quickly when requests pile up, and then connects fail',
    needs: 'samples of open files, the limit of this process',
    find: machine.filesNearLimit,
  }),
  warnIf('ports-near-limit', {
    thresholds: { share: 0.8 },
    reason: 'the last ports are searched for one by one, which costs CPU time, and then connects fail',
    needs: 'samples of TIME_WAIT and open files, the range of ports',
    find: machine.portsNearLimit,
  }),
  warnIf('device-overflow', {
    thresholds: {},
    reason: 'such packets are lost before the link counts them',
    needs: 'a lab; counters of its devices',
    find: machine.deviceOverflow,
  }),
  warnIf('capture-full', {
    thresholds: {},
    reason: 'a capture that ends early shows no end',
    needs: 'a lab with a capture',
    find: ({ evidence: { link } }) =>
      link !== null && link.notCaptured > 0 ? `${link.notCaptured} packets are not in the capture` : null,
  }),
  warnIf('sampler-late', {
    thresholds: { share: 0.05, atLeast: 1 },
    reason: 'one late sample is nothing; every twentieth may have missed a peak',
    needs: 'samples',
    find: machine.samplerLate,
  }),
  warnIf('short-keepalive-hint', {
    thresholds: { hintMs: 2000 },
    reason: 'the hint counts whole seconds and clients subtract one: below this nothing is left',
    needs: 'the live settings of the server',
    find: load.shortHint,
  }),
  warnIf('server-saturated', {
    thresholds: { demandShare: 0.9, cpuShare: 0.25 },
    reason:
      'with a tenth of its time left a request takes ten times its own work (M/M/1). Time in which others of the trial keep the thread from running is as little left to it, though not that of a busy machine; and where it runs for less than a quarter, it is not its own work that fills the time. No more than a warning: the figures are what this server does under this load, and to know that may be the question',
    needs: 'schedstat of the server’s threads, or CPU time of its process',
    find: load.serverSaturated,
  }),
  warnIf('errors', {
    thresholds: {},
    reason: 'latency has only what was answered',
    needs: 'failures of the client',
    find: load.errors,
  }),
  warnIf('drops', {
    thresholds: {},
    reason: 'latency has only what was sent',
    needs: 'counts of the client',
    find: ({ load: of }) =>
      of !== null && of.report.measure.dropped > 0
        ? `${of.report.measure.dropped} requests were refused by the queue limit`
        : null,
  }),
  warnIf('abandoned', {
    thresholds: {},
    reason: 'what was never finished is slower than all that is in the latency',
    needs: 'counts of the client',
    find: ({ load: of }) =>
      of !== null && of.report.measure.abandoned > 0
        ? `${of.report.measure.abandoned} requests were never finished`
        : null,
  }),
  warnIf('few-samples', {
    thresholds: { completed: 1000 },
    reason: 'fewer answers leave the 99.9th percentile to a single request',
    needs: 'counts of the client',
    find: load.fewSamples,
  }),
  warnIf('not-steady', {
    thresholds: { halvesMargin: 1, completed: 2000 },
    reason:
      'with a thousand answers in each half the 99th percentiles of a steady run differ by a third or so, not by twice; MSER-5 adds its word from 100 s on',
    needs: 'a load of steady rate; latency of each second',
    find: load.notSteady,
  }),
  warnIf('not-steady', {
    thresholds: {},
    reason:
      'the load was to warm up until MSER-5 puts the cut of neither the means nor the 99th percentiles of its seconds at the latest place',
    needs: 'load.steady; latency of each second of warm-up',
    find: load.neverSteady,
  }),
  warnIf('lag', {
    thresholds: { lagP99Ns: 1e6, responseShare: 0.1 },
    reason: 'a tenth of the slowest percent’s response time is its late start',
    needs: 'lag and response time of the client; without pauses a closed load has none',
    find: generator.lag,
  }),
  warnIf('rate-not-reached', {
    thresholds: { share: 0.97 },
    reason: 'what is under way at the end is allowed for; the rest is a queue that grows',
    needs: 'an open load',
    find: load.rateNotReached,
  }),
  warnIf('connections-not-reached', {
    thresholds: { share: 0.97 },
    reason:
      'every user of a closed load without pauses holds a connection, up to the size of the pool, and prefetch opens all of it',
    needs: 'a closed load without think time, or prefetch; a server that keeps connections',
    find: load.connectionsNotReached,
  }),
];
