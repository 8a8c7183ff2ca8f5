/**
 * IPv4 and TCP headers, read in place (RFC 791, RFC 9293 section 3.1), and the RST that answers a segment. Pure.
 * Hot: parsing writes into one `Segment` and allocates nothing. Sequence numbers are int32, so that their differences wrap by `| 0`.
 */

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

const ipHeaderBytes = 20;
const tcpHeaderBytes = 20;
/** IPv4 and TCP headers without options: the size of `writeReset`'s packet. */
export const resetBytes = ipHeaderBytes + tcpHeaderBytes;
const protocolTcp = 6;

/** The fields of one TCP segment; overwritten by the next `parseSegment` into it. */
export class Segment {
  /** Where its packet begins in the bytes that were parsed. */
  start = 0;
  /** The low 16 bits of its addresses. */
  sourceHost = 0;
  destinationHost = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** int32. */
  seq = 0;
  /** int32. */
  ack = 0;
  /** The low six flags: FIN, SYN, RST, PSH, ACK, URG. */
  flags = 0;
  payloadBytes = 0;
}

/**
 * Reads the packet of `length` bytes at `start`. False, and `into` is left in any state, where it is not one whole TCP segment in one
 * IPv4 packet: another protocol, a fragment, or lengths that do not fit each other. Checksums are the receiver's business.
 */
export function parseSegment(bytes: Uint8Array, start: number, length: number, into: Segment): boolean {
  if (length < resetBytes || bytes[start]! >> 4 !== 4 || bytes[start + 9] !== protocolTcp) return false;
  const ipBytes = (bytes[start]! & 0x0f) * 4;
  const totalBytes = uint16(bytes, start + 2);
  if (ipBytes < ipHeaderBytes || totalBytes > length || totalBytes < ipBytes + tcpHeaderBytes) return false;
  // More fragments, or an offset: part of a segment.
  if ((uint16(bytes, start + 6) & 0x3fff) !== 0) return false;
  const tcp = start + ipBytes;
  const tcpBytes = (bytes[tcp + 12]! >> 4) * 4;
  if (tcpBytes < tcpHeaderBytes || ipBytes + tcpBytes > totalBytes) return false;
  into.start = start;
  into.sourceHost = uint16(bytes, start + 14);
  into.destinationHost = uint16(bytes, start + 18);
  into.sourcePort = uint16(bytes, tcp);
  into.destinationPort = uint16(bytes, tcp + 2);
  into.seq = int32(bytes, tcp + 4);
  into.ack = int32(bytes, tcp + 8);
  into.flags = bytes[tcp + 13]! & 0x3f;
  into.payloadBytes = totalBytes - ipBytes - tcpBytes;
  return true;
}

/** Sequence numbers that the segment uses: its data, and one each for SYN and FIN. */
export function sequenceLength(segment: Segment): number {
  return segment.payloadBytes + ((segment.flags & SYN) >> 1) + (segment.flags & FIN);
}

/**
 * Writes the RST that a host without such a connection sends back (RFC 9293 section 3.5.2): its sequence number is what the segment
 * acknowledges, which is exactly what its sender expects next (RFC 5961 section 3.2 asks for that), or 0 with an ACK where the segment
 * acknowledges nothing. `resetBytes` bytes at `target` of `into`; `from` holds the packet that `segment` was parsed from.
 */
export function writeReset(from: Uint8Array, segment: Segment, into: Uint8Array, target: number): void {
  into.fill(0, target, target + resetBytes);
  into[target] = 0x45;
  putUint16(into, target + 2, resetBytes);
  into[target + 6] = 0x40; // Don't fragment.
  into[target + 8] = 64;
  into[target + 9] = protocolTcp;
  for (let octet = 0; octet < 4; octet++) {
    into[target + 12 + octet] = from[segment.start + 16 + octet]!;
    into[target + 16 + octet] = from[segment.start + 12 + octet]!;
  }
  putUint16(into, target + 10, checksum(into, target, ipHeaderBytes, 0));
  const tcp = target + ipHeaderBytes;
  putUint16(into, tcp, segment.destinationPort);
  putUint16(into, tcp + 2, segment.sourcePort);
  const acknowledges = (segment.flags & ACK) !== 0;
  putInt32(into, tcp + 4, acknowledges ? segment.ack : 0);
  putInt32(into, tcp + 8, acknowledges ? 0 : (segment.seq + sequenceLength(segment)) | 0);
  into[tcp + 12] = (tcpHeaderBytes / 4) << 4;
  into[tcp + 13] = acknowledges ? RST : RST | ACK;
  // The pseudo-header: both addresses, the protocol and the length (RFC 9293 section 3.1).
  const pseudo = sumWords(into, target + 12, 8) + protocolTcp + tcpHeaderBytes;
  putUint16(into, tcp + 16, checksum(into, tcp, tcpHeaderBytes, pseudo));
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function putUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

function putInt32(bytes: Uint8Array, at: number, value: number): void {
  putUint16(bytes, at, value >>> 16);
  putUint16(bytes, at + 2, value & 0xffff);
}

function sumWords(bytes: Uint8Array, start: number, length: number): number {
  let sum = 0;
  for (let at = start; at < start + length; at += 2) sum += uint16(bytes, at);
  return sum;
}

/** The Internet checksum (RFC 1071) of an even number of bytes and a sum of further words. */
function checksum(bytes: Uint8Array, start: number, length: number, further: number): number {
  let sum = sumWords(bytes, start, length) + further;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
