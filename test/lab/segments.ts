// Builds IPv4/TCP packets for tests, and checks checksums by a routine of its own.
import { Segment, parseSegment } from '../../src/lab/packet.ts';
import type { Side } from '../../src/lab/messages.ts';

export const flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

export interface PacketFields {
  readonly from: Side;
  /** The last octet of the client's address. */
  readonly clientHost: number;
  readonly clientPort: number;
  readonly serverPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly payload: number;
  /** Extra header bytes, multiples of 4. */
  readonly ipOptions: number;
  readonly tcpOptions: number;
}

const defaults: PacketFields = {
  from: 'client',
  clientHost: 1,
  clientPort: 40_000,
  serverPort: 80,
  seq: 0,
  ack: 0,
  flags: flag.ack,
  payload: 0,
  ipOptions: 0,
  tcpOptions: 0,
};

/** Payload bytes are 0, 1, 2 ...; checksums are left 0. */
export function packet(fields: Partial<PacketFields>): Uint8Array {
  const { from, clientHost, clientPort, serverPort, seq, ack, flags, payload, ipOptions, tcpOptions } = {
    ...defaults,
    ...fields,
  };
  const ipBytes = 20 + ipOptions;
  const tcpBytes = 20 + tcpOptions;
  const bytes = new Uint8Array(ipBytes + tcpBytes + payload);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x40 | (ipBytes / 4));
  view.setUint16(2, bytes.length);
  view.setUint16(6, 0x4000);
  view.setUint8(8, 64);
  view.setUint8(9, 6);
  bytes.set([198, 18, 0, clientHost], from === 'client' ? 12 : 16);
  bytes.set([198, 18, 0, 2], from === 'client' ? 16 : 12);
  view.setUint16(ipBytes, from === 'client' ? clientPort : serverPort);
  view.setUint16(ipBytes + 2, from === 'client' ? serverPort : clientPort);
  view.setUint32(ipBytes + 4, seq);
  view.setUint32(ipBytes + 8, ack);
  view.setUint8(ipBytes + 12, (tcpBytes / 4) << 4);
  view.setUint8(ipBytes + 13, flags);
  for (let index = 0; index < payload; index++) bytes[ipBytes + tcpBytes + index] = index & 0xff;
  return bytes;
}

/** The same packet as the program sees it. Throws where it is refused. */
export function segment(fields: Partial<PacketFields>): Segment {
  const parsed = new Segment();
  const bytes = packet(fields);
  if (!parseSegment(bytes, 0, bytes.length, parsed)) throw new Error('the packet was refused');
  return parsed;
}

/** Whether the sum of all 16-bit words, checksum included, is -0 in ones' complement (RFC 1071, section 1 (3)), by way of modulo. */
function isSumRight(words: readonly number[]): boolean {
  const sum = words.reduce((total, word) => total + word, 0);
  return sum > 0 && sum % 0xffff === 0;
}

function wordsOf(bytes: Uint8Array): number[] {
  const padded = bytes.length % 2 === 0 ? bytes : Uint8Array.from([...bytes, 0]);
  const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
  return Array.from({ length: padded.length / 2 }, (_, index) => view.getUint16(2 * index));
}

/** Whether both checksums of a packet without IP options hold. */
export function areChecksumsRight(bytes: Uint8Array): boolean {
  const header = bytes.slice(0, 20);
  const body = bytes.slice(20);
  return isSumRight(wordsOf(header)) && isSumRight([...wordsOf(bytes.slice(12, 20)), 6, body.length, ...wordsOf(body)]);
}
