/** Unpacking zlib streams: the same bytes as Node's own, and every damage refused. */
import { deflateSync, constants } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inflate } from '../../src/stats/inflate.ts';

const most = 1 << 20;
/** Data with runs and repeats, as counts have, so that all kinds of codes occur. */
const data = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 40 })), { maxLength: 40 })
  .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array<Uint8Array>(times).fill(bytes))));

describe('inflate', () => {
  test.each([
    ['stored', { level: 0 }],
    ['compressed with the fixed codes', { strategy: constants.Z_FIXED }],
    ['compressed with codes of their own', { level: 9 }],
    ['compressed without references', { strategy: constants.Z_HUFFMAN_ONLY }],
  ])('unpacks blocks that are %s', (_, options) => {
    fc.assert(
      fc.property(data, (bytes) => {
        expect(Buffer.from(inflate(deflateSync(bytes, options), most)).equals(bytes)).toBe(true);
      }),
    );
  });

  test('unpacks the farthest reference and the longest run', () => {
    const bytes = Buffer.concat([Buffer.from('the beginning'), Buffer.alloc(32_700, 7), Buffer.from('the beginning')]);
    expect(Buffer.from(inflate(deflateSync(bytes, { level: 9 }), most)).equals(bytes)).toBe(true);
  });

  test('stops at the most bytes that it may make', () => {
    const packed = deflateSync(Buffer.alloc(10_000));
    expect(inflate(packed, 10_000)).toHaveLength(10_000);
    expect(() => inflate(packed, 9_999)).toThrow('more than 9999 bytes');
  });

  test('never takes changed bytes for whole ones', () => {
    fc.assert(
      fc.property(data, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, where, change) => {
        const packed = deflateSync(bytes);
        packed[where % packed.length]! ^= change;
        // A changed bit may stand in the padding before the checksum, and then changes nothing.
        try {
          expect(Buffer.from(inflate(packed, most)).equals(bytes)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test('refuses what is cut off or goes on', () => {
    const packed = deflateSync(Buffer.from('some text, some text, some text'));
    for (let length = 0; length < packed.length; length++) {
      expect(() => inflate(packed.subarray(0, length), most)).toThrow(RangeError);
    }
    expect(() => inflate(Buffer.concat([packed, Buffer.of(0)]), most)).toThrow('does not end where it should');
  });

  test('refuses another kind of stream', () => {
    expect(() => inflate(Buffer.from('not packed at all'), most)).toThrow('not a zlib stream');
    // Header, last block, the kind 3 that does not exist.
    expect(() => inflate(Buffer.of(0x78, 0x9c, 0x07, 0, 0, 0, 0), most)).toThrow('no known kind');
  });
});
