/** HDR V2 text: round trips, reading by and from the HDR library, other layouts, corrupt input. */
import { deflateSync } from 'node:zlib';
import { build, type BuildRequest, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHdr, encodeHdr } from '../../src/stats/hdr-codec.ts';
import { Histogram, histogramLength, indexOf, type SparseCounts } from '../../src/stats/histogram.ts';

const sparse: fc.Arbitrary<SparseCounts> = fc
  .uniqueArray(fc.integer({ min: 0, max: histogramLength - 1 }), { maxLength: 60 })
  .chain((indices) => {
    const count = fc.integer({ min: 1, max: 2 ** 40 });
    return fc.record({
      indices: fc.constant(indices.toSorted((a, b) => a - b)),
      counts: fc.array(count, { minLength: indices.length, maxLength: indices.length }),
    });
  });

function libraryText(request: Partial<BuildRequest>, values: readonly number[]): string {
  const hdr = build({ bitBucketSize: 64, autoResize: true, ...request });
  for (const value of values) hdr.recordValue(value);
  return encodeIntoCompressedBase64(hdr);
}

describe('encodeHdr and decodeHdr', () => {
  it('give back every histogram', () => {
    fc.assert(
      fc.property(sparse, (histogram) => {
        const text = encodeHdr(histogram);
        expect(text.startsWith('HISTFAAA')).toBe(true);
        expect(decodeHdr(text)).toEqual(histogram);
      }),
      { numRuns: 50 },
    );
  });

  it('give back the empty histogram and a full one', () => {
    const empty = { indices: [], counts: [] };
    expect(decodeHdr(encodeHdr(empty))).toEqual(empty);
    const full = {
      indices: Array.from({ length: histogramLength }, (_, index) => index),
      counts: Array.from({ length: histogramLength }, (_, index) => 2 ** 51 + ((index * 2_654_435_761) % 2 ** 32)),
    };
    expect(decodeHdr(encodeHdr(full))).toEqual(full);
  });

  it('write what the library reads', () => {
    const histogram = new Histogram();
    for (let value = 1; value <= 1000; value++) histogram.record(value * 1e6);
    const hdr = decodeFromCompressedBase64(encodeHdr(histogram.toSparse()), 64);
    expect(hdr.totalCount).toBe(1000);
    expect([50, 99, 99.9].map((percent) => hdr.getValueAtPercentile(percent))).toEqual(
      [0.5, 0.99, 0.999].map((p) => histogram.quantile(p)),
    );
  });

  it('read the same layout with a higher top; values past ours saturate', () => {
    const text = libraryText({ highestTrackableValue: 2 ** 45 }, [1, 5000, 2 ** 44]);
    expect(decodeHdr(text)).toEqual({ indices: [1, indexOf(5000), histogramLength - 1], counts: [1, 1, 1] });
  });

  it('record another layout anew, by the middle of its buckets', () => {
    // With 2 digits the first 256 values have buckets of 1, those from 2^12 on of 32: 5000 lies in 4992..5023, middle 5008.
    const text = libraryText({ numberOfSignificantValueDigits: 2 }, [7, 5000, 5001]);
    expect(decodeHdr(text)).toEqual({ indices: [7, indexOf(5008)], counts: [1, 2] });
    // With a unit of 1024 ns every bucket is a multiple of 1024: 3000 lies in 2048..3071, middle 2560.
    const coarse = libraryText({ lowestDiscernibleValue: 1024, highestTrackableValue: 1e9 }, [3000]);
    expect(decodeHdr(coarse)).toEqual({ indices: [indexOf(2560)], counts: [1] });
  });

  it('ignore white space around the text', () => {
    expect(decodeHdr(` ${libraryText({}, [7])}\n`)).toEqual({ indices: [7], counts: [1] });
  });

  it('refuse to encode a malformed histogram', () => {
    expect(() => encodeHdr({ indices: [2, 1], counts: [1, 1] })).toThrow('index 1 after 2');
  });
});

/** Compressed V2 text around any bytes. */
function wrap(payload: Uint8Array): string {
  const compressed = deflateSync(payload);
  const head = Buffer.from([0x1c, 0x84, 0x93, 0x14, 0, 0, compressed.length >> 8, compressed.length & 0xff]);
  return Buffer.concat([head, compressed]).toString('base64');
}

describe('decodeHdr on corrupt input', () => {
  const text = encodeHdr({ indices: [10, 5000, 20_000], counts: [3, 4, 5] });

  it.each([
    ['empty text', '', 'not base64'],
    ['no base64', 'HISTFAAA!???', 'not base64'],
    ['a cut in the middle of four characters', text.slice(0, -5), 'not base64'],
    ['another format', Buffer.from('hello, histogram').toString('base64'), 'starts with "aGVsbG8s"'],
    ['V2 without compression', Buffer.from([0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 0, 0]).toString('base64'), 'HISTEwAA'],
    ['only the head', 'HISTFAAA', 'corrupt HDR histogram'],
    ['a missing end', text.slice(0, -8), 'corrupt HDR histogram'],
    [
      'another cookie inside',
      wrap(new Uint8Array(60)),
      'corrupt HDR histogram: The buffer does not contain a Histogram',
    ],
    ['too long a text', 'HISTFAAA'.repeat(200_000), 'more than any histogram needs'],
  ])('names %s', (_name, input, message) => {
    expect(() => decodeHdr(input)).toThrow(message);
  });

  it('never takes one changed character for another histogram', () => {
    const original = decodeHdr(text);
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: text.length - 3 }),
        fc.constantFrom('A', 'B', 'z', '0', '9', '+', '/'),
        (at, replacement) => {
          const changed = text.slice(0, at) + replacement + text.slice(at + 1);
          let decoded: SparseCounts | null = null;
          try {
            decoded = decodeHdr(changed);
          } catch (error) {
            expect((error as Error).message).toMatch(/HDR/);
          }
          // Deflate has bits that do not matter; the checksum catches those that do.
          if (decoded !== null) expect(decoded).toEqual(original);
        },
      ),
    );
  });
});
