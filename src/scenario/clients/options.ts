/** The options of a client beside the strategy: which of them are knobs by another name, and what is wrong with the others. */
import type { ClientOption } from '../config.ts';
import { quote } from '../problem.ts';
import { nearest } from '../suggest.ts';
import { formatDuration, type Parsed } from '../units.ts';
import type { Alias, ClientTable, KnobValues, OptionEntry, Value } from './table.ts';

export type Options = Readonly<Record<string, ClientOption>>;

/** The knobs that the options set, in the text of the file. What cannot be read is left out: `optionProblems` says so. */
export function knobsOfOptions(table: ClientTable, options: Options): KnobValues {
  const knobs = aliasesIn(table, options).flatMap(([alias, value]) => {
    const read = knobOfOption(alias, value);
    return read.ok ? [[alias.knob, read.value] as const] : [];
  });
  return Object.fromEntries(knobs);
}

/** The options that are passed on as they are. */
export function passedOn({ aliases }: ClientTable, options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !Object.hasOwn(aliases, name)));
}

function aliasesIn({ aliases }: ClientTable, options: Options): readonly (readonly [Alias, ClientOption])[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
    return alias === undefined ? [] : [[alias, value] as const];
  });
}

/** An option's value as its knob has it; the knob's own bounds are looked at later. */
function knobOfOption(alias: Alias, value: ClientOption): Parsed<Value> {
  const { unit, ofNull, ofZero, plus = 0 } = alias;
  if (value === null && ofNull !== undefined) return { ok: true, value: ofNull };
  if (value === 0 && ofZero !== undefined) return { ok: true, value: ofZero };
  if (unit === 'word') {
    return typeof value === 'string'
      ? { ok: true, value }
      : { ok: false, message: `must be text, not ${quote(value)}` };
  }
  const orNull = ofNull === undefined ? '' : ', or null';
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    const what = unit === 'ms' ? 'a whole number of milliseconds' : 'a whole number';
    return { ok: false, message: `must be ${what} from ${ofZero === undefined ? 1 : 0}${orNull}, not ${quote(value)}` };
  }
  return { ok: true, value: unit === 'ms' ? formatDuration(value) : value + plus };
}

/** What is wrong with one option; null where nothing is. */
export function optionProblem(table: ClientTable, name: string, value: ClientOption): string | null {
  const alias = Object.hasOwn(table.aliases, name) ? table.aliases[name] : undefined;
  if (alias !== undefined) {
    const read = knobOfOption(alias, value);
    return read.ok ? null : read.message;
  }
  const entry = Object.hasOwn(table.options, name) ? table.options[name] : undefined;
  return entry === undefined ? unknownOption(table, name) : valueProblem(entry, value);
}

function unknownOption({ name: client, options, aliases }: ClientTable, name: string): string {
  const known = [...Object.keys(options), ...Object.keys(aliases)];
  if (known.length === 0) return `is not an option: client ${client} has none`;
  const meant = nearest(name, known);
  const advice = meant === undefined ? '' : `; did you mean ${quote(meant)}?`;
  return `is not an option of client ${client}, which takes ${known.join(', ')}${advice}`;
}

function valueProblem(entry: OptionEntry, value: ClientOption): string | null {
  switch (entry.type) {
    case 'count': {
      const { min, max } = entry;
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
      return fits ? null : `must be a whole number from ${min} to ${max}, not ${quote(value)}`;
    }
    case 'flag':
      return typeof value === 'boolean' ? null : `must be true or false, not ${quote(value)}`;
    case 'choice':
      return entry.words.some((word) => word === value)
        ? null
        : `must be ${entry.words.join(' or ')}, not ${quote(value)}`;
  }
}
