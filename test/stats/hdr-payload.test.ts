/** The quick way into this project's own histograms agrees with the library, and leaves everything else to it. */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeHdr } from '../../src/stats/hdr-codec.ts';
import { decodeOwnLayout } from '../../src/stats/hdr-payload.ts';
import { histogramLength, type SparseCounts } from '../../src/stats/histogram.ts';

const sparse = fc
  .uniqueArray(fc.tuple(fc.nat(histogramLength - 1), fc.integer({ min: 1, max: 2 ** 31 })), {
    maxLength: 200,
    selector: ([index]) => index,
  })
  .map((entries): SparseCounts => {
    const sorted = entries.toSorted(([a], [b]) => a - b);
    return { indices: sorted.map(([index]) => index), counts: sorted.map(([, count]) => count) };
  });

describe('decodeOwnLayout', () => {
  test('gives what was encoded, which the library reads the same', () => {
    fc.assert(
      fc.property(sparse, (histogram) => {
        const text = encodeHdr(histogram);
        expect(decodeOwnLayout(text)).toEqual(histogram);
        const total = histogram.counts.reduce((sum, count) => sum + count, 0);
        expect(decodeFromCompressedBase64(text, 64, false).totalCount).toBe(total);
      }),
    );
  });

  test.each([
    ['another precision', { numberOfSignificantValueDigits: 2 as const }],
    ['another range', { highestTrackableValue: 3.6e9 }],
    ['another resolution', { lowestDiscernibleValue: 1000 }],
  ])('leaves %s to the library', (_, change) => {
    const settings = {
      bitBucketSize: 64 as const,
      autoResize: false,
      lowestDiscernibleValue: 1,
      highestTrackableValue: 3.6e12,
      numberOfSignificantValueDigits: 3 as const,
    };
    const histogram = build({ ...settings, ...change, useWebAssembly: false });
    histogram.recordValue(5_000_000);
    expect(decodeOwnLayout(encodeIntoCompressedBase64(histogram))).toBeNull();
  });

  test('leaves damage to the library', () => {
    const text = encodeHdr({ indices: [3, 2000, 9000], counts: [1, 70_000, 5] });
    expect(decodeOwnLayout('')).toBeNull();
    expect(decodeOwnLayout(text.slice(0, -4))).toBeNull();
    expect(decodeOwnLayout(`${text.slice(0, 30)}!${text.slice(31)}`)).toBeNull();
    for (let at = 0; at < text.length; at++) {
      const damaged = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      const read = decodeOwnLayout(damaged);
      // What is left of a byte's bits in the last character means nothing.
      if (read !== null) expect(read).toEqual(decodeOwnLayout(text));
    }
  });
});
