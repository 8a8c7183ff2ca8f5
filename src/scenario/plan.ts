/** A scenario -> its trials in the order they will run: every block passes over all variants in a seeded random order. */
import type { Expectation } from './expect.ts';
import type { Gate } from './gates.ts';
import type { Explanation } from './explain.ts';
import type { Scenario } from './parse.ts';
import { UserError } from './user-error.ts';
import { select, shortList, type Axes } from './selection.ts';
import type { Variant } from './variants.ts';
import { longestWarmUpMs } from './warm-up.ts';

/** Most trials of one run. */
const maximumTrials = 100_000;
export const maximumBlocks = 1000;
/** What a trial takes beside warm-up and measure: starting and stopping its processes, and the drain. */
const overheadSeconds = 0.7;

export interface PlanOptions {
  /** Overrides the scenario's own number. */
  readonly blocks?: number;
  /** A whole number from 0; the same seed gives the same plan. */
  readonly seed: number;
  /** Names of variants, or filters such as `strategy=close`; what any of them selects is run. All variants without it. */
  readonly only?: readonly string[];
}

interface PlannedTrial {
  /** Place in the run, from 0. */
  readonly index: number;
  /** From 0. */
  readonly block: number;
  /** Place within the block, from 0. */
  readonly order: number;
  /** Name of the variant. */
  readonly variant: string;
  /** Seed of the trial's own randomness, 32 bits; the same however the other variants were selected. */
  readonly seed: number;
}

export interface Plan {
  readonly scenario: string;
  readonly question: string | null;
  readonly look: readonly string[];
  /** The selected variants, in the order of the scenario. */
  readonly variants: readonly Variant[];
  /** As in the scenario; null where no selected variant has it. */
  readonly baseline: Axes | null;
  readonly seed: number;
  readonly blocks: number;
  readonly trials: readonly PlannedTrial[];
  /** Claims whose variants are all selected. */
  readonly expectations: readonly Expectation[];
  readonly gates: readonly Gate[];
  /** What the scenario says of the selected variants. */
  readonly explanations: readonly Explanation[];
  /** At most, where warm-up ends when the load is steady. */
  readonly estimatedSeconds: number;
}

/** Plans a run. Throws a UserError for a selection that names nothing, and for an absurd number of blocks or trials. */
export function planTrials(scenario: Scenario, options: PlanOptions): Plan {
  const { seed, blocks = scenario.blocks, only = [] } = options;
  checkNumbers(seed, blocks);
  const variants = only.length === 0 ? scenario.variants : selectVariants(scenario.variants, only);
  const tooMany = tooManyTrials(variants.length, blocks);
  if (tooMany !== null) throw new UserError('TOO_MANY_TRIALS', tooMany);
  const names = new Set(variants.map(({ name }) => name));
  const trials = Array.from({ length: blocks }, (_, block) => planBlock(variants, seed, block)).flat();
  return {
    scenario: scenario.name,
    question: scenario.question,
    look: scenario.look,
    variants,
    baseline: scenario.baseline !== null && select(variants, scenario.baseline).ok ? scenario.baseline : null,
    seed,
    blocks,
    trials: trials.map((trial, index) => ({ index, ...trial })),
    expectations: scenario.expectations.filter(
      ({ ofVariant, againstVariant }) => names.has(ofVariant) && (againstVariant === null || names.has(againstVariant)),
    ),
    gates: scenario.gates,
    explanations: scenario.explanations
      .map(({ variants: about, text }) => ({ variants: about.filter((name) => names.has(name)), text }))
      .filter(({ variants: about }) => about.length > 0),
    estimatedSeconds: blocks * variants.reduce((total, { trial }) => total + trialSeconds(trial.load), 0),
  };
}

/** Why so many trials are not run; null where they are. */
export function tooManyTrials(variants: number, blocks: number): string | null {
  const trials = variants * blocks;
  if (trials <= maximumTrials) return null;
  return `${variants} variants in ${blocks} blocks are ${trials} trials; at most ${maximumTrials} are run`;
}

function checkNumbers(seed: number, blocks: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UserError(
      'BAD_SEED',
      `the seed must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, not ${seed}`,
    );
  }
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > maximumBlocks) {
    throw new UserError('BAD_BLOCKS', `blocks must be a whole number from 1 to ${maximumBlocks}, not ${blocks}`);
  }
}

function selectVariants(variants: readonly Variant[], only: readonly string[]): readonly Variant[] {
  const selected = new Set<Variant>();
  for (const text of only) {
    const selection = select(variants, text);
    if (!selection.ok) {
      const hint = selection.suggestion === undefined ? '' : `did you mean ${selection.suggestion}? `;
      const names = shortList(variants.map(nameOf), 20);
      throw new UserError('UNKNOWN_VARIANT', `--only: ${selection.message}`, `${hint}the variants are: ${names}`);
    }
    for (const variant of selection.items) selected.add(variant);
  }
  return variants.filter((variant) => selected.has(variant));
}

function nameOf(variant: Variant): string {
  return variant.name;
}

function trialSeconds(load: Variant['trial']['load']): number {
  return (longestWarmUpMs(load) + load.durationMs) / 1000 + overheadSeconds;
}

function planBlock(variants: readonly Variant[], seed: number, block: number): readonly Omit<PlannedTrial, 'index'>[] {
  return permutation(variants.length, hash32(`${seed}/${block}`)).map((position, order) => {
    const { name } = variants[position]!;
    return { block, order, variant: name, seed: hash32(`${seed}/${block}/${name}`) };
  });
}

/** A random order of 0..length-1 that depends on nothing but the seed (32 bits). Fisher-Yates. */
export function permutation(length: number, seed: number): readonly number[] {
  const order = Array.from({ length }, (_, index) => index);
  const next = mulberry32(seed);
  for (let last = length - 1; last > 0; last--) {
    const pick = Math.floor(next() * (last + 1));
    [order[last], order[pick]] = [order[pick]!, order[last]!];
  }
  return order;
}

/** Tommy Ettinger's mulberry32: 32 bits of state, good enough to shuffle variants. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a over UTF-16 code units, finished with MurmurHash3's mixer so that like names give unlike seeds. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
