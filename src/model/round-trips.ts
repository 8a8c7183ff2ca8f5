/** How long opening, encrypting and the first byte take on the lab's link, in round trips: medians, on new and on kept connections. */
import type { TrialConfig } from '../scenario/config.ts';
import type { LatencyRecord, LatencyRecordName, TrialRecord } from '../results/record.ts';
import { delayMoments } from './delays.ts';
import { download } from './downloads.ts';
import { isBundled } from './endings.ts';
import { assumption, type Assumption, type Theory } from './prediction.ts';
import { requestBytes, responseBytes } from './sizes.ts';
import { packetBytes } from './slow-start.ts';

type ConnectionKind = 'new' | 'reused';

/** A phase's predicted median. */
interface Phase {
  readonly ms: number | null;
  readonly formula: string;
  readonly source: string;
  /** Beside those that every phase has. */
  readonly assumptions: readonly Assumption[];
  /** What programs take besides is less than a tenth of so much. */
  readonly sureFromMs: number;
  /** False: part of the whole, and nothing to show by itself. A single flight comes faster than a program reads. Absent: shown. */
  readonly isShown?: boolean;
}

const handshake = 'RFC 9293 section 3.5: SYN and SYN-ACK before the first request';
/** Two programs and two kernels take some tenths of a millisecond to wake up; a timer of Node's is up to one late; TLS takes one or two. */
const sureFrom = { network: 5, nodeTimer: 20, crypto: 20 } as const;

/** Empty outside a lab and on a link without delay, where there is no round trip to speak of. */
export function roundTrips(config: TrialConfig, record: TrialRecord): readonly Theory[] {
  if (record.mode !== 'lab' || roundTripMs(config) === 0) return [];
  return (['new', 'reused'] as const).flatMap((kind) => ofKind(config, record, kind));
}

function ofKind(config: TrialConfig, record: TrialRecord, kind: ConnectionKind): readonly Theory[] {
  const measured = record.latencyByConnection[kind];
  const opening =
    kind === 'new'
      ? {
          connect: unhindered(config, connectPhase(config), measured.connect),
          tls: unhindered(config, tlsPhase(config, record), measured.tls),
        }
      : {};
  const answer = isBundled(config.server)
    ? { firstByte: unhindered(config, firstBytePhase(config), measured.firstByte) }
    : {};
  const body = download(config, record, kind);
  const phases: Readonly<Partial<Record<LatencyRecordName, Phase | null>>> = {
    ...opening,
    ...answer,
    download: body === null ? null : { ...body, sureFromMs: sureFrom.network, isShown: body.flights !== 1 },
  };
  const theories = Object.entries(phases).flatMap(([name, phase]) =>
    phase == null || phase.isShown === false
      ? []
      : [theoryOf(config, record, { kind, name: name as LatencyRecordName, phase })],
  );
  const service = servicePhase(Object.values(phases).flatMap((phase) => phase ?? []));
  // Without the answer's phase the sum is not the whole.
  if (isBundled(config.server)) theories.push(theoryOf(config, record, { kind, name: 'service', phase: service }));
  return theories.filter((theory): theory is Theory => theory !== null);
}

const words: Readonly<Partial<Record<LatencyRecordName, string>>> = {
  connect: 'opening a connection',
  tls: 'TLS handshake',
  firstByte: 'request to first byte',
  download: 'first to last byte',
  service: 'whole request',
};

interface OfPhase {
  readonly kind: ConnectionKind;
  readonly name: LatencyRecordName;
  readonly phase: Phase;
}

/** Null where the trial has no such request. */
function theoryOf(config: TrialConfig, record: TrialRecord, { kind, name, phase }: OfPhase): Theory | null {
  const latency = record.latencyByConnection[kind][name];
  if (latency === null) return null;
  const { ms } = phase;
  return {
    name: `${words[name] ?? name}, ${kind === 'new' ? 'new' : 'kept'} connection, median`,
    metric: `latencyByConnection.${kind}.${name}.p50`,
    predicted: ms === null ? null : ms * 1e6,
    formula: phase.formula,
    source: phase.source,
    assumptions: [
      ...phase.assumptions,
      ...(ms === null ? [] : [networkRules(ms, phase.sureFromMs)]),
      ...(name === 'service' && ms !== null ? [nobodyWaits(record, kind, ms)] : []),
      assumption('a median of five requests or more', latency.count >= 5, `${latency.count} requests`),
      lossless(config),
      serverHasTime(record),
    ],
  };
}

function networkRules(ms: number, sureFromMs: number): Assumption {
  const text = 'programs and kernels take little of their own';
  const holds = ms >= sureFromMs ? true : ms >= sureFromMs / 3 ? null : false;
  return assumption(
    text,
    holds,
    `${ms.toPrecision(3)} ms predicted; their share is below a tenth from ${sureFromMs} ms on`,
  );
}

/** How far above the least the median of a phase may be that is the same for every request, of what is predicted. */
const mostSpread = 0.05;

/** The phase with what its median and its least say of each other: many that come at once wait for the processors, one after the other. */
function unhindered(
  { network, server, load }: TrialConfig,
  phase: Phase | null,
  latency: LatencyRecord | null,
): Phase | null {
  const varies = network.link.jitterMs > 0 || (isBundled(server) && server.response.delay.distribution !== 'constant');
  const least = latency?.min ?? null;
  const middle = latency?.p50 ?? null;
  if (phase?.ms == null || varies || least === null || middle === null) return phase;
  const because = `the fastest took ${(least / 1e6).toPrecision(3)} ms, half of them ${(middle / 1e6).toPrecision(3)} ms or more`;
  const isNear = middle - least <= mostSpread * phase.ms * 1e6;
  // Of a burst even the first may have waited.
  const mayCome = load.model === 'open' && (load.trace !== undefined || load.shape?.kind === 'steps');
  const holds = !isNear ? false : mayCome ? null : true;
  const text = 'requests that come together do not wait for a processor';
  return { ...phase, assumptions: [...phase.assumptions, assumption(text, holds, because)] };
}

function nobodyWaits({ latencyByConnection }: TrialRecord, kind: ConnectionKind, ms: number): Assumption {
  const waitMs = (latencyByConnection[kind].connectionWait?.p50 ?? 0) / 1e6;
  return assumption(
    'requests do not wait for a connection',
    waitMs <= 0.02 * ms,
    `a median wait of ${waitMs.toPrecision(2)} ms`,
  );
}

/** A median bears a loss that most requests do not meet. */
function lossless({ network }: TrialConfig): Assumption {
  const { loss } = network.link;
  return assumption('no packet is lost', loss === 0 ? true : loss <= 0.02 ? null : false, `network.loss is ${loss}`);
}

function serverHasTime({ warnings }: TrialRecord): Assumption {
  const has = (code: string): boolean => warnings.some((one) => one.code === code);
  const text = 'server and machine have time';
  if (has('server-saturated')) return assumption(text, false, 'the trial has the warning server-saturated');
  const isBusy = has('machine-busy');
  return assumption(
    text,
    isBusy ? null : true,
    isBusy ? 'the trial has the warning machine-busy' : 'no warning says otherwise',
  );
}

/* ---- phases ---- */

/** Of a packet there and one back. Jitter is uniform, half of it each way: on average as much as one side's whole. */
function roundTripMs({ network: { link } }: TrialConfig): number {
  return link.rttMs + link.jitterMs;
}

function onWireMs({ network: { link } }: TrialConfig, bytes: number): number {
  return (bytes * 8e3) / link.bandwidthBitsPerSecond;
}

/** Bytes of IPv4 and TCP with timestamps. */
const packetHeadBytes = 52;

function connectPhase(config: TrialConfig): Phase {
  const { fastOpen } = config.strategy.tcp;
  return {
    ms: roundTripMs(config) + onWireMs(config, 2 * packetHeadBytes),
    formula: '1 round trip',
    source: handshake,
    assumptions: fastOpen ? [assumption('nothing is sent with the SYN', null, 'strategy.tcp.fastOpen is on')] : [],
    sureFromMs: sureFrom.network,
  };
}

/** Null without TLS. */
function tlsPhase(config: TrialConfig, { connections }: TrialRecord): Phase | null {
  const { tls } = config.strategy;
  const counts = connections?.tls ?? null;
  if (tls === undefined || counts === null) return null;
  const done = counts.full + counts.resumed;
  const early = done === 0 ? 0 : counts.earlyData / done;
  const resumed = done === 0 ? 0 : counts.resumed / done;
  const share = tls.resumption === 'early-data' ? early : tls.version === '1.2' ? resumed : 0;
  const [usual, others] = tls.resumption === 'early-data' ? [0, 1] : [1, tls.version === '1.2' ? 2 : 1];
  const trips = share > 0.5 ? usual : others;
  const isMixed = usual !== others && Math.abs(share - 0.5) < 0.1;
  const because = `${counts.full} full, ${counts.resumed} resumed, ${counts.earlyData} with early data`;
  return {
    ms: trips * roundTripMs(config),
    formula: `${trips} round trips: TLS 1.3 one, with early data none; TLS 1.2 two, resumed one`,
    source: 'RFC 8446 sections 2 to 2.3; RFC 5246 section 7.3',
    assumptions: [assumption('most handshakes are of one kind', !isMixed, because)],
    sureFromMs: sureFrom.crypto,
  };
}

function firstBytePhase(config: TrialConfig): Phase | null {
  const { server, load } = config;
  if (!isBundled(server)) return null;
  const delay = delayMoments(server.response.delay);
  const bytes = requestBytes(load.request) + packetHeadBytes;
  const answerBytes = Math.min(packetBytes, responseBytes(server.response) + packetHeadBytes);
  const isTimed = server.kind === 'node' && delay.meanMs > 0;
  return {
    ms: roundTripMs(config) + delay.medianMs + onWireMs(config, bytes) + onWireMs(config, answerBytes),
    formula: "1 round trip + the median of the server's delay + request and first segment on the wire",
    source: 'RFC 9293: request and response each cross once',
    assumptions: [
      assumption(
        'the request fits into one flight',
        bytes <= 10 * packetBytes && load.requests === undefined ? true : null,
        `about ${bytes} bytes`,
      ),
      assumption(
        'the server makes no faults',
        server.faults === undefined ? true : null,
        server.faults === undefined ? 'none configured' : 'the median is of most requests',
      ),
    ],
    sureFromMs: isTimed ? sureFrom.nodeTimer : sureFrom.network,
  };
}

/** Null where one of them is not known. */
function servicePhase(phases: readonly Phase[]): Phase {
  const isKnown = phases.every(({ ms }) => ms !== null);
  return {
    ms: isKnown ? phases.reduce((sum, { ms }) => sum + (ms ?? 0), 0) : null,
    formula: 'the sum of its phases, of which at most one varies',
    source: [...new Set(phases.map(({ source }) => source))].join('; '),
    assumptions: phases.flatMap(({ assumptions }) => assumptions),
    sureFromMs: Math.max(...phases.map(({ sureFromMs }) => sureFromMs)),
  };
}
