import { describe, expect, test } from 'vitest';
import {
  parsePressure,
  parseProcessorTimes,
  readProcessorTimes,
  wallClockOffsetMs,
} from '../../src/kernel/machine-time.ts';

const stat = `cpu  100 20 30 4000 50 6 7 8 9 10
cpu0 50 10 15 2000 25 3 3 4 4 5
cpu1 50 10 15 2000 25 3 4 4 5 5
intr 1 2 3
`;

describe('parseProcessorTimes', () => {
  test('sums what is not idle; guest time is in user time already', () => {
    // 100 + 20 + 30 + 6 + 7 ticks of 10 ms; steal and idle are apart.
    expect(parseProcessorTimes(stat)).toEqual({
      processors: 2,
      idleUs: 40_000_000,
      ioWaitUs: 500_000,
      stealUs: 80_000,
      busyUs: 1_630_000,
      interruptUs: 130_000,
    });
  });

  test.each([
    '',
    'cpu  1 2 3\ncpu0 1 2 3\n',
    'cpu  1 2 3 4 5 6 7 8\n',
    'cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n',
  ])('gives nothing for %j', (text) => {
    expect(parseProcessorTimes(text)).toBeNull();
  });
});

test('parsePressure gives the total of some, not of full', () => {
  const text =
    'some avg10=9.49 avg60=8.27 avg300=13.59 total=4976572904\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n';
  expect(parsePressure(text)).toBe(4_976_572_904);
  expect(parsePressure('')).toBeNull();
});

test.runIf(process.platform === 'linux')('the machine has processors that were idle and busy', () => {
  const times = readProcessorTimes()!;
  expect(times.processors).toBeGreaterThan(0);
  expect(times.busyUs).toBeGreaterThan(0);
});

test('the wall clock has the same distance to the other one, to the millisecond', () => {
  // Nobody sets the clock meanwhile: each reading is good to 1 ms.
  expect(Math.abs(wallClockOffsetMs() - wallClockOffsetMs())).toBeLessThan(2);
});
