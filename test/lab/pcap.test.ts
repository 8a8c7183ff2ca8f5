import { describe, expect, it } from 'vitest';
import { PcapChunks, snapBytes } from '../../src/lab/pcap.ts';

function capture(epochMs: number, add: (pcap: PcapChunks) => void): { bytes: Buffer; chunks: number } {
  const chunks: Uint8Array[] = [];
  const pcap = new PcapChunks({ startNs: 5000, epochMs }, (chunk) => chunks.push(chunk));
  add(pcap);
  pcap.flush();
  return { bytes: Buffer.concat(chunks), chunks: chunks.length };
}

describe('PcapChunks', () => {
  it('begins with the header of a nanosecond capture of raw IP, also without packets', () => {
    const { bytes } = capture(0, () => undefined);
    expect(bytes.toString('hex')).toBe('4d3cb2a1' + '02000400' + '00000000' + '00000000' + '00010000' + '65000000');
  });

  it('gives each packet its time on the wall to the nanosecond', () => {
    const packet = Uint8Array.from([9, 9, 1, 2, 3]);
    const { bytes } = capture(1_700_000_000_999.5, (pcap) => {
      pcap.add(packet, 2, 3, 5000); // At the start: .999500000.
      pcap.add(packet, 2, 3, 5000 + 500_001); // 501 us later: the next second.
    });
    const records = [0, 1].map((index) => bytes.subarray(24 + 19 * index, 24 + 19 * (index + 1)));
    expect(records.map((record) => [record.readUInt32LE(0), record.readUInt32LE(4)])).toEqual([
      [1_700_000_000, 999_500_000],
      [1_700_000_001, 1],
    ]);
    expect(records.map((record) => [record.readUInt32LE(8), record.readUInt32LE(12), ...record.subarray(16)])).toEqual([
      [3, 3, 1, 2, 3],
      [3, 3, 1, 2, 3],
    ]);
  });

  it('cuts a long packet and says how long it was', () => {
    const { bytes } = capture(0, (pcap) => {
      pcap.add(new Uint8Array(1500), 0, 1500, 5000);
    });
    expect([bytes.readUInt32LE(32), bytes.readUInt32LE(36), bytes.length]).toEqual([snapBytes, 1500, 40 + snapBytes]);
  });

  it('stops for good at its limit, and counts what it left out', () => {
    // The header of the file and two records of 16 + 100 bytes; a third does not fit, and a short one after it must not slip in.
    const chunks: Uint8Array[] = [];
    const pcap = new PcapChunks({ startNs: 0, epochMs: 0 }, (chunk) => chunks.push(chunk), 24 + 2 * 116 + 20);
    const packet = new Uint8Array(100);
    for (const length of [100, 100, 100, 1]) pcap.add(packet, 0, length, 0);
    pcap.flush();
    expect(Buffer.concat(chunks)).toHaveLength(24 + 2 * 116);
    expect(pcap.notCaptured).toBe(2);
  });

  // Chunks end with every possible rest, so also with one in which a record's header would fit but not its packet.
  it.each(Array.from({ length: 60 }, (_, index) => 40 + index))('never cuts a record of %i bytes in two', (length) => {
    const lengths = Array<number>(5000).fill(length);
    const starts: number[] = [];
    let total = 0;
    const pcap = new PcapChunks({ startNs: 0, epochMs: 0 }, (chunk) => {
      starts.push(total);
      total += chunk.length;
    });
    const packet = new Uint8Array(300);
    for (const bytes of lengths) pcap.add(packet, 0, bytes, 0);
    pcap.flush();
    pcap.flush(); // Nothing is left to emit.
    let at = 24;
    const boundaries = new Set([0, ...lengths.map((bytes) => (at += 16 + bytes))]);
    expect(starts.length).toBeGreaterThan(1);
    expect(starts.every((start) => boundaries.has(start))).toBe(true);
    expect(total).toBe(at);
  });
});
