import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBandwidth,
  formatDuration,
  formatPercent,
  formatRate,
  formatSize,
  parseBandwidth,
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
  type Parsed,
} from '../../src/scenario/units.ts';

function valueOf(parsed: Parsed<number>): number {
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}
function messageOf(parsed: Parsed<number>): string {
  return parsed.ok ? `no message: ${parsed.value}` : parsed.message;
}

describe('durations', () => {
  it.each([
    ['4s', 4000],
    ['250ms', 250],
    ['1.5s', 1500],
    ['100us', 0.1],
    ['0.5us', 0.0005],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['0s', 0],
    ['0ms', 0],
    ['1e3ms', 1000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
  });

  it.each([
    ['a number without a unit', 4, '4 needs a unit, for example 4s'],
    ['text without a unit', '4', '"4" needs a unit, for example 4s'],
    ['a negative number', -4, '-4 needs a unit, for example 4s'],
    ['a size', '4kB', '"4kB" has the unit "kB", which is not one of a duration; use one of us, ms, s, m, h'],
    ['sec', '4sec', '"4sec" has the unit "sec", which is not one of a duration; write s'],
    ['min', '4min', '"4min" has the unit "min", which is not one of a duration; write m'],
    [
      'a property of every object',
      '4constructor',
      '"4constructor" has the unit "constructor", which is not one of a duration; use one of us, ms, s, m, h',
    ],
    ['negative', '-4s', '"-4s" is negative; a duration is zero or more'],
    ['a space', '4 s', '"4 s" is not a duration; write for example 4s'],
    ['words', 'soon', '"soon" is not a duration; write for example 4s'],
    ['nothing', '', '"" is not a duration; write for example 4s'],
    ['a boolean', true, 'must be a duration such as 4s'],
    ['null', null, 'must be a duration such as 4s'],
    ['an endless number', `${'9'.repeat(400)}s`, `"${'9'.repeat(60)}..." is too large`],
    ['finer than a nanosecond', '0.0001us', '"0.0001us" is too long, or finer than a nanosecond'],
    ['beyond exact integers', '1e9h', '"1e9h" is too long, or finer than a nanosecond'],
  ])('refuses %s', (_name, input, message) => {
    expect(messageOf(parseDuration(input))).toBe(message);
  });

  it.each([
    [4000, '4s'],
    [250, '250ms'],
    [1500, '1500ms'],
    [1.5, '1500us'],
    [0.0005, '0.5us'],
    [90_000, '90s'],
    [120_000, '2m'],
    [7_200_000, '2h'],
    [0, '0s'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('keeps every whole number of nanoseconds through writing and reading', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 24 * 3600 * 1e9 }), (ns) => {
        expect(valueOf(parseDuration(formatDuration(ns / 1e6)))).toBe(ns / 1e6);
      }),
    );
  });
});

describe('sizes', () => {
  it.each([
    ['1kB', 1000],
    ['1KiB', 1024],
    ['0B', 0],
    ['1MB', 1_000_000],
    ['16KiB', 16_384],
    ['1.5kB', 1500],
    ['2GiB', 2_147_483_648],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: bytes });
  });

  it.each([
    ['no unit', 1000, '1000 needs a unit, for example 1000B'],
    ['KB', '1KB', '"1KB" has the unit "KB", which is not one of a size; write kB (1000 bytes) or KiB (1024 bytes)'],
    ['half a byte', '0.5B', '"0.5B" is too large, or not a whole number of bytes'],
  ])('refuses %s', (_name, input, message) => {
    expect(messageOf(parseSize(input))).toBe(message);
  });

  it.each([
    [1000, '1kB'],
    [1024, '1KiB'],
    [16_384, '16KiB'],
    [0, '0B'],
    [999, '999B'],
    [1_000_000, '1MB'],
    [1500, '1500B'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('keeps every size through writing and reading', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(),
          fc.nat({ max: 1e6 }).map((kib) => kib * 1024),
        ),
        (bytes) => {
          expect(valueOf(parseSize(formatSize(bytes)))).toBe(bytes);
        },
      ),
    );
  });
});

describe('bandwidths', () => {
  it.each([
    ['10Mbit/s', 10_000_000, '10Mbit/s'],
    ['1Gbit/s', 1e9, '1Gbit/s'],
    ['0.5Mbit/s', 500_000, '500kbit/s'],
    ['1001bit/s', 1001, '1001bit/s'],
    ['0bit/s', 0, '0bit/s'],
  ])('%s', (text, bitsPerSecond, canonical) => {
    expect(parseBandwidth(text)).toEqual({ ok: true, value: bitsPerSecond });
    expect(formatBandwidth(bitsPerSecond)).toBe(canonical);
  });

  it.each([
    [10, '10 needs a unit, for example 10Mbit/s'],
    ['-1bit/s', '"-1bit/s" is negative; a bandwidth is zero or more'],
    ['1mbit/s', '"1mbit/s" has the unit "mbit/s", which is not one of a bandwidth; write Mbit/s'],
    [
      '1Tbit/s',
      '"1Tbit/s" has the unit "Tbit/s", which is not one of a bandwidth; use one of bit/s, kbit/s, Mbit/s, Gbit/s',
    ],
    ['1e30bit/s', '"1e30bit/s" is too large, or not a whole number of bits per second'],
  ])('refuses %s', (text, message) => {
    expect(messageOf(parseBandwidth(text))).toBe(message);
  });

  it('come back from their canonical text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (bitsPerSecond) => {
        expect(valueOf(parseBandwidth(formatBandwidth(bitsPerSecond)))).toBe(bitsPerSecond);
      }),
    );
  });
});

describe('rates and percentages', () => {
  it.each([
    ['500/s', 500],
    ['30/min', 0.5],
    ['0.25/s', 0.25],
  ])('%s is %d per second', (text, perSecond) => {
    expect(parseRate(text)).toEqual({ ok: true, value: perSecond });
  });

  it.each([
    ['no unit', 500, '500 needs a unit, for example 500/s'],
    ['rps', '500rps', '"500rps" has the unit "rps", which is not one of a rate; write /s'],
  ])('refuses %s', (_name, input, message) => {
    expect(messageOf(parseRate(input))).toBe(message);
  });

  it('keeps every rate that it has read through writing and reading', () => {
    const rates = fc.oneof(
      fc.nat().map((count) => `${count}/min`),
      fc.double({ min: 0, max: 1e7, noNaN: true }).map((count) => `${count}/s`),
    );
    fc.assert(
      fc.property(rates, (text) => {
        const perSecond = valueOf(parseRate(text));
        expect(valueOf(parseRate(formatRate(perSecond)))).toBe(perSecond);
      }),
    );
  });

  it.each([
    ['0%', 0, '0%'],
    ['0.5%', 0.005, '0.5%'],
    ['100%', 1, '100%'],
  ])('%s is %d and is written %s', (text, fraction, written) => {
    expect(parsePercent(text)).toEqual({ ok: true, value: fraction });
    expect(formatPercent(fraction)).toBe(written);
  });

  it('refuses more than all', () => {
    expect(messageOf(parsePercent('101%'))).toBe('"101%" is more than 100%');
  });
});
