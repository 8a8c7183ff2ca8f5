/** What the rules look at, in one place: evidence, its comparison of counts, and figures over measure made from them. Pure. */
import type { FailureCount } from '../clients/observations.ts';
import type { AnyGeneratorReport } from '../generator/messages.ts';
import type { ReconciliationRecord } from '../results/record.ts';
import { Histogram } from '../stats/histogram.ts';
import { mergeSparse } from '../stats/summary.ts';
import { completedWithinMeasure, type TrialEvidence } from './evidence.ts';
import type { SelfCheckFigures } from './self-check.ts';
import { demand, unknownThread, type ThreadShares } from './thread-shares.ts';

/** Quantiles of one series, ns; 0 where it has no sample. */
type QuantileNs = (p: number) => number;

export interface LoadFacts {
  readonly report: AnyGeneratorReport;
  readonly lag: QuantileNs;
  readonly response: QuantileNs;
  readonly service: QuantileNs;
  readonly connectionWait: QuantileNs;
  readonly measureSeconds: number;
  readonly endedWithinMeasure: number;
  /** Workers that watched themselves, the one that had the most to do first. */
  readonly workers: readonly ThreadShares[];
}

export interface Facts {
  readonly evidence: TrialEvidence;
  readonly reconciliation: readonly ReconciliationRecord[];
  /** Null where the generator died. */
  readonly load: LoadFacts | null;
  /** Null where measure never began. */
  readonly figures: SelfCheckFigures | null;
  /** The busiest thread of the server. */
  readonly server: ThreadShares;
  /** Rules found so already. */
  readonly generatorLimited: boolean;
  readonly machineBusy: boolean;
}

export function factsOf(
  evidence: TrialEvidence,
  reconciliation: readonly ReconciliationRecord[],
  figures: SelfCheckFigures | null,
): Facts {
  const { generator } = evidence;
  return {
    evidence,
    reconciliation,
    load: generator === null ? null : loadFacts(generator, figures),
    figures,
    server: figures?.server ?? unknownThread,
    generatorLimited: false,
    machineBusy: false,
  };
}

function loadFacts(report: AnyGeneratorReport, figures: SelfCheckFigures | null): LoadFacts {
  const workers = [...(figures?.workers ?? [])].sort((a, b) => (demand(b) ?? 0) - (demand(a) ?? 0));
  return {
    report,
    lag: quantiles(report, 'lag'),
    response: quantiles(report, 'response'),
    service: quantiles(report, 'service'),
    connectionWait: quantiles(report, 'connectionWait'),
    measureSeconds: (report.measureEndNs - report.measureStartNs) / 1e9,
    endedWithinMeasure: completedWithinMeasure(report),
    workers,
  };
}

function quantiles(report: AnyGeneratorReport, name: 'lag' | 'response' | 'service' | 'connectionWait'): QuantileNs {
  const { new: fresh, reused } = report.latency[name];
  const histogram = Histogram.fromSparse(mergeSparse([fresh, reused]));
  return (p) => histogram.quantile(p) ?? 0;
}

/** The three most frequent failures, in words. */
export function topFailures(errors: readonly FailureCount[]): string {
  const byCode = new Map<string, number>();
  for (const { phase, code, count } of errors) {
    const key = `${code} in ${phase}`;
    byCode.set(key, (byCode.get(key) ?? 0) + count);
  }
  const sorted = [...byCode].toSorted(([, a], [, b]) => b - a).slice(0, 3);
  return sorted.length === 0 ? 'no request says why' : sorted.map(([key, count]) => `${count} x ${key}`).join(', ');
}

export const ms = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`;
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
