/** Durations, sizes, rates, bandwidths and percentages as a scenario writes them: always a number and a unit. */
import { quote } from './problem.ts';

export type Parsed<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

const nsPerMs = 1e6;

/** Nanoseconds per unit, largest first. */
const durationUnits = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3 } as const;
/** Bytes per unit. SI prefixes are powers of 1000, IEC prefixes powers of 1024. */
const sizeUnits = { GB: 1e9, GiB: 1024 ** 3, MB: 1e6, MiB: 1024 ** 2, kB: 1e3, KiB: 1024, B: 1 } as const;
/** Seconds per unit. */
const rateUnits = { '/s': 1, '/min': 60 } as const;

/** Bits per second; prefixes are powers of 1000, as with all line rates. */
const bandwidthUnits = { 'Gbit/s': 1e9, 'Mbit/s': 1e6, 'kbit/s': 1e3, 'bit/s': 1 } as const;

/** What a kind of quantity is called in messages, an example, and its units. */
interface Quantity {
  readonly noun: string;
  readonly units: Readonly<Record<string, number>>;
  readonly exampleUnit: string;
  readonly example: string;
  /** Units people write instead, and what to write. */
  readonly instead: Readonly<Record<string, string>>;
}

const duration: Quantity = {
  noun: 'duration',
  units: durationUnits,
  exampleUnit: 's',
  example: '4s',
  instead: {
    '\u00b5s': 'us',
    '\u03bcs': 'us',
    sec: 's',
    secs: 's',
    min: 'm',
    mins: 'm',
    minutes: 'm',
    seconds: 's',
    hours: 'h',
    S: 's',
    M: 'm',
    H: 'h',
  },
};
const size: Quantity = {
  noun: 'size',
  units: sizeUnits,
  exampleUnit: 'B',
  example: '1kB',
  instead: {
    b: 'B',
    k: 'kB (1000 bytes) or KiB (1024 bytes)',
    K: 'kB (1000 bytes) or KiB (1024 bytes)',
    kb: 'kB (1000 bytes) or KiB (1024 bytes)',
    KB: 'kB (1000 bytes) or KiB (1024 bytes)',
    kib: 'KiB',
    kiB: 'KiB',
    m: 'MB',
    M: 'MB',
    mb: 'MB',
    Mb: 'MB',
  },
};
const rate: Quantity = {
  noun: 'rate',
  units: rateUnits,
  exampleUnit: '/s',
  example: '500/s',
  instead: { rps: '/s', '/sec': '/s', '/second': '/s', '/m': '/min', '/minute': '/min', s: '/s', Hz: '/s' },
};
const bandwidth: Quantity = {
  noun: 'bandwidth',
  units: bandwidthUnits,
  exampleUnit: 'Mbit/s',
  example: '10Mbit/s',
  instead: {
    bps: 'bit/s',
    kbps: 'kbit/s',
    Kbps: 'kbit/s',
    Mbps: 'Mbit/s',
    mbps: 'Mbit/s',
    Gbps: 'Gbit/s',
    gbps: 'Gbit/s',
    'Kbit/s': 'kbit/s',
    'mbit/s': 'Mbit/s',
    'gbit/s': 'Gbit/s',
    kbit: 'kbit/s',
    Mbit: 'Mbit/s',
    mbit: 'Mbit/s',
    Gbit: 'Gbit/s',
    gbit: 'Gbit/s',
    'Mb/s': 'Mbit/s',
    'B/s': 'bit/s; a byte is 8 bits',
    'kB/s': 'kbit/s; a byte is 8 bits',
    'MB/s': 'Mbit/s; a byte is 8 bits',
    'GB/s': 'Gbit/s; a byte is 8 bits',
  },
};
const percentage: Quantity = {
  noun: 'percentage',
  units: { '%': 1 },
  exampleUnit: '%',
  example: '1%',
  instead: { percent: '%' },
};

const numberThenUnit = /^(-?)(\d+(?:\.\d+)?(?:e[+-]?\d+)?)([A-Za-z/%\u00b5\u03bc]*)$/;

/** Regular expressions of the written forms, for JSON Schema. */
export const durationPattern = '\\d+(\\.\\d+)?(us|ms|s|m|h)';
export const sizePattern = '\\d+(\\.\\d+)?(B|kB|KiB|MB|MiB|GB|GiB)';
export const ratePattern = '\\d+(\\.\\d+)?/(s|min)';
export const bandwidthPattern = '\\d+(\\.\\d+)?(bit|kbit|Mbit|Gbit)/s';
export const percentPattern = '\\d+(\\.\\d+)?%';

function parseQuantity(input: unknown, quantity: Quantity): Parsed<{ readonly amount: number; readonly unit: string }> {
  if (typeof input === 'number') {
    return fail(`${input} needs a unit, for example ${exampleFor(input, quantity)}`);
  }
  if (typeof input !== 'string') return fail(`must be a ${quantity.noun} such as ${quantity.example}`);
  const match = numberThenUnit.exec(input);
  if (match === null) return fail(`${quote(input)} is not a ${quantity.noun}; write for example ${quantity.example}`);
  const [, sign = '', digits = '', unit = ''] = match;
  const amount = Number(digits);
  if (sign === '-') return fail(`${quote(input)} is negative; a ${quantity.noun} is zero or more`);
  if (unit === '') return fail(`${quote(input)} needs a unit, for example ${exampleFor(amount, quantity)}`);
  if (!Object.hasOwn(quantity.units, unit)) return fail(wrongUnit(input, unit, quantity));
  if (!Number.isFinite(amount)) return fail(`${quote(input)} is too large`);
  return { ok: true, value: { amount, unit } };
}

function wrongUnit(input: string, unit: string, quantity: Quantity): string {
  const instead = Object.hasOwn(quantity.instead, unit) ? quantity.instead[unit] : undefined;
  const known = Object.keys(quantity.units).reverse().join(', ');
  const advice = instead === undefined ? `use one of ${known}` : `write ${instead}`;
  return `${quote(input)} has the unit ${quote(unit)}, which is not one of a ${quantity.noun}; ${advice}`;
}

function exampleFor(amount: number, quantity: Quantity): string {
  return Number.isFinite(amount) && amount >= 0 ? `${amount}${quantity.exampleUnit}` : quantity.example;
}

function fail(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

/** Scales to a whole number of the smallest unit; null where the text is finer than that or beyond exact integers. */
function wholeUnits(amount: number, factor: number): number | null {
  const exact = amount * factor;
  const whole = Math.round(exact);
  if (!Number.isSafeInteger(whole)) return null;
  return Math.abs(exact - whole) <= Math.abs(exact) * 1e-12 ? whole : null;
}

/** A duration such as `250ms` or `1.5s`, in milliseconds, exact to the nanosecond. */
export function parseDuration(input: unknown): Parsed<number> {
  const quantity = parseQuantity(input, duration);
  if (!quantity.ok) return quantity;
  const { amount, unit } = quantity.value;
  const ns = wholeUnits(amount, durationUnits[unit as keyof typeof durationUnits]);
  if (ns === null) return fail(`${quote(input)} is too long, or finer than a nanosecond`);
  return { ok: true, value: ns / nsPerMs };
}

/** A size such as `1kB` (1000 bytes) or `16KiB` (16384 bytes), in whole bytes. */
export function parseSize(input: unknown): Parsed<number> {
  const quantity = parseQuantity(input, size);
  if (!quantity.ok) return quantity;
  const { amount, unit } = quantity.value;
  const bytes = wholeUnits(amount, sizeUnits[unit as keyof typeof sizeUnits]);
  if (bytes === null) return fail(`${quote(input)} is too large, or not a whole number of bytes`);
  return { ok: true, value: bytes };
}

/** A rate such as `500/s` or `30/min`, per second. */
export function parseRate(input: unknown): Parsed<number> {
  const quantity = parseQuantity(input, rate);
  if (!quantity.ok) return quantity;
  const { amount, unit } = quantity.value;
  return { ok: true, value: amount / rateUnits[unit as keyof typeof rateUnits] };
}

/** A bandwidth such as `10Mbit/s`, in whole bits per second. */
export function parseBandwidth(input: unknown): Parsed<number> {
  const quantity = parseQuantity(input, bandwidth);
  if (!quantity.ok) return quantity;
  const { amount, unit } = quantity.value;
  const bits = wholeUnits(amount, bandwidthUnits[unit as keyof typeof bandwidthUnits]);
  if (bits === null) return fail(`${quote(input)} is too large, or not a whole number of bits per second`);
  return { ok: true, value: bits };
}

/** A percentage such as `0.5%`, as a fraction of one (0.005). */
export function parsePercent(input: unknown): Parsed<number> {
  const quantity = parseQuantity(input, percentage);
  if (!quantity.ok) return quantity;
  if (quantity.value.amount > 100) return fail(`${quote(input)} is more than 100%`);
  return { ok: true, value: quantity.value.amount / 100 };
}

/** Milliseconds as the shortest whole number of a unit: 4000 -> `4s`, 1.5 -> `1500us`. */
export function formatDuration(ms: number): string {
  const ns = Math.round(ms * nsPerMs);
  if (ns === 0) return '0s';
  for (const [unit, factor] of Object.entries(durationUnits)) {
    if (ns % factor === 0) return `${ns / factor}${unit}`;
  }
  return `${ns / durationUnits.us}us`;
}

/** Bytes in the unit that writes them shortest, decimal before binary: 1000 -> `1kB`, 16384 -> `16KiB`. */
export function formatSize(bytes: number): string {
  let best = `${bytes}B`;
  if (bytes === 0) return best;
  for (const [unit, factor] of Object.entries(sizeUnits)) {
    const text = `${bytes / factor}${unit}`;
    if (bytes % factor === 0 && bytes / factor < bytes && text.length - unit.length < digitsOf(best)) best = text;
  }
  return best;
}

function digitsOf(text: string): number {
  return text.replace(/[A-Za-z]+$/, '').length;
}

/** Requests per second as `500/s`, or per minute where only that is a whole number. */
export function formatRate(perSecond: number): string {
  const perMinute = Math.round(perSecond * rateUnits['/min']);
  const needsMinutes = !Number.isInteger(perSecond) && perMinute / rateUnits['/min'] === perSecond;
  return needsMinutes ? `${perMinute}/min` : `${perSecond}/s`;
}

/** Bits per second as the shortest whole number of a unit: 10000000 -> `10Mbit/s`. */
export function formatBandwidth(bitsPerSecond: number): string {
  const found = Object.entries(bandwidthUnits).find(([, factor]) => bitsPerSecond % factor === 0 && bitsPerSecond > 0);
  const [unit, factor] = found ?? ['bit/s', 1];
  return `${bitsPerSecond / factor}${unit}`;
}

/** A fraction of one as a percentage: 0.005 -> `0.5%`. */
export function formatPercent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(15))}%`;
}
