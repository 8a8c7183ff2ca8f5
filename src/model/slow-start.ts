/**
 * How long a body takes that is sent in growing flights: TCP slow start without loss, over a path of one bottleneck (Kurose and Ross,
 * Computer Networking, 3.7; Cardwell, Savage and Anderson, Modeling TCP Latency, INFOCOM 2000).
 */

export interface Path {
  readonly rttMs: number;
  /** `Infinity` for unlimited. */
  readonly bandwidthBitsPerSecond: number;
}

/** Segments of the first flight: RFC 6928; TCP_INIT_CWND in Linux' include/net/tcp.h. */
export const initialWindow = 10;
/** Payload of a segment: MTU 1500 less 20 bytes of IPv4, 20 of TCP and 12 of timestamps (RFC 7323), which Linux sends by default. */
export const segmentBytes = 1448;
/** A full packet on the wire, as the lab's link counts it. */
export const packetBytes = 1500;
/** Linux: the retransmission timeout is a smoothed round trip and at least TCP_RTO_MIN, HZ/5, for its variation (include/net/tcp.h). */
const leastVariationMs = 200;

export function segmentsOf(bytes: number): number {
  return Math.ceil(bytes / segmentBytes);
}

/** How many segments each flight has: `window`, then twice as many as before, until all are sent. */
export function flights(segments: number, window = initialWindow): readonly number[] {
  const sizes: number[] = [];
  let left = segments;
  for (let size = window; left > 0; size *= 2) {
    sizes.push(Math.min(size, left));
    left -= size;
  }
  return sizes;
}

interface Transfer {
  /** Flights that are sent before acknowledgements come without a pause. */
  readonly flights: number;
  /** From the first segment's arrival to the last one's. */
  readonly ms: number;
}

/** `segments` of full size over a path, beginning with a flight of `window`. */
export function transfer(segments: number, { rttMs, bandwidthBitsPerSecond }: Path, window = initialWindow): Transfer {
  const perSegmentMs = (packetBytes * 8e3) / bandwidthBitsPerSecond;
  let left = segments;
  let startMs = 0;
  let count = 0;
  for (let size = window; left > 0; size *= 2) {
    count++;
    // The first segment of this flight is acknowledged before its last one has left, or nothing is left: the rest follows without a pause.
    if (left <= size || size * perSegmentMs >= perSegmentMs + rttMs) break;
    startMs += perSegmentMs + rttMs;
    left -= size;
  }
  return { flights: count, ms: segments === 0 ? 0 : startMs + (left - 1) * perSegmentMs };
}

/**
 * The window after a pause, from the one before it: halved for every retransmission timeout gone by, not below the initial one
 * (RFC 5681 section 4.1 as tcp_cwnd_restart in Linux' net/ipv4/tcp_output.c does it).
 */
export function windowAfterPause(window: number, pauseMs: number, rttMs: number): number {
  const timeoutMs = retransmissionTimeoutMs(rttMs);
  let size = window;
  for (let left = pauseMs - timeoutMs; left > 0 && size > initialWindow; left -= timeoutMs) size = Math.floor(size / 2);
  return Math.max(size, Math.min(window, initialWindow));
}

/** Of a path whose round trip does not vary. */
export function retransmissionTimeoutMs(rttMs: number): number {
  return rttMs + leastVariationMs;
}
