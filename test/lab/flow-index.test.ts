import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowIndex } from '../../src/lab/flow-index.ts';

/** Few, so that flows differ in their client's address alone. */
const host = fc.integer({ min: 1, max: 4 });
const port = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 65_535 }));

describe('FlowIndex', () => {
  it('gives each of many flows a place of its own, and finds it again', () => {
    const flows = fc.uniqueArray(fc.tuple(host, port, port), {
      maxLength: 200,
      selector: (flow) => flow.join(' '),
    });
    fc.assert(
      fc.property(flows, (pairs) => {
        const index = new FlowIndex(12);
        const places = pairs.map((flow) => {
          expect(index.find(...flow)).toBe(-1);
          return index.claim(...flow);
        });
        expect(pairs.map((flow) => index.find(...flow))).toEqual(places);
        expect(new Set(places).size).toBe(pairs.length);
      }),
    );
  });

  // 2^5 places are one window: every flow may take every place.
  it('forgets the flow that was looked up longest ago, and no other', () => {
    const index = new FlowIndex(5);
    for (let client = 1; client <= 32; client++) index.claim(1, client, 80);
    const [first, second] = [index.find(1, 1, 80), index.find(1, 3, 80)];
    expect([first, second].includes(-1)).toBe(false);
    index.claim(1, 99, 80); // 2 is now the oldest.
    const known = Array.from({ length: 32 }, (_, at) => at + 1).filter((client) => index.find(1, client, 80) >= 0);
    expect(known).toEqual(Array.from({ length: 32 }, (_, at) => at + 1).filter((client) => client !== 2));
    expect(index.find(1, 99, 80)).toBeGreaterThanOrEqual(0);
  });
});
