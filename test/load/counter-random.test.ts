/** Random numbers by address: repeatable, uniform, and unlike between streams and indexes that are neighbours. */
import { describe, expect, it } from 'vitest';
import { CounterRandom } from '../../src/load/counter-random.ts';
import { Random } from '../../src/load/random.ts';

const random = (seed: number): CounterRandom => new CounterRandom(new Random(seed));
const count = 40_000;
/** Draws along the indexes of one stream, along the streams, and along both. */
const walks: readonly (readonly [string, (step: number) => readonly [number, number]])[] = [
  ['the indexes of a stream', (step) => [7, step]],
  ['the first numbers of many streams', (step) => [step, 0]],
  ['a diagonal', (step) => [step, step]],
];

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('CounterRandom', () => {
  it('gives the same number for the same address, in any order', () => {
    const there = Array.from({ length: 50 }, (_, index) => random(3).unit(5, index));
    const one = random(3);
    const back = Array.from({ length: 50 }, (_, index) => one.unit(5, 49 - index)).reverse();
    expect(back).toEqual(there);
    expect(new Set(there).size).toBe(50);
    expect(random(4).unit(5, 0)).not.toBe(there[0]);
  });

  it.each(walks)('is uniform along %s', (_name, address) => {
    const one = random(11);
    const units = Array.from({ length: count }, (_, step) => one.unit(...address(step)));
    // Mean 1/2 with standard error 1 / sqrt(12 n); 4 of them.
    expect(Math.abs(mean(units) - 0.5)).toBeLessThan(4 / Math.sqrt(12 * count));
    // Chi-square over 100 bins: 99 degrees of freedom, standard deviation 14; 4.5 of them.
    const bins = new Array<number>(100).fill(0);
    for (const unit of units) bins[Math.floor(unit * 100)]!++;
    const chiSquare = bins.reduce((sum, bin) => sum + (bin - count / 100) ** 2 / (count / 100), 0);
    expect(chiSquare).toBeGreaterThan(99 - 4.5 * 14);
    expect(chiSquare).toBeLessThan(99 + 4.5 * 14);
    // Neighbours are not correlated: standard error 1 / sqrt(n).
    const products = units.slice(1).map((unit, index) => (unit - 0.5) * (units[index]! - 0.5) * 12);
    expect(Math.abs(mean(products))).toBeLessThan(4 / Math.sqrt(count));
  });

  it('draws the low bits apart from the high ones', () => {
    const one = random(2);
    const low = Array.from({ length: count }, (_, index) => (one.unit(0, index) * 2 ** 27) % 1);
    const high = Array.from({ length: count }, (_, index) => one.uint32(0, index) / 2 ** 32);
    const products = low.map((value, index) => (value - 0.5) * (high[index]! - 0.5) * 12);
    expect(Math.abs(mean(low) - 0.5)).toBeLessThan(4 / Math.sqrt(12 * count));
    expect(Math.abs(mean(products))).toBeLessThan(4 / Math.sqrt(count));
  });

  it('exponential and normal have their moments', () => {
    const one = random(6);
    const exponential = Array.from({ length: count }, (_, index) => one.exponential(1, index));
    const normal = Array.from({ length: count }, (_, index) => one.normal(1, index));
    // Standard errors: 1 / sqrt(n) of both means; sqrt(8 / n) of the exponential's variance, sqrt(2 / n) of the normal's.
    expect(Math.abs(mean(exponential) - 1)).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(mean(exponential.map((value) => (value - 1) ** 2)) - 1)).toBeLessThan(4 * Math.sqrt(8 / count));
    expect(Math.abs(mean(normal))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(mean(normal.map((value) => value ** 2)) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
  });
});
