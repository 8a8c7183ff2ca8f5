/** Attackers beside the load: their process, their part of the record, and what the reconciliation has to count in of theirs. */
import type { AttackersHandle } from '../attackers/child.ts';
import type { AttackerReport, AttackTarget } from '../attackers/messages.ts';
import type { MeasureTimes } from '../generator/messages.ts';
import type { Lab } from '../lab/lab.ts';
import type { AttackerRecord } from '../results/attacker-record.ts';
import type { TrialRecord } from '../results/record.ts';
import type { TrialConfig } from '../scenario/config.ts';
import { isLoopback } from '../scenario/server-url.ts';
import { encodeHdr } from '../stats/hdr-codec.ts';
import { Histogram } from '../stats/histogram.ts';
import type { AttackerTotals } from './comparison.ts';
import { StepFailure, stepDeadlines, within } from './deadlines.ts';
import type { TrialDependencies } from './dependencies.ts';
import type { TrialEvidence } from './evidence.ts';

/** The process, and whether it ended by itself. */
export interface RunningAttackers {
  readonly handle: AttackersHandle;
  hasDied: boolean;
}

/** Null where the trial has no attackers. Rejects with a StepFailure. */
export async function bringUpAttackers(
  { attackers = [] }: TrialConfig,
  host: string,
  {
    evidence,
    dependencies,
    lab,
    signal,
  }: {
    readonly evidence: TrialEvidence;
    readonly dependencies: Pick<TrialDependencies, 'startAttackers'>;
    readonly lab: Lab | null;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<RunningAttackers | null> {
  if (attackers.length === 0) return null;
  if (lab === null && !isLoopback(host))
    throw new Error(`attackers may not go to ${host}: the rules of the scenario let it pass`);
  const deadlineMs = stepDeadlines.startServerMs;
  const starting = dependencies.startAttackers({
    deadlineMs,
    ...(lab === null ? {} : { launcher: lab.clientLauncher }),
  });
  let handle: AttackersHandle;
  try {
    const bounds = { deadlineMs: deadlineMs + 5_000, code: 'attackers-died', signal } as const;
    handle = await within(starting, 'the start of the attackers', bounds);
  } catch (error) {
    starting.then((late) => late.kill()).catch(() => undefined);
    throw error;
  }
  const running: RunningAttackers = { handle, hasDied: false };
  void handle.died.then(({ code, signal }) => {
    running.hasDied = true;
    const how = signal === null ? `with code ${code ?? -1}` : `by ${signal}`;
    evidence.failures.push({ code: 'attackers-died', message: `the process of the attackers ended ${how}` });
  });
  return running;
}

/** Orders the attack as soon as it is known when measure begins. */
export function attackFromMeasure(
  running: RunningAttackers | null,
  { attackers, load }: TrialConfig,
  { host, port }: Pick<AttackTarget, 'host' | 'port'>,
  measure: Promise<MeasureTimes>,
): void {
  if (running === null || attackers === undefined) return;
  const target = { host, port, path: load.request.path };
  void measure.then(({ measureStartNs }) => {
    running.handle.attack({ attackers, target, measureStartNs });
  });
}

/** The death of the process: rejects with a StepFailure; never resolves. */
export function attackersGone(running: RunningAttackers | null): Promise<never> {
  const gone = (running?.handle.died ?? new Promise<never>(() => undefined)).then(() => {
    throw new StepFailure('attackers-died', 'the attackers died');
  });
  gone.catch(() => undefined);
  return gone;
}

/** Ends the attack, while the server still runs, and keeps its counts. */
export async function stopAttackers(
  running: RunningAttackers | null,
  evidence: TrialEvidence,
  attempt: (step: () => Promise<void>) => Promise<void>,
): Promise<void> {
  if (running === null || running.hasDied) return;
  await attempt(async () => {
    const bounds = { deadlineMs: 3 * stepDeadlines.startServerMs, code: 'attackers-died' } as const;
    evidence.attackers = await within(running.handle.stop(), 'the end of the attack', bounds);
  });
}

/** Absent from a trial without attackers; empty where they never began, or died before their report. */
export function attackerRecords({ planned, attackers }: TrialEvidence): Pick<TrialRecord, 'attackers'> {
  const configured = planned.config.attackers;
  if (configured === undefined) return {};
  const records = (attackers ?? []).flatMap((report, index): AttackerRecord[] => {
    const config = configured[index];
    if (config === undefined) return [];
    const { kind, connections } = config;
    return [{ kind, connections, ...report, untilCut: untilCut(report) }];
  });
  return { attackers: records };
}

function untilCut(report: AttackerReport): AttackerRecord['untilCut'] {
  const histogram = Histogram.fromSparse(report.untilCut);
  const { count, min, max, mean } = histogram;
  if (min === null || max === null || mean === null) return null;
  const quantile = (p: number): number => histogram.quantile(p) ?? max;
  const figures = { count, min, p50: quantile(0.5), p90: quantile(0.9), max, mean };
  return { unit: 'ns', ...figures, histogram: encodeHdr(report.untilCut) };
}

/** Null where there were none to count in. */
export function attackerTotals(reports: readonly AttackerReport[] | null): AttackerTotals | null {
  if (reports === null || reports.length === 0) return null;
  const sum = (of: (report: AttackerReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  return {
    attempted: sum(({ attempted }) => attempted),
    opened: sum(({ opened }) => opened),
    connectFailed: sum(({ connectFailed }) => connectFailed),
    requests: sum(({ requests }) => requests),
    firstCloser: {
      client: sum(({ firstCloser }) => firstCloser.client),
      server: sum(({ firstCloser }) => firstCloser.server),
      reset: sum(({ firstCloser }) => firstCloser.reset),
    },
  };
}
