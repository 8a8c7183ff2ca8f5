/** Shapes of a rate for property tests. */
import fc from 'fast-check';
import type { ArrivalShape } from '../../src/scenario/config.ts';

const ms = fc.integer({ min: 1, max: 3000 });
const step = fc.record({
  ratePerSecond: fc.oneof(fc.constant(0), fc.double({ min: 0.5, max: 2000, noNaN: true })),
  forMs: ms,
});

export const anyShape: fc.Arbitrary<ArrivalShape> = fc.oneof(
  fc.constant<ArrivalShape>({ kind: 'steady' }),
  fc.double({ min: 0.001, max: 2000, noNaN: true }).map((toPerSecond): ArrivalShape => ({ kind: 'ramp', toPerSecond })),
  fc
    .array(step, { minLength: 1, maxLength: 6 })
    .filter((steps) => steps.some(({ ratePerSecond }) => ratePerSecond > 0))
    .map((steps): ArrivalShape => ({ kind: 'steps', steps })),
  fc.record({ onMs: ms, offMs: ms }).map((times): ArrivalShape => ({ kind: 'bursts', ...times })),
);
