/** The agreement on when measure begins: whatever the order of its steps, every worker knows before the border, and none later than others. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { borderFrom, borderNs, bringForward, createMeasureStart, passBorder } from '../../src/clients/measure-start.ts';

describe('borders', () => {
  it('are counted so that the planned start of measure is one', () => {
    const shared = createMeasureStart(2500, 1000);
    expect(shared.latestBorder).toBe(3);
    expect([0, 1, 2, 3].map((border) => borderNs(shared, border, 12_500))).toEqual([9500, 10_500, 11_500, 12_500]);
    expect([10_000, 10_500, 10_501, 12_500].map((timeNs) => borderFrom(shared, timeNs, 12_500))).toEqual([1, 1, 2, 3]);
  });
});

describe('the shared word', () => {
  it('lets measure begin where a whole interval lies between every worker and it', () => {
    const shared = createMeasureStart(30_000, 1000);
    expect(bringForward(shared, 0)).toBe(2);
    const later = createMeasureStart(30_000, 1000);
    expect([passBorder(later, 20), passBorder(later, 19)]).toEqual([0, 0]);
    expect(bringForward(later, 5)).toBe(22);
    expect([passBorder(later, 20), passBorder(later, 21)]).toEqual([22, 22]);
  });

  it('does not before the least warm-up is over, nor at the planned start or later', () => {
    const shared = createMeasureStart(30_000, 1000);
    passBorder(shared, 20);
    expect(bringForward(shared, 25)).toBe(25);
    for (const passed of [28, 29, 30, 31]) {
      const late = createMeasureStart(30_000, 1000);
      passBorder(late, passed);
      expect(bringForward(late, 0)).toBeNull();
    }
  });

  it('every worker learns of it at the border before, or earlier, in whatever order they come', () => {
    const steps = fc.array(fc.oneof(fc.nat({ max: 3 }), fc.constant('decide' as const)), { maxLength: 120 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (order, workers) => {
        const shared = createMeasureStart(20_000, 1000);
        const passed = new Array<number>(workers).fill(0);
        const known = new Array<number>(workers).fill(0);
        let chosen: number | null = null;
        for (const step of order) {
          if (step === 'decide') {
            chosen ??= bringForward(shared, 3);
            continue;
          }
          const worker = step % workers;
          const border = ++passed[worker]!;
          if (known[worker] === 0) known[worker] = passBorder(shared, border);
          if (chosen === null) expect(known[worker]).toBe(0);
          else if (border >= chosen - 1) expect(known[worker]).toBe(chosen);
        }
        if (chosen !== null) expect(chosen).toBeLessThan(20);
      }),
      { numRuns: 300 },
    );
  });
});
