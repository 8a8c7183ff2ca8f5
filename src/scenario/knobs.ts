/** Kinds of knobs of the scenario format, as zod schemas that check units and bounds and turn values into their canonical text. */
import { z } from 'zod';
import { quote } from './problem.ts';
import {
  bandwidthPattern,
  durationPattern,
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
  percentPattern,
  ratePattern,
  sizePattern,
  type Parsed,
} from './units.ts';

/** A knob written as text; input and output are text, the output canonical. */
export type TextKnob = z.ZodPipe<z.ZodString, z.ZodTransform<string, string>>;

/** A map in which every key may be left out and no other key may stand. */
export function knobs<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Optional<Shape>, z.core.$strict> {
  const optional = Object.entries(shape).map(([key, schema]) => [key, z.exactOptional(schema)]);
  return z.strictObject(Object.fromEntries(optional) as Optional<Shape>);
}
type Optional<Shape extends z.ZodRawShape> = { [Key in keyof Shape]: z.ZodExactOptional<Shape[Key]> };

interface Bounds {
  /** In the unit of the parsed value. */
  readonly min?: number;
  readonly max?: number;
  /** Why there is an upper bound; completes "must be at most X: ...". */
  readonly because?: string;
}

interface Measure {
  readonly pattern: string;
  readonly parse: (input: unknown) => Parsed<number>;
  readonly format: (value: number) => string;
}

interface MeasuredKnob extends Bounds {
  readonly description: string;
  /** Words allowed in place of a quantity. A list is one meaning: its first word is the canonical one. */
  readonly words?: readonly (readonly [string, ...string[]])[];
}

const durations: Measure = { pattern: durationPattern, parse: parseDuration, format: formatDuration };
const sizes: Measure = { pattern: sizePattern, parse: parseSize, format: formatSize };
const rates: Measure = { pattern: ratePattern, parse: parseRate, format: formatRate };
const bandwidths: Measure = { pattern: bandwidthPattern, parse: parseBandwidth, format: formatBandwidth };
const percents: Measure = { pattern: percentPattern, parse: parsePercent, format: formatPercent };

/** A duration; bounds in milliseconds. */
export function duration(knob: MeasuredKnob): TextKnob {
  return measured(durations, knob);
}

/** A size; bounds in bytes. */
export function size(knob: MeasuredKnob): TextKnob {
  return measured(sizes, knob);
}

/** A rate; bounds per second. */
export function rate(knob: MeasuredKnob): TextKnob {
  return measured(rates, knob);
}

/** A bandwidth; bounds in bits per second. */
export function bandwidth(knob: MeasuredKnob): TextKnob {
  return measured(bandwidths, knob);
}

/** A percentage; bounds as fractions of one. */
export function percent(knob: MeasuredKnob): TextKnob {
  return measured(percents, knob);
}

function measured(measure: Measure, knob: MeasuredKnob): TextKnob {
  const words = knob.words ?? [];
  const read = (input: unknown): Parsed<string> => {
    const meaning = words.find((meanings) => typeof input === 'string' && meanings.includes(input));
    if (meaning !== undefined) return { ok: true, value: meaning[0] };
    const parsed = measure.parse(input);
    if (!parsed.ok) return words.length === 0 ? parsed : { ok: false, message: `${parsed.message}${orWords(words)}` };
    const broken = brokenBound(parsed.value, knob, measure.format);
    return broken === null ? { ok: true, value: measure.format(parsed.value) } : { ok: false, message: broken };
  };
  const pattern = [measure.pattern, ...words.flat()].map((form) => `^${form}$`).join('|');
  return textKnob(read, { description: knob.description, pattern });
}

function orWords(words: readonly (readonly string[])[]): string {
  return `, or ${words.map(([canonical]) => canonical).join(', or ')}`;
}

function brokenBound(value: number, bounds: Bounds, format: (value: number) => string): string | null {
  const { min = 0, max = Infinity, because } = bounds;
  const reason = because === undefined ? '' : `: ${because}`;
  if (value < min) return `must be at least ${format(min)}, not ${format(value)}`;
  if (value > max) return `must be at most ${format(max)}, not ${format(value)}${reason}`;
  return null;
}

/** Text that `read` checks and turns into its canonical form. */
export function textKnob(
  read: (input: unknown) => Parsed<string>,
  meta: { readonly description: string; readonly pattern?: string },
): TextKnob {
  const complain = (input: unknown): string => {
    const parsed = read(input);
    return parsed.ok ? 'must be text' : parsed.message;
  };
  return z
    .string({ error: (issue) => complain(issue.input) })
    .meta(meta)
    .transform((text, context) => {
      const parsed = read(text);
      if (parsed.ok) return parsed.value;
      context.issues.push({ code: 'custom', message: parsed.message, input: text });
      return z.NEVER;
    });
}

interface CountedKnob {
  readonly description: string;
  readonly min: number;
  readonly max: number;
}

/** A whole number. */
export function count(knob: CountedKnob): z.ZodInt {
  const error = notACount(knob, '');
  return z.int({ error }).min(knob.min, { error }).max(knob.max, { error }).describe(knob.description);
}

/** A whole number, or a word. */
export function countOr<const Word extends string>(
  word: Word,
  knob: CountedKnob,
): z.ZodUnion<readonly [z.ZodInt, z.ZodLiteral<Word>]> {
  const error = notACount(knob, `, or ${word}`);
  const number = z.int().min(knob.min, { error }).max(knob.max, { error });
  return z.union([number, z.literal(word)], { error }).describe(knob.description);
}

function notACount({ min, max }: CountedKnob, alternative: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `must be a whole number from ${min} to ${max}${alternative}, not ${quote(input)}`;
}

/** A fraction, or any number, between bounds. */
export function real(knob: { readonly description: string; readonly min: number; readonly max: number }): z.ZodNumber {
  const error = (issue: { readonly input?: unknown }): string =>
    `must be a number from ${knob.min} to ${knob.max}, not ${quote(issue.input)}`;
  return z.number({ error }).min(knob.min, { error }).max(knob.max, { error }).describe(knob.description);
}

export function flag(description: string): z.ZodBoolean {
  return z.boolean({ error: (issue) => `must be true or false, not ${quote(issue.input)}` }).describe(description);
}

/** One of some words. */
export function choice<const Words extends readonly [string, ...string[]]>(knob: {
  readonly description: string;
  readonly words: Words;
}): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  const error = (issue: { readonly input?: unknown }): string =>
    `must be ${listOf(knob.words)}, not ${quote(issue.input)}`;
  return z.enum(knob.words, { error }).describe(knob.description);
}

/** Text on one line, or on several; shown in reports. */
export function prose(description: string, maximumChars = 2000): z.ZodString {
  return z
    .string({ error: 'must be text' })
    .max(maximumChars, { error: `must be at most ${maximumChars} characters` })
    .describe(description);
}

/** Text that has to match a pattern, with the rule in words. */
export function word(description: string, pattern: RegExp, rule: string): z.ZodString {
  const error = (issue: { readonly input?: unknown }): string => `must be ${rule}, not ${quote(issue.input)}`;
  return z.string({ error }).regex(pattern, { error }).describe(description);
}

function listOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
