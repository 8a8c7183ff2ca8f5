/** The figures of a record that come from samples over time: file descriptors, TIME_WAIT, memory, and CPU from its counters. Pure. */
import type { GaugeRecord, TimeWaitSide, TrialRecord } from '../results/record.ts';
import type { Gauge, HostSample, Sample } from '../samplers/messages.ts';
import { completedWithinMeasure, kernelDeltas, type TrialEvidence } from './evidence.ts';

type Side = 'client' | 'server';

/** One field of one side, as `[ms from the start of measure, value]`. */
function series(evidence: TrialEvidence, side: Side, field: keyof HostSample): [number, Gauge][] {
  const samples = evidence.sampler?.samples ?? [];
  const originNs = evidence.measureStartNs ?? samples[0]?.atNs ?? 0;
  return samples.map((sample: Sample) => [Math.round((sample.atNs - originNs) / 1e3) / 1e3, sample[side][field]]);
}

function known(points: readonly (readonly [number, Gauge])[]): number[] {
  return points.flatMap(([, value]) => (value === null ? [] : [value]));
}

const peakOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value), 0);

/** `end` is the last value there was: the process ends before the last sample. */
function gauge(points: [number, Gauge][]): GaugeRecord {
  const values = known(points);
  return { start: values[0] ?? null, peak: peakOf(values), end: values.at(-1) ?? null, series: points };
}

/** Descriptors that the strategy needs are those above `start`: before the first connection. */
export function fds(evidence: TrialEvidence): TrialRecord['fds'] {
  return { client: gauge(series(evidence, 'client', 'fds')), server: gauge(series(evidence, 'server', 'fds')) };
}

/**
 * `entered` and `teardown` are the client's tally of who closed first, checked in the reconciliation; peak and end are seen by the
 * sampler. Connections left after the drain are closed by the client, by FIN unless the strategy closes by reset.
 */
export function timeWait(evidence: TrialEvidence): TrialRecord['timeWait'] {
  const { generator, sampler } = evidence;
  const first = generator?.connections.firstCloser;
  const byFin = evidence.planned.config.strategy.closeWith === 'fin';
  const teardown = generator === null ? null : byFin ? generator.connections.teardown : 0;
  return {
    client: timeWaitSide(evidence, 'client', first?.client ?? null, teardown),
    server: timeWaitSide(evidence, 'server', first?.server ?? null, generator === null ? null : 0),
    method: sampler?.timeWaitMethod ?? null,
    overflow: kernelDeltas(evidence)?.['TCPTimeWaitOverflow'] ?? null,
  };
}

function timeWaitSide(
  evidence: TrialEvidence,
  side: Side,
  entered: number | null,
  teardown: number | null,
): TimeWaitSide {
  const points = series(evidence, side, 'timeWait');
  const values = known(points);
  return { entered, teardown, peak: peakOf(values), end: values.at(-1) ?? null, series: points };
}

export function memory(evidence: TrialEvidence): TrialRecord['memory'] {
  const side = (name: Side): TrialRecord['memory']['generator'] => {
    const { start, peak, end, series: points } = gauge(series(evidence, name, 'rssBytes'));
    return { rssStartBytes: start, rssPeakBytes: peak, rssEndBytes: end, series: points };
  };
  return { generator: side('client'), server: side('server') };
}

/** CPU time over measure. The server's is taken between its two snapshots, with the requests it executed between them. */
export function cpu(evidence: TrialEvidence): TrialRecord['cpu'] {
  const { generator, serverAtMeasureStart: start, serverAtMeasureEnd: end } = evidence;
  const nothing = { userUs: null, systemUs: null, perRequestUs: null };
  const server =
    start === null || end === null
      ? nothing
      : cpuSide(
          end.cpu.userUs - start.cpu.userUs,
          end.cpu.systemUs - start.cpu.systemUs,
          end.executed - start.executed,
        );
  if (generator === null) return { generator: nothing, server };
  const { userUs, systemUs } = generator.cpu;
  return { generator: cpuSide(userUs, systemUs, completedWithinMeasure(generator)), server };
}

function cpuSide(userUs: number, systemUs: number, requests: number): TrialRecord['cpu']['server'] {
  return { userUs, systemUs, perRequestUs: requests > 0 ? (userUs + systemUs) / requests : null };
}
