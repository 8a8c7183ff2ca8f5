/** Reads the values of command line options; a wrong one is refused with what would be right. */
import { InvalidArgumentError } from 'commander';
import { parseDuration, parseSize, type Parsed } from '../scenario/units.ts';

/** A parser of whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** `unlimited`, or a whole number from `least` to `most`. */
export function countOrUnlimited(least: number, most: number): (text: string) => number {
  const parse = wholeNumber(least, most);
  return (text) => (text === 'unlimited' ? Infinity : parse(text));
}

/** A duration with its unit, in milliseconds, at most `mostMs`. */
export function durationMs(mostMs: number): (text: string) => number {
  return (text) => {
    const value = taken(parseDuration(text));
    if (value > mostMs) throw new InvalidArgumentError(`It may be at most ${mostMs / 1000}s.`);
    return value;
  };
}

/** A size with its unit, in bytes, at most `mostBytes`. */
export function sizeBytes(mostBytes: number): (text: string) => number {
  return (text) => {
    const value = taken(parseSize(text));
    if (value > mostBytes) throw new InvalidArgumentError(`It may be at most ${mostBytes} bytes.`);
    return value;
  };
}

function taken<Value>(parsed: Parsed<Value>): Value {
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  return parsed.value;
}

/** Gathers a repeatable option. */
export function repeated(text: string, previous: readonly string[]): readonly string[] {
  return [...previous, text];
}
