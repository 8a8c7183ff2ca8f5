/** Picks the trials of a pair that count: a block in which either side is invalid counts for neither. */
import type { TrialRecord } from '../results/record.ts';
import type { ComparedSide, ExcludedBlock } from './document.ts';
import type { ComparedFile, PlannedPair } from './pairing.ts';

export interface PairTrials {
  /** In block order. Paired: as many on both sides, block by block. */
  readonly base: readonly TrialRecord[];
  readonly other: readonly TrialRecord[];
  readonly excluded: readonly ExcludedBlock[];
}

export function pairTrials(files: readonly ComparedFile[], pair: PlannedPair): PairTrials {
  const [base, other] = [trialsOf(files, pair.base), trialsOf(files, pair.other)];
  return pair.design === 'paired' ? inBlocks(base, other, pair) : apart(base, other);
}

function trialsOf(files: readonly ComparedFile[], { source, variant }: ComparedSide): readonly TrialRecord[] {
  const trials = files[source]?.results.trials ?? [];
  return trials.filter((trial) => trial.variant === variant).toSorted((a, b) => a.block - b.block);
}

/** A block that neither side has reached is not there to be excluded. */
function inBlocks(base: readonly TrialRecord[], other: readonly TrialRecord[], pair: PlannedPair): PairTrials {
  const [bases, others] = [byBlock(base), byBlock(other)];
  const blocks = [...new Set([...bases.keys(), ...others.keys()])].sort((a, b) => a - b);
  const used: (readonly [TrialRecord, TrialRecord])[] = [];
  const excluded: ExcludedBlock[] = [];
  for (const block of blocks) {
    const [a, b] = [bases.get(block), others.get(block)];
    if (a?.valid === true && b?.valid === true) {
      used.push([a, b]);
      continue;
    }
    const reasons = [reasonAgainst(a, pair.base.variant), reasonAgainst(b, pair.other.variant)];
    excluded.push({ block, reason: reasons.filter((reason) => reason !== null).join('; ') });
  }
  return { base: used.map(([a]) => a), other: used.map(([, b]) => b), excluded };
}

function apart(base: readonly TrialRecord[], other: readonly TrialRecord[]): PairTrials {
  const invalid = (trials: readonly TrialRecord[], side: string): ExcludedBlock[] =>
    trials
      .filter((trial) => !trial.valid)
      .map((trial) => ({ block: trial.block, reason: `${side}: ${reasonAgainst(trial, trial.variant) ?? ''}` }));
  return {
    base: base.filter((trial) => trial.valid),
    other: other.filter((trial) => trial.valid),
    excluded: [...invalid(base, 'base'), ...invalid(other, 'new')],
  };
}

function byBlock(trials: readonly TrialRecord[]): ReadonlyMap<number, TrialRecord> {
  return new Map(trials.map((trial) => [trial.block, trial]));
}

/** Why a trial does not count; null where it does. */
function reasonAgainst(trial: TrialRecord | undefined, variant: string): string | null {
  if (trial === undefined) return `${variant} was not measured in it`;
  if (trial.valid) return null;
  const why = trial.invalidReasons.map(({ code, message }) => `${code}: ${message}`).join('; ');
  return `${variant} is invalid${why === '' ? '' : ` (${why})`}`;
}
