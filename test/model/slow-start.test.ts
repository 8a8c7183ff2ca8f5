/** Flights of slow start: counted by hand, and against a sender that is simulated segment by segment. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flights, segmentsOf, transfer, windowAfterPause, type Path } from '../../src/model/slow-start.ts';

// 1448 bytes a segment: 10, 20, 40, 80, 160, 320, 640 segments.
test.each([
  [1, 1],
  [14_480, 1],
  [14_481, 2],
  [43_440, 2],
  [43_441, 3],
  [101_360, 3],
  [101_361, 4],
  [300_000, 5],
  [1_000_000, 7],
])('%i bytes take %i flights', (bytes, count) => {
  expect(flights(segmentsOf(bytes))).toHaveLength(count);
  expect(transfer(segmentsOf(bytes), { rttMs: 50, bandwidthBitsPerSecond: Infinity })).toEqual({
    flights: count,
    ms: (count - 1) * 50,
  });
});

test('the flights are all of the body', () => {
  expect(flights(75)).toEqual([10, 20, 40, 5]);
  expect(flights(0)).toEqual([]);
  expect(flights(75, 80)).toEqual([75]);
});

test('a narrow path is full from the first flight on: the rest comes as fast as it carries', () => {
  // 12 Mbit/s: 1 ms a packet; 10 packets outlast a round trip of 5 ms.
  expect(transfer(100, { rttMs: 5, bandwidthBitsPerSecond: 12e6 })).toEqual({ flights: 1, ms: 99 });
  // Of 15 ms they do not: the second flight starts at 16 ms and is the last that matters.
  expect(transfer(100, { rttMs: 15, bandwidthBitsPerSecond: 12e6 })).toEqual({ flights: 2, ms: 16 + 89 });
});

/**
 * Every acknowledgement makes room for two segments: segment i (from 0) leaves with acknowledgement number ceil((i + 1 - w) / 2), through a
 * bottleneck that sends one at a time. From the first arrival to the last.
 */
function simulatedMs(segments: number, { rttMs, bandwidthBitsPerSecond }: Path, window: number): number {
  const perSegmentMs = 12e6 / bandwidthBitsPerSecond;
  const goneAt: number[] = [];
  for (let i = 0; i < segments; i++) {
    const acknowledgements = Math.max(0, Math.ceil((i + 1 - window) / 2));
    const sentAt = acknowledgements === 0 ? 0 : goneAt[acknowledgements - 1]! + rttMs;
    goneAt.push(Math.max(sentAt, goneAt.at(-1) ?? 0) + perSegmentMs);
  }
  return goneAt.at(-1)! - goneAt[0]!;
}

test('as the simulated sender, for any body, path and window', () => {
  const cases = fc.record({
    segments: fc.integer({ min: 1, max: 3000 }),
    window: fc.integer({ min: 1, max: 40 }),
    rttMs: fc.double({ min: 0, max: 300, noNaN: true }),
    bandwidthBitsPerSecond: fc.double({ min: 1e5, max: 1e10, noNaN: true }),
  });
  fc.assert(
    fc.property(cases, ({ segments, window, ...path }) => {
      const { ms } = transfer(segments, path, window);
      const simulated = simulatedMs(segments, path, window);
      expect(Math.abs(ms - simulated)).toBeLessThan(1e-6 * (1 + simulated));
    }),
  );
});

test('more bytes, a longer way and a smaller window are never faster', () => {
  const cases = fc.record({
    segments: fc.integer({ min: 1, max: 2000 }),
    rttMs: fc.double({ min: 0.1, max: 300, noNaN: true }),
    bandwidthBitsPerSecond: fc.double({ min: 1e6, max: 1e10, noNaN: true }),
  });
  fc.assert(
    fc.property(cases, ({ segments, ...path }) => {
      const { ms } = transfer(segments, path);
      expect(transfer(segments + 1, path).ms).toBeGreaterThanOrEqual(ms);
      expect(transfer(segments, { ...path, rttMs: path.rttMs * 1.5 }).ms).toBeGreaterThanOrEqual(ms - 1e-9);
      expect(transfer(segments, path, 20).ms).toBeLessThanOrEqual(ms + 1e-9);
    }),
  );
});

// A round trip of 50 ms: a timeout of 250 ms. One halving after each.
test.each([
  [200, 100, 200],
  [200, 250, 200],
  [200, 251, 100],
  [200, 600, 50],
  [200, 5000, 10],
  [15, 300, 10],
  [4, 5000, 4],
])('a window of %i is after a pause of %i ms one of %i', (window, pauseMs, after) => {
  expect(windowAfterPause(window, pauseMs, 50)).toBe(after);
});
