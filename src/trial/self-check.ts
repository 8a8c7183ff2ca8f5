/** The record's section on the trial's own machinery, and the same figures over measure for the rules. Pure. */
import { rateProfile } from '../load/rate-profile.ts';
import { shareOf } from '../load/split.ts';
import type { SelfCheckRecord } from '../results/self-check-record.ts';
import type { TrialConfig } from '../scenario/config.ts';
import type { ServerSecond } from '../server/loop-log.ts';
import { isElsewhere, type TrialEvidence } from './evidence.ts';
import { clockStepMs, machineShares, type MachineShares } from './machine-shares.ts';
import { rounded, roundedOrNull, shareWithin, type Span } from './span.ts';
import {
  busiestServerThread,
  machineSpans,
  workerShares,
  type MachineSpan,
  type ThreadShares,
  type WorkerShares,
} from './thread-shares.ts';

/** Over measure. */
export interface SelfCheckFigures {
  readonly measure: Span;
  readonly spans: readonly MachineSpan[];
  /** One a worker. */
  readonly workers: readonly WorkerShares[];
  /** The busiest thread of the server. */
  readonly server: ThreadShares;
  readonly machine: MachineShares;
  /** What it did from one look to the next, of those that have a part in measure. */
  readonly seconds: readonly MachineSecond[];
  /** Null where nobody could look. */
  readonly processors: number | null;
  readonly clientNice: number | null;
  readonly clockStepMs: number | null;
  readonly connectionsRequested: number | null;
}

interface MachineSecond extends Span {
  readonly idleShare: number | null;
  /** Used by programs that the trial did not start: a server that runs already is one of them. */
  readonly foreignShare: number | null;
}

function machineSecond(span: MachineSpan): MachineSecond {
  const { idleShare, otherShare: foreignShare } = machineShares([span], span, true);
  return { startNs: span.startNs, endNs: span.endNs, idleShare, foreignShare };
}

/** Null where measure never began. */
export function selfCheckFigures(evidence: TrialEvidence): SelfCheckFigures | null {
  const { generator, sampler, planned } = evidence;
  const startNs = generator?.measureStartNs ?? evidence.measureStartNs;
  const endNs = generator?.measureEndNs ?? evidence.measureEndNs;
  if (startNs === null || endNs === null) return null;
  const measure = { startNs, endNs };
  const spans = machineSpans(sampler?.samples ?? []);
  const ofMeasure = spans.filter((span) => span.endNs > startNs && span.startNs < endNs);
  return {
    measure,
    spans,
    workers: (generator?.loops ?? []).map((seconds) => workerShares(seconds, measure)),
    server: busiestServerThread(spans, measure),
    machine: machineShares(spans, measure, knowsTrial(planned.config)),
    seconds: ofMeasure.map(machineSecond),
    clientNice:
      ofMeasure
        .flatMap(({ before, after }) => [before, after].flatMap(({ machine }) => machine.clientNice ?? []))
        .at(-1) ?? null,
    processors: spans[0]?.after.machine.processors?.processors ?? null,
    clockStepMs: clockStepMs(spans),
    connectionsRequested: connectionsRequested(planned.config),
  };
}

/** A server that runs already on this machine is somebody else's process; one that runs elsewhere uses no processor here. */
function knowsTrial(config: TrialConfig): boolean {
  return config.server.kind !== 'external' || isElsewhere(config);
}

/**
 * Connections that the load must have open at once if all is well; null where that is left to chance: users that think, and arrivals.
 * Every user of a closed load without think time always has a request under way, so it needs a connection or waits for one.
 */
export function connectionsRequested({ strategy, load }: TrialConfig): number | null {
  const { pool, connection } = strategy;
  if (connection !== 'keep-alive' || pool.maxRequests === 1) return null;
  const shared = pool.scope === 'shared';
  const users = load.model === 'closed' ? load.users : 1;
  if (pool.prefetch) return pool.size === Infinity ? null : shared ? pool.size : pool.size * users;
  if (load.model === 'open' || load.thinkTimeMs > 0 || load.page !== undefined) return null;
  if (!shared || pool.size === Infinity) return users;
  // Each worker has its share of users and of the pool.
  const { workers } = load;
  return Array.from({ length: workers }, (_, worker) =>
    Math.min(shareOf(users, workers, worker), shareOf(pool.size, workers, worker)),
  ).reduce((sum, share) => sum + share, 0);
}

/** Undefined where measure never began: then there is nothing to check. */
export function selfCheck(evidence: TrialEvidence, figures: SelfCheckFigures | null): SelfCheckRecord | undefined {
  if (figures === null) return undefined;
  const { measure, spans, machine } = figures;
  const at = spanFrom(measure.startNs);
  return {
    generator: generatorSection(evidence, figures, at),
    server: serverSection(evidence, figures, at),
    machine: {
      processors: figures.processors,
      ...roundedShares(machine),
      clockStepMs: roundedOrNull(figures.clockStepMs),
      seconds: spans.map((span) => ({
        ...at(span),
        ...roundedShares(machineShares([span], span, knowsTrial(evidence.planned.config))),
      })),
    },
    rate: rateSeconds(evidence, measure),
    connections: {
      requested: figures.connectionsRequested,
      peakOpen: evidence.generator?.connections?.peakOpen ?? null,
    },
  };
}

type Place = (span: Span) => { readonly startMs: number; readonly lengthMs: number };

/** Milliseconds to the microsecond. */
const ms = (ns: number): number => Math.round(ns / 1e3) / 1e3;
const msOrNull = (ns: number | null): number | null => (ns === null ? null : rounded(ns / 1e6));

function spanFrom(originNs: number): Place {
  return ({ startNs, endNs }) => ({ startMs: ms(startNs - originNs), lengthMs: ms(endNs - startNs) });
}

function generatorSection(
  { generator }: TrialEvidence,
  { workers }: SelfCheckFigures,
  at: Place,
): SelfCheckRecord['generator'] {
  const worst = (of: (worker: WorkerShares) => number | null): number | null =>
    workers.map(of).reduce<number | null>((most, value) => (value === null ? most : Math.max(most ?? 0, value)), null);
  return {
    occupancy: roundedOrNull(worst(({ occupancy }) => occupancy)),
    cpuShare: roundedOrNull(worst(({ cpuShare }) => cpuShare)),
    runDelayShare: roundedOrNull(worst(({ runDelayShare }) => runDelayShare)),
    meanWaitMs: msOrNull(worst(({ meanWaitNs }) => meanWaitNs)),
    gcShare: roundedOrNull(worst(({ gcShare }) => gcShare)),
    gcLongestMs: msOrNull(worst(({ gcLongestNs }) => gcLongestNs)),
    workers: (generator?.loops ?? []).map((seconds) =>
      seconds.map((second) => {
        const shares = workerShares([second], second);
        return {
          ...at(second),
          occupancy: rounded(shares.occupancy ?? 0),
          cpuShare: roundedOrNull(shares.cpuShare),
          runDelayShare: roundedOrNull(shares.runDelayShare),
          ...collections(second.gc),
        };
      }),
    ),
  };
}

function collections(gc: { readonly count: number; readonly totalNs: number; readonly longestNs: number }): {
  readonly gcCount: number;
  readonly gcMs: number;
  readonly gcLongestMs: number;
} {
  return { gcCount: gc.count, gcMs: ms(gc.totalNs), gcLongestMs: ms(gc.longestNs) };
}

function serverSection(
  { server, serverAtMeasureEnd, sampler }: TrialEvidence,
  figures: SelfCheckFigures,
  at: Place,
): SelfCheckRecord['server'] {
  const log = server?.seconds ?? serverAtMeasureEnd?.seconds ?? [];
  const measured = log.filter(
    ({ startNs, endNs }) => endNs > figures.measure.startNs && startNs < figures.measure.endNs,
  );
  const longestNs = Math.max(0, ...measured.map(({ gc }) => gc.longestNs));
  return {
    cpuShare: roundedOrNull(figures.server.cpuShare),
    runDelayShare: roundedOrNull(figures.server.runDelayShare),
    meanWaitMs: msOrNull(figures.server.meanWaitNs),
    gcShare: roundedOrNull(shareWithin(measured, figures.measure, ({ gc }) => gc.totalNs)),
    gcLongestMs: measured.length === 0 ? null : ms(longestNs),
    seconds: sampler === null ? [] : figures.spans.map((span) => serverSecond(span, at)),
    eventLoop: log.map((second) => eventLoopSecond(second, at)),
  };
}

function serverSecond(span: MachineSpan, at: Place): SelfCheckRecord['server']['seconds'][number] {
  const busiest = busiestServerThread([span], span);
  const [from, to] = [span.before.server.cpuUs, span.after.server.cpuUs];
  const lengthUs = (span.endNs - span.startNs) / 1e3;
  return {
    ...at(span),
    cpuShare: roundedOrNull(busiest.cpuShare),
    runDelayShare: roundedOrNull(busiest.runDelayShare),
    processShare: from === null || to === null ? null : rounded(Math.max(0, to - from) / lengthUs),
  };
}

function eventLoopSecond(second: ServerSecond, at: Place): SelfCheckRecord['server']['eventLoop'][number] {
  const lengthNs = Math.max(1, second.endNs - second.startNs);
  const { count, meanNs, p99Ns, maxNs } = second.eventLoopDelay;
  const delay = (ns: number): number | null => (count === 0 ? null : ms(ns));
  return {
    ...at(second),
    utilization: rounded(Math.min(1, second.busyNs / lengthNs)),
    cpuShare: rounded(((second.cpu.userUs + second.cpu.systemUs) * 1e3) / lengthNs),
    delayMeanMs: delay(meanNs),
    delayP99Ms: delay(p99Ns),
    delayMaxMs: delay(maxNs),
    ...collections(second.gc),
  };
}

function roundedShares(shares: MachineShares): MachineShares {
  return {
    stealShare: roundedOrNull(shares.stealShare),
    otherShare: roundedOrNull(shares.otherShare),
    idleShare: roundedOrNull(shares.idleShare),
    pressureShare: roundedOrNull(shares.pressureShare),
  };
}

/** The intervals of measure, with what the load's plan has for each. */
function rateSeconds({ generator, planned }: TrialEvidence, measure: Span): SelfCheckRecord['rate'] {
  const { load } = planned.config;
  const measureMs = (measure.endNs - measure.startNs) / 1e6;
  const starts = (generator?.intervals ?? []).filter(({ startMs }) => startMs >= 0 && startMs < measureMs);
  const profile =
    load.model === 'closed' || load.trace !== undefined || measureMs === 0
      ? null
      : rateProfile(load.ratePerSecond, load.shape ?? { kind: 'steady' }, measureMs * 1e6);
  return starts.map(({ startMs, started, completed }, index) => {
    const endMs = Math.min(measureMs, starts[index + 1]?.startMs ?? measureMs);
    const seconds = (endMs - startMs) / 1000;
    const offered = profile === null ? null : profile.countAt(endMs * 1e6) - profile.countAt(startMs * 1e6);
    return {
      startMs,
      lengthMs: endMs - startMs,
      offeredPerSecond: offered === null ? null : rounded(offered / seconds),
      startedPerSecond: rounded(started / seconds),
      completedPerSecond: rounded(completed / seconds),
    };
  });
}
