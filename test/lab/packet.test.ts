import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Segment, parseSegment, resetBytes, sequenceLength, writeReset } from '../../src/lab/packet.ts';
import { areChecksumsRight, flag, packet, segment } from './segments.ts';

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const port = fc.integer({ min: 1, max: 65_535 });

function parses(bytes: Uint8Array): boolean {
  return parseSegment(bytes, 0, bytes.length, new Segment());
}

function changed(change: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
  const bytes = packet({ payload: 10 });
  change(new DataView(bytes.buffer), bytes);
  return bytes;
}

describe('parseSegment', () => {
  it('reads every field, wherever the packet begins and whatever options it has', () => {
    const fields = fc.record({
      from: fc.constantFrom('client' as const, 'server' as const),
      clientHost: fc.integer({ min: 3, max: 255 }),
      clientPort: port,
      serverPort: port,
      seq: uint32,
      ack: uint32,
      flags: fc.integer({ min: 0, max: 63 }),
      payload: fc.integer({ min: 0, max: 1400 }),
      ipOptions: fc.integer({ min: 0, max: 10 }).map((words) => 4 * words),
      tcpOptions: fc.integer({ min: 0, max: 10 }).map((words) => 4 * words),
    });
    fc.assert(
      fc.property(fields, fc.nat(50), (sent, start) => {
        const bytes = new Uint8Array(2000).fill(0xff);
        const sentBytes = packet(sent);
        bytes.set(sentBytes, start);
        const seen = new Segment();
        expect(parseSegment(bytes, start, sentBytes.length, seen)).toBe(true);
        expect(seen).toEqual({
          start,
          sourceHost: sent.from === 'client' ? sent.clientHost : 2,
          destinationHost: sent.from === 'client' ? 2 : sent.clientHost,
          sourcePort: sent.from === 'client' ? sent.clientPort : sent.serverPort,
          destinationPort: sent.from === 'client' ? sent.serverPort : sent.clientPort,
          seq: sent.seq | 0,
          ack: sent.ack | 0,
          flags: sent.flags,
          payloadBytes: sent.payload,
        });
      }),
    );
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    [
      'IPv6',
      changed((view) => {
        view.setUint8(0, 0x65);
      }),
    ],
    [
      'ICMP',
      changed((view) => {
        view.setUint8(9, 1);
      }),
    ],
    [
      'UDP',
      changed((view) => {
        view.setUint8(9, 17);
      }),
    ],
    [
      'an IP header of less than 20 bytes',
      changed((view) => {
        view.setUint8(0, 0x44);
      }),
    ],
    [
      'an IP header longer than the packet',
      changed((view) => {
        view.setUint8(0, 0x4f);
      }),
    ],
    [
      'a total length beyond what was read',
      changed((view) => {
        view.setUint16(2, 51);
      }),
    ],
    [
      'a total length without a TCP header',
      changed((view) => {
        view.setUint16(2, 39);
      }),
    ],
    [
      'the first of several fragments',
      changed((view) => {
        view.setUint16(6, 0x2000);
      }),
    ],
    [
      'a later fragment',
      changed((view) => {
        view.setUint16(6, 1);
      }),
    ],
    [
      'a TCP header of less than 20 bytes',
      changed((view) => {
        view.setUint8(32, 0x40);
      }),
    ],
    [
      'a TCP header longer than the packet',
      changed((view) => {
        view.setUint8(32, 0xf0);
      }),
    ],
  ])('refuses %s', (_name, bytes) => {
    expect(parses(bytes)).toBe(false);
  });

  it('never reads past the length it is given, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        if (bytes.length > 0) bytes[0] = 0x40 | (bytes[0]! & 0x0f);
        if (bytes.length > 9) bytes[9] = 6;
        const seen = new Segment();
        if (parseSegment(bytes, 0, bytes.length, seen))
          expect(seen.payloadBytes).toBeLessThanOrEqual(bytes.length - 40);
      }),
    );
  });
});

describe('sequenceLength', () => {
  it.each([
    ['an ACK', flag.ack, 0, 0],
    ['data', flag.ack | flag.psh, 7, 7],
    ['SYN', flag.syn, 0, 1],
    ['SYN with data', flag.syn, 5, 6],
    ['FIN with data', flag.fin | flag.ack, 3, 4],
    ['SYN and FIN', flag.syn | flag.fin, 0, 2],
  ])('%s', (_name, flags, payload, length) => {
    expect(sequenceLength(segment({ flags, payload }))).toBe(length);
  });
});

describe('writeReset', () => {
  function answer(bytes: Uint8Array): Uint8Array {
    const seen = new Segment();
    expect(parseSegment(bytes, 0, bytes.length, seen)).toBe(true);
    const into = new Uint8Array(100).fill(0xaa);
    writeReset(bytes, seen, into, 30);
    expect([into[29], into[30 + resetBytes]]).toEqual([0xaa, 0xaa]);
    return into.slice(30, 30 + resetBytes);
  }

  it('takes its sequence number from the ACK, and acknowledges nothing', () => {
    const reset = answer(packet({ seq: 1000, ack: 0xfffffff0, payload: 10 }));
    const seen = new Segment();
    expect(parseSegment(reset, 0, reset.length, seen)).toBe(true);
    expect(seen).toMatchObject({ sourcePort: 80, destinationPort: 40_000, flags: flag.rst, seq: -16, ack: 0 });
    expect([...reset.slice(12, 20)]).toEqual([198, 18, 0, 2, 198, 18, 0, 1]);
  });

  it('acknowledges all of a segment that acknowledges nothing', () => {
    const reset = answer(packet({ seq: 0xffffffff, flags: flag.syn, payload: 3 }));
    const seen = new Segment();
    expect(parseSegment(reset, 0, reset.length, seen)).toBe(true);
    expect(seen).toMatchObject({ flags: flag.rst | flag.ack, seq: 0, ack: 3 }); // 2^32 - 1 + SYN + 3 bytes = 3.
  });

  it('has right checksums', () => {
    fc.assert(
      fc.property(port, port, uint32, uint32, fc.integer({ min: 0, max: 63 }), fc.nat(100), (...fields) => {
        const [clientPort, serverPort, seq, ack, flags, payload] = fields;
        expect(areChecksumsRight(answer(packet({ clientPort, serverPort, seq, ack, flags, payload })))).toBe(true);
      }),
    );
  });
});
