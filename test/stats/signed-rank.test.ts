/** The exact signed-rank test and its interval: published values, enumeration, and their duality. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/load/random.ts';
import { blocksNeeded, largestRejectedSum, locationEstimate, signedRankTest } from '../../src/stats/signed-rank.ts';

describe('signedRankTest', () => {
  // Values of scipy.stats.wilcoxon(mode='exact'); those with ties by enumerating all signs in Python. Darwin's maize has T- = 24.
  const darwin = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75];
  it.each([
    ['eight positive', [1, 2, 3, 4, 5, 6, 7, 8], { tPlus: 36, tMinus: 0, p: 0.0078125 }],
    ['six positive', [6, 5, 4, 3, 2, 1], { tPlus: 21, tMinus: 0, p: 0.03125 }],
    ['mixed', [1.1, -2.3, 3.7, 4.2, -5.9, 6.1, 7.4, 8.8, -0.4, 10.5], { tPlus: 45, tMinus: 10, p: 0.083984375 }],
    ["Darwin's maize", darwin, { tPlus: 96, tMinus: 24, p: 0.041259765625 }],
    ['ties and a zero', [1, 1, -1, 2, 2, -3, 3, 0, 5], { tPlus: 27.5, tMinus: 8.5, p: 0.2421875, pairs: 8, zeros: 1 }],
    ['all tied', [2, 2, 2, 2, 2, 2], { tPlus: 21, tMinus: 0, p: 0.03125 }],
    ['all zero', [0, 0, 0], { tPlus: 0, tMinus: 0, p: 1, pairs: 0, zeros: 3 }],
    ['none', [], { tPlus: 0, tMinus: 0, p: 1 }],
    ['infinite', [-Infinity, -Infinity, -1, -2, -3, -4], { tPlus: 0, tMinus: 21, p: 0.03125 }],
  ])('%s', (_name, differences, expected) => {
    expect(signedRankTest(differences)).toMatchObject(expected);
  });

  it('is exact: of the 256 sign patterns of 8 differences it rejects 10 at 5 %', () => {
    // Sums up to 3 have 1 + 1 + 1 + 2 = 5 patterns on either side.
    let rejected = 0;
    for (let pattern = 0; pattern < 256; pattern++) {
      const signs = Array.from({ length: 8 }, (_, bit) => ((pattern >> bit) & 1) * 2 - 1);
      if (signedRankTest(signs.map((sign, index) => sign * (index + 1))).p <= 0.05) rejected++;
    }
    expect(rejected).toBe(10);
  });

  it('does not care which side is called the first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 15 }), (differences) => {
        const there = signedRankTest(differences);
        const back = signedRankTest(differences.map((difference) => -difference));
        expect([back.tPlus, back.tMinus, back.p]).toEqual([there.tMinus, there.tPlus, there.p]);
      }),
    );
  });

  it('approximates beyond 199 differences, next to the exact p', () => {
    const random = new Random(11);
    for (const pairs of [199, 200]) {
      for (const shift of [0, 0.05, 0.1, 0.15, 0.2, 0.25]) {
        const distinct = Array.from({ length: pairs }, () => random.nextNormal() + shift);
        // To tenths: some 200 values share about 40 sizes.
        const tied = distinct.map((value) => Math.round(value * 10) / 10);
        for (const differences of [distinct, tied]) {
          const exact = signedRankTest(differences, pairs);
          const approximate = signedRankTest(differences, 0);
          expect([exact.exact, approximate.exact]).toEqual([true, false]);
          expect(Math.abs(approximate.p - exact.p)).toBeLessThan(0.001);
        }
        expect(signedRankTest(distinct).exact).toBe(pairs === 199);
      }
    }
  });

  it('approximates by the normal distribution, half a rank towards the mean', () => {
    // 1..8 all positive: the least sum 0, mean 18, variance 8 x 9 x 17 / 24 = 51: p = erfc(17.5 / sqrt(51) / sqrt(2)) of Python's math.
    const { p } = signedRankTest([1, 2, 3, 4, 5, 6, 7, 8], 0);
    expect(p).toBeCloseTo(0.0142661867014, 8);
    expect(signedRankTest([0, 0, 0], -1)).toMatchObject({ p: 1, exact: false });
    // At the mean, and less than half a rank from it, nothing speaks for a difference.
    expect(signedRankTest([1, 2, -3], 0).p).toBe(1);
  });

  it('refuses NaN', () => {
    expect(() => signedRankTest([1, NaN])).toThrow(RangeError);
  });
});

describe('largestRejectedSum', () => {
  // Critical values of the table of Wilcoxon's test at 5 %, two-sided, with their real levels.
  it.each([
    [6, 0, 0.031],
    [7, 2, 0.047],
    [8, 3, 0.039],
    [9, 5, 0.039],
    [10, 8, 0.049],
    [12, 13, 0.042],
    [16, 29, 0.044],
  ])('%i blocks', (blocks, sum, level) => {
    const found = largestRejectedSum(blocks, 0.05);
    expect(found?.sum).toBe(sum);
    expect(found?.p).toBeCloseTo(level, 3);
  });

  it('is the same sum or its neighbour by the approximation', () => {
    for (const blocks of [199, 200, 300]) {
      for (const alpha of [0.05, 0.05 / 6, 0.001]) {
        const exact = largestRejectedSum(blocks, alpha, blocks)!;
        const approximate = largestRejectedSum(blocks, alpha, 0)!;
        // Of 199 blocks the sums about the critical one have a probability of 0.00003 each.
        expect(Math.abs(approximate.sum - exact.sum)).toBeLessThanOrEqual(25);
        expect(approximate.p).toBeLessThanOrEqual(alpha);
        expect(Math.abs(approximate.p - exact.p)).toBeLessThan(0.001);
      }
    }
  });

  it('of a thousand blocks takes no time', () => {
    const started = process.cpuUsage();
    // By the normal approximation mean 250,250 less 1.95996 x sqrt(1000 x 1001 x 2001 / 24) and half a rank.
    expect(largestRejectedSum(1000, 0.05)!.sum).toBe(
      Math.floor(250_250 - 0.5 - 1.959964 * Math.sqrt((1000 * 1001 * 2001) / 24)),
    );
    const { p } = signedRankTest(Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? 1 : -1) * (index + 1)));
    expect(p).toBeGreaterThan(0.5);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(1);
  });

  it('does not exist below six blocks', () => {
    expect([1, 2, 3, 4, 5].map((blocks) => largestRejectedSum(blocks, 0.05))).toEqual([null, null, null, null, null]);
    expect([blocksNeeded(0.05), blocksNeeded(0.01), blocksNeeded(0.5)]).toEqual([6, 8, 2]);
    expect(() => blocksNeeded(0)).toThrow(RangeError);
  });
});

describe('locationEstimate', () => {
  it('of 8 values runs from the 4th to the 33rd of 36 Walsh averages', () => {
    const values = [1, 2, 4, 8, 16, 32, 64, 128];
    const averages = values.flatMap((a, i) => values.slice(i).map((b) => (a + b) / 2)).sort((a, b) => a - b);
    expect(locationEstimate(values, 0.05, 'difference')).toEqual({
      estimate: (averages[17]! + averages[18]!) / 2,
      interval: { low: averages[3], high: averages[32] },
      confidence: 1 - 10 / 256,
    });
  });

  it('of ratios is the exponential of that of their logarithms', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 6, maxLength: 12 }),
        (ratios) => {
          const direct = locationEstimate(ratios, 0.05, 'ratio');
          const viaLog = locationEstimate(ratios.map(Math.log), 0.05, 'difference');
          expect(Math.log(direct.estimate)).toBeCloseTo(viaLog.estimate, 9);
          expect(Math.log(direct.interval!.low)).toBeCloseTo(viaLog.interval!.low, 9);
          expect(Math.log(direct.interval!.high)).toBeCloseTo(viaLog.interval!.high, 9);
        },
      ),
    );
  });

  it('excludes zero exactly where the test rejects', () => {
    // Distinct sizes, so that there are no ties: powers of three have no equal sums or averages of zero.
    const sizes = Array.from({ length: 10 }, (_, index) => 3 ** index);
    const signs = fc.array(fc.constantFrom(-1, 1), { minLength: 6, maxLength: 10 });
    fc.assert(
      fc.property(signs, (chosen) => {
        const values = chosen.map((sign, index) => sign * sizes[index]!);
        const { low, high } = locationEstimate(values, 0.05, 'difference').interval!;
        expect(low > 0 || high < 0).toBe(signedRankTest(values).p <= 0.05);
      }),
    );
  });

  it('of equal values is that value exactly', () => {
    const point = locationEstimate([0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 0.05, 'ratio');
    expect(point).toEqual({ estimate: 0.1, interval: { low: 0.1, high: 0.1 }, confidence: 1 - 2 / 64 });
  });

  it('has no interval below six values and no estimate of none', () => {
    expect(locationEstimate([1, 2, 3], 0.05, 'difference')).toEqual({ estimate: 2, interval: null, confidence: null });
    expect(() => locationEstimate([], 0.05, 'difference')).toThrow(RangeError);
    expect(() => locationEstimate([1, NaN], 0.05, 'difference')).toThrow(RangeError);
  });
});
