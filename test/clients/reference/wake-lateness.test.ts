import { describe, expect, test } from 'vitest';
import { WakeLateness } from '../../../src/clients/reference/wake-lateness.ts';
import { Random } from '../../../src/load/random.ts';

describe('the learned lateness', () => {
  test('begins with none', () => {
    expect(new WakeLateness().earlyNs).toBe(0);
  });

  test('comes to a quarter of all wake-ups being earlier', () => {
    // Uniform between 20 and 60 us: a quarter is below 30 us. Steps of 0.125 and 0.375 us around there, from 0 on: 240 wake-ups away.
    const lateness = new WakeLateness();
    const random = new Random(1);
    const draw = (): number => 20_000 + 40_000 * random.nextUnit();
    for (let wake = 0; wake < 2_000; wake++) lateness.woken(draw());
    let earlier = 0;
    for (let wake = 0; wake < 20_000; wake++) {
      const lateNs = draw();
      if (lateNs < lateness.earlyNs) earlier++;
      lateness.woken(lateNs);
    }
    expect(earlier / 20_000).toBeCloseTo(0.25, 2);
    expect(lateness.earlyNs).toBeGreaterThan(25_000);
    expect(lateness.earlyNs).toBeLessThan(35_000);
  });

  test('is bounded where the machine is overloaded, and never below none', () => {
    const lateness = new WakeLateness();
    for (let wake = 0; wake < 10_000; wake++) lateness.woken(50e6);
    expect(lateness.earlyNs).toBe(80_000);
    for (let wake = 0; wake < 10_000; wake++) lateness.woken(-1_000);
    expect(lateness.earlyNs).toBe(0);
  });
});
