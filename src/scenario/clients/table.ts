/** What a client does with each knob of a scenario: the form of the tables that validation, the docs and the clients share. */
import type { BrokenRule } from '../broken-rule.ts';
import type { ClientName } from '../config.ts';
import type { FilledConfig, FilledLoad, FilledStrategy } from '../defaults.ts';
import type { LoadKnob, StrategyKnob, ValueOf } from './knob-list.ts';

/** Stands in a table for the value `{ min: ..., max: ... }`. */
export const aRange = '{ min, max }';

export type Value = string | number | boolean;

/** The client can do it. */
interface Honoured<Accepted extends Value = Value> {
  /** Which option or call of the client does it. */
  readonly maps: string;
  /** What a reader should know of how it does it. */
  readonly note?: string;
  /** Those values that it cannot do. */
  readonly refuses?: readonly { readonly values: readonly Accepted[]; readonly because: string }[];
  /** The default of the knob for this client, where it cannot do connbench's. */
  readonly unlessGiven?: Accepted;
}

/** The client has one value, which is then also the default of the knob for this client. */
interface Fixed<Accepted extends Value = Value> {
  readonly only: Accepted;
  /** Why; completes "VALUE is not possible with client NAME: ...". */
  readonly because: string;
}

export type KnobEntry<Accepted extends Value = Value> = Honoured<Accepted> | Fixed<Accepted>;

/** Every knob has an entry: one that is missing is an error of the type checker. */
type StrategyTable = { readonly [Knob in StrategyKnob]: KnobEntry<ValueOf<Knob>> };
export type LoadTable = Readonly<Record<LoadKnob, KnobEntry>>;

/** An option of a client that connbench passes on as it is. */
type OptionKind =
  | { readonly type: 'count'; readonly min: number; readonly max: number }
  | { readonly type: 'flag' }
  | { readonly type: 'choice'; readonly words: readonly string[] };
export type OptionEntry = OptionKind & {
  /** What it does, and the client's own default. */
  readonly description: string;
};

/** An option of a client that says the same as a knob: it is taken as that knob, and not passed on by itself. */
export interface Alias {
  readonly knob: StrategyKnob;
  /** `count`: a whole number. `ms`: milliseconds. `word`: as the knob has it. */
  readonly unit: 'count' | 'ms' | 'word';
  /** Of a count: the knob is so much more than the option. */
  readonly plus?: number;
  /** What null stands for; absent: null may not stand. */
  readonly ofNull?: string;
  /** What 0 stands for; absent: 0 may not stand. */
  readonly ofZero?: string;
}

/** Latency series; the names are those of `clients/observations`. */
export const phaseNames = [
  'response',
  'service',
  'connectionWait',
  'connect',
  'tls',
  'firstByte',
  'download',
  'lag',
] as const;
type PhaseName = (typeof phaseNames)[number];
/** null: measured; text: why not. */
type PhaseTable = Readonly<Record<PhaseName, string | null>>;

export interface ClientTable {
  readonly name: ClientName;
  /** One sentence: what it is, and what drives it. */
  readonly what: string;
  /** Name of the npm package; null: part of Node or of connbench, so that `version` and `modules` have no meaning. */
  readonly package: string | null;
  readonly strategy: StrategyTable;
  readonly load: LoadTable;
  readonly options: Readonly<Record<string, OptionEntry>>;
  readonly aliases: Readonly<Record<string, Alias>>;
  readonly phases: PhaseTable;
  /** What only shows in several knobs together. Paths are those of a scenario, e.g. `strategy.honourHint`. */
  readonly rules?: (config: FilledConfig) => readonly ClientRule[];
  /** What a version of the package that was found on the disk cannot do. */
  readonly versionRules?: (version: string, config: FilledConfig) => readonly ClientRule[];
  /** Defaults that depend on other knobs; those of `only` and `unlessGiven` come from the table. */
  readonly prefers?: (strategy: FilledStrategy, load: FilledLoad) => KnobValues;
}

export type KnobValues = Partial<Readonly<Record<StrategyKnob, Value>>>;

/** A rule of a client; its name is made from the client's and the first path. */
export type ClientRule = Pick<BrokenRule, 'paths' | 'message'>;
