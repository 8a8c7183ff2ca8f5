/** Student's t-test against closed forms and against scipy.stats 1.17. */
import { describe, expect, test } from 'vitest';
import { studentTail, studentTest } from '../../src/stats/student-test.ts';

describe('studentTail', () => {
  // One degree of freedom is Cauchy's: 1 - 2 atan(t) / pi. Two: 1 - t / sqrt(2 + t^2).
  test.each([0.01, 0.1, 1, 3, 30, 3000])('has the closed forms at t = %d', (t) => {
    expect(studentTail(t, 1)).toBeCloseTo(1 - (2 * Math.atan(t)) / Math.PI, 12);
    expect(studentTail(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 12);
  });

  // 2 * scipy.stats.t.sf(t, df)
  test.each([
    [1e-3, 7, 0.9992300172449988],
    [5.959, 6, 0.000999838427366765],
    [4, 48, 0.000218012471361578],
    [0.5, 1000, 0.6171850808338747],
    [3.2, 1000, 0.0014175383043175543],
    [12, 6, 2.0307406195373192e-5],
    [50, 30, 1.871541765922271e-30],
    [40, 58, 6.270252312193246e-44],
  ])('of %d with %d degrees of freedom', (t, df, p) => {
    expect(studentTail(t, df) / p).toBeCloseTo(1, 11);
    expect(studentTail(-t, df)).toBe(studentTail(t, df));
  });

  test('goes from 1 to 0', () => {
    expect(studentTail(0, 5)).toBe(1);
    expect(studentTail(Infinity, 5)).toBe(0);
  });

  test.each([
    [NaN, 5],
    [1, 0],
    [1, -1],
  ])('refuses t = %d with %d degrees of freedom', (t, df) => {
    expect(() => studentTail(t, df)).toThrow(RangeError);
  });
});

describe('studentTest', () => {
  test('agrees with scipy.stats.ttest_ind', () => {
    const { meanA, meanB, t, degreesOfFreedom, p } = studentTest([1, 2, 3, 4], [2, 4, 6, 8, 10]);
    expect({ meanA, meanB, degreesOfFreedom }).toEqual({ meanA: 2.5, meanB: 6, degreesOfFreedom: 7 });
    expect(t).toBeCloseTo(2.0578065752724592, 12);
    expect(p).toBeCloseTo(0.0786192350586938, 12);
  });

  test('needs no variance where the samples are constant', () => {
    expect(studentTest([2, 2, 2], [3, 3])).toMatchObject({ t: Infinity, p: 0 });
    expect(studentTest([2, 2, 2], [2, 2])).toMatchObject({ t: 0, p: 1 });
  });

  test('says nothing of two single values', () => {
    expect(studentTest([1], [2])).toMatchObject({ degreesOfFreedom: 0, p: 1 });
  });

  test('refuses an empty sample and what is not finite', () => {
    expect(() => studentTest([], [1])).toThrow(RangeError);
    expect(() => studentTest([1, NaN], [1])).toThrow(RangeError);
    expect(() => studentTest([1], [1, Infinity])).toThrow(RangeError);
  });
});
