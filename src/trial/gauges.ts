/** The figures of a record that come from samples over time: file descriptors, TIME_WAIT, memory, and CPU from its counters. Pure. */
import type { GaugeRecord, TimeWaitSide, TrialRecord } from '../results/record.ts';
import type { Gauge, HostSample, Sample } from '../samplers/messages.ts';
import { timeWaitEntries } from './comparison.ts';
import { completedWithinMeasure, isElsewhere, kernelDeltas, type TrialEvidence } from './evidence.ts';

type Side = 'client' | 'server';

/** One field of one side, as `[ms from the start of measure, value]`. */
function series(evidence: TrialEvidence, side: Side, field: Exclude<keyof HostSample, 'sockets'>): [number, Gauge][] {
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
 * `entered` and `teardown` are the client's tally of who closed first, checked in the reconciliation (in a lab `entered` is counted by the kernels); peak and end are seen by the
 * sampler. Connections left after the drain are closed by the client, by FIN unless the strategy closes by reset.
 */
export function timeWait(evidence: TrialEvidence): TrialRecord['timeWait'] {
  const { generator, sampler } = evidence;
  const counted = generator?.connections ?? null;
  const first = counted?.firstCloser;
  const byFin = evidence.planned.config.strategy.closeWith === 'fin';
  const teardown = counted === null ? null : byFin ? counted.teardown : 0;
  // With programs on the way it is not the server whose FINs the client sees.
  const ofServer = evidence.hops.length > 0 ? (evidence.server?.firstCloser.server ?? null) : (first?.server ?? null);
  return {
    client: timeWaitSide(evidence, 'client', entered(evidence, 'client', first?.client ?? null, teardown), teardown),
    server: timeWaitSide(evidence, 'server', entered(evidence, 'server', ofServer, 0), generator === null ? null : 0),
    method: sampler?.timeWaitMethod ?? null,
    overflow: overflow(evidence),
  };
}

/** In a lab with a program on the way on the same host the kernel's counts are not those of the side alone. */
export function sharesHost({ mode, hops }: TrialEvidence, side: Side): boolean {
  return mode.name === 'lab' && hops.some(({ config }) => config.host === side);
}

/** In a lab by the kernel of the side's own host, where it counts entries; else by the client's tally. */
function entered(evidence: TrialEvidence, side: Side, tally: number | null, teardown: number | null): number | null {
  if (evidence.mode.name === 'host' || evidence.timeWaitCounting !== 'entry' || teardown === null) return tally;
  if (sharesHost(evidence, side)) return tally;
  // The kernel's count has the attackers' connections in it.
  if (evidence.planned.config.attackers !== undefined) return tally;
  const entries = timeWaitEntries(kernelDeltas(evidence, side));
  return entries === null ? tally : Math.max(0, entries - teardown);
}

/** Sockets that found the kernel's table of TIME_WAIT full, on both hosts. */
export function overflow(evidence: TrialEvidence): number | null {
  const client = kernelDeltas(evidence, 'client')?.['TCPTimeWaitOverflow'] ?? null;
  if (evidence.mode.name === 'host' || client === null) return client;
  const server = kernelDeltas(evidence, 'server')?.['TCPTimeWaitOverflow'] ?? null;
  return server === null ? null : client + server;
}

function timeWaitSide(
  evidence: TrialEvidence,
  side: Side,
  entered: number | null,
  teardown: number | null,
): TimeWaitSide {
  const isHidden = (side === 'server' && isElsewhere(evidence.planned.config)) || sharesHost(evidence, side);
  const points = isHidden ? [] : series(evidence, side, 'timeWait');
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

/**
 * CPU time over measure. The server's is taken between its two snapshots, with the requests it executed between them; that of a server
 * that gives none from the samples of its process tree, per request that ended in measure.
 */
export function cpu(evidence: TrialEvidence): TrialRecord['cpu'] {
  const { generator, serverAtMeasureStart: start, serverAtMeasureEnd: end } = evidence;
  const nothing = { userUs: null, systemUs: null, perRequestUs: null };
  const server =
    start === null || end === null
      ? sampledCpu(evidence)
      : cpuSide(
          end.cpu.userUs - start.cpu.userUs,
          end.cpu.systemUs - start.cpu.systemUs,
          end.executed - start.executed,
        );
  if (generator === null) return { generator: nothing, server };
  const { userUs, systemUs } = generator.cpu;
  return { generator: cpuSide(userUs, systemUs, completedWithinMeasure(generator)), server };
}

/** The sum at both ends of measure, on the line between the samples next to it; user and system time cannot be told apart. */
function sampledCpu({ sampler, generator, whyNoReport }: TrialEvidence): TrialRecord['cpu']['server'] {
  const nothing = { userUs: null, systemUs: null, perRequestUs: null };
  if (whyNoReport === null || generator === null) return nothing;
  const points = (sampler?.samples ?? []).flatMap(({ atNs, server }) =>
    server.cpuUs === null ? [] : [[atNs, server.cpuUs] as const],
  );
  const start = valueAt(points, generator.measureStartNs);
  const end = valueAt(points, generator.measureEndNs);
  const requests = completedWithinMeasure(generator);
  if (start === null || end === null || requests === 0) return nothing;
  return { ...nothing, perRequestUs: Math.max(0, end - start) / requests };
}

/** By linear interpolation; null outside of the points. */
function valueAt(points: readonly (readonly [number, number])[], at: number): number | null {
  const after = points.findIndex(([x]) => x >= at);
  if (after <= 0) return null;
  const [x1, y1] = points[after]!;
  const [x0, y0] = points[after - 1]!;
  return y0 + ((y1 - y0) * (at - x0)) / (x1 - x0);
}

function cpuSide(userUs: number, systemUs: number, requests: number): TrialRecord['cpu']['server'] {
  return { userUs, systemUs, perRequestUs: requests > 0 ? (userUs + systemUs) / requests : null };
}
