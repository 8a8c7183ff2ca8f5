/** How long a response's body is under way, from its first byte to its last: flights of slow start, or one on a connection that has grown. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { isBundled } from './endings.ts';
import { isMultiplexed, lonelyUser } from './loads.ts';
import { assumption, type Assumption } from './prediction.ts';
import { mostHeadBytes, responseBytes } from './sizes.ts';
import {
  flights,
  initialWindow,
  packetBytes,
  retransmissionTimeoutMs,
  segmentBytes,
  segmentsOf,
  transfer,
  windowAfterPause,
} from './slow-start.ts';
import { sysctlOf } from './trial-facts.ts';

interface Download {
  /** 1: no acknowledgement is waited for. Null where the window is not known. */
  readonly flights: number | null;
  /** Null where the window of a kept connection is not known. */
  readonly ms: number | null;
  readonly formula: string;
  readonly source: string;
  readonly assumptions: readonly Assumption[];
}

const source =
  'RFC 5681 section 3.1, RFC 6928; Kurose and Ross, Computer Networking, 3.7; Cardwell, Savage and Anderson, INFOCOM 2000';

/** Null where no body comes, or the server is not connbench's own. */
export function download(config: TrialConfig, record: TrialRecord, kind: 'new' | 'reused'): Download | null {
  const { server, load, network } = config;
  if (!isBundled(server) || isMultiplexed(config) || load.request.method === 'HEAD') return null;
  const segments = segmentsOf(responseBytes(server.response));
  const window = kind === 'new' ? { segments: initialWindow, known: [] } : keptWindow(config, record, segments);
  const { rttMs, jitterMs } = network.link;
  const path = { rttMs: rttMs + jitterMs, bandwidthBitsPerSecond: network.link.bandwidthBitsPerSecond };
  const sent = window === null ? null : transfer(segments, path, window.segments);
  const several = sent === null || sent.flights > 1;
  return {
    flights: sent?.flights ?? null,
    ms: sent?.ms ?? null,
    formula:
      sent === null
        ? 'none'
        : `${sent.flights - 1} round trips between ${sent.flights} flights of ${window?.segments ?? 0} segments, doubling, and what the last has on the wire`,
    source,
    assumptions: [
      ...(window === null
        ? [assumption('the window of a kept connection is known', false, 'pauses differ, or connections are shared')]
        : window.known),
      ...(several ? conditions(config, record, segments) : []),
      ...(several && kind === 'new' ? [receiverTakesIt(record, segments)] : []),
    ],
  };
}

interface KeptWindow {
  readonly segments: number;
  readonly known: readonly Assumption[];
}

/** The window of a connection that has carried such bodies before, after the pause; null where the pause is not known. */
function keptWindow(config: TrialConfig, record: TrialRecord, segments: number): KeptWindow | null {
  if (segments <= initialWindow) return { segments: initialWindow, known: [] };
  const pause = lonelyUser(config)?.pause;
  if (pause?.distribution !== 'constant') return null;
  const { rttMs } = config.network.link;
  const pauseMs = pause.valueMs;
  const restarts = sysctlOf(record, 'server', 'net.ipv4.tcp_slow_start_after_idle');
  const grown = 'after a body of this size it holds a whole one';
  if (restarts === 0) return { segments, known: [assumption(grown, true, 'tcp_slow_start_after_idle is 0')] };
  const after = windowAfterPause(segments, pauseMs, rttMs);
  const timeoutMs = retransmissionTimeoutMs(rttMs);
  const because = `a pause of ${pauseMs} ms, a retransmission timeout of about ${timeoutMs} ms, tcp_slow_start_after_idle ${restarts ?? 'not known'}`;
  // In between, the window before the pause decides, which is only known to be no smaller.
  const isSure = after === segments || windowAfterPause(segments * 4, pauseMs, rttMs) === initialWindow;
  const text =
    after === segments
      ? `${grown}, and the pause takes nothing from it`
      : 'the pause takes it back to the initial window';
  return { segments: after, known: [assumption(text, isSure && restarts !== null ? true : null, because)] };
}

/** Second of three figures of tcp_rmem in Linux: the receive buffer of a new connection, half of which is window. */
const usualReceiveBytes = 131_072;

/**
 * The receiver of a new connection has announced no more than half of its buffer, and enlarges it with what has come (tcp_rcv_space_adjust in
 * net/ipv4/tcp_input.c of Linux). One that has idled keeps its large one.
 */
function receiverTakesIt(record: TrialRecord, segments: number): Assumption {
  const windowBytes = (sysctlOf(record, 'client', 'net.ipv4.tcp_rmem', 1) ?? usualReceiveBytes) / 2;
  const largestBytes = Math.max(0, ...flights(segments)) * segmentBytes;
  return assumption(
    "every flight fits into the receiver's first window",
    largestBytes <= windowBytes,
    `the largest flight has ${largestBytes} bytes, the window at first ${windowBytes} (net.ipv4.tcp_rmem of the client)`,
  );
}

/** What the growth of the window rests on. */
function conditions(config: TrialConfig, record: TrialRecord, segments: number): readonly Assumption[] {
  const { server, network, strategy } = config;
  const { link } = network;
  const control = record.network?.server.congestionControl ?? null;
  const lastFlightMs = (segments * packetBytes * 8e3) / link.bandwidthBitsPerSecond;
  const sizeBytes = isBundled(server) ? server.response.sizeBytes : 0;
  const ends = [sizeBytes, sizeBytes + mostHeadBytes].map(
    (bytes) => transfer(segmentsOf(bytes), { ...link, rttMs: 1 }).flights,
  );
  return [
    assumption(
      'the window doubles with every flight, as Linux does it for every acknowledged segment, delayed ACKs or not',
      control === 'cubic' || control === 'reno' ? true : control === null ? null : false,
      `congestion control ${control ?? 'not known'}`,
    ),
    assumption(
      'no segment is lost',
      link.loss === 0 && (record.link?.dropped.queue ?? 0) === 0,
      `network.loss is ${link.loss}, ${record.link?.dropped.queue ?? 0} packets found the queue full`,
    ),
    assumption(
      'slow start does not end early (HyStart)',
      lastFlightMs < link.rttMs / 4 ? true : null,
      `a body is on the wire for ${lastFlightMs.toPrecision(2)} ms, a round trip is ${link.rttMs} ms`,
    ),
    assumption(
      'no flight more or less by the size of the head',
      ends[0] === ends[1] ? true : null,
      `a head of up to ${mostHeadBytes} bytes`,
    ),
    assumption(
      'nothing but the response is sent',
      strategy.tls === undefined ? true : null,
      strategy.tls === undefined ? 'no TLS' : 'TLS sends certificates and records',
    ),
  ];
}
