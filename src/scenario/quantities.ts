/** Reads the quantities of a configuration that has been checked: what is not there, or not a quantity, is a bug and throws. */
import { parseDuration, type Parsed } from './units.ts';

export function must<Value>(parsed: Parsed<Value>): Value {
  if (!parsed.ok) throw new Error(`unchecked quantity: ${parsed.message}`);
  return parsed.value;
}

/** `Infinity` for unlimited and never. */
export function durationMs(text: string): number {
  return text === 'unlimited' || text === 'never' ? Infinity : must(parseDuration(text));
}

export function given<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('unchecked configuration without a parameter');
  return value;
}
