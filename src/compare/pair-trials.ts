/** Picks the trials of a pair that count: a block in which either side is invalid counts for neither; and says whose failure that is. */
import type { TrialRecord } from '../results/record.ts';
import type { Blame, ComparedSide, ExcludedBlock } from './document.ts';
import type { ComparedFile, PlannedPair } from './pairing.ts';

export interface PairTrials {
  /** In block order. Paired: as many on both sides, block by block. */
  readonly base: readonly TrialRecord[];
  readonly other: readonly TrialRecord[];
  readonly excluded: readonly ExcludedBlock[];
}

/** What of a pair says which trials are its own. */
type Sides = Pick<PlannedPair, 'base' | 'other' | 'design'>;

export function pairTrials(files: readonly ComparedFile[], pair: Sides): PairTrials {
  const [base, other] = [trialsOf(files, pair.base), trialsOf(files, pair.other)];
  return pair.design === 'paired' ? inBlocks(base, other, pair) : apart(base, other);
}

function trialsOf(files: readonly ComparedFile[], { source, variant }: ComparedSide): readonly TrialRecord[] {
  const trials = files[source]?.results.trials ?? [];
  return trials.filter((trial) => trial.variant === variant).toSorted((a, b) => a.block - b.block);
}

/** A block that neither side has reached is not there to be excluded. */
function inBlocks(base: readonly TrialRecord[], other: readonly TrialRecord[], pair: Sides): PairTrials {
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
    excluded.push({
      block,
      reason: reasons.filter((reason) => reason !== null).join('; '),
      blame: blameOf(failedItself(a), failedItself(b)),
    });
  }
  return { base: used.map(([a]) => a), other: used.map(([, b]) => b), excluded };
}

function apart(base: readonly TrialRecord[], other: readonly TrialRecord[]): PairTrials {
  const invalid = (trials: readonly TrialRecord[], side: string, own: Blame): ExcludedBlock[] =>
    trials
      .filter((trial) => !trial.valid)
      .map((trial) => ({
        block: trial.block,
        reason: `${side}: ${reasonAgainst(trial, trial.variant) ?? ''}`,
        blame: failedItself(trial) ? own : null,
      }));
  return {
    base: base.filter((trial) => trial.valid),
    other: other.filter((trial) => trial.valid),
    excluded: [...invalid(base, 'base', 'base'), ...invalid(other, 'new', 'other')],
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

/** Failures of what is under test. */
const ownFailures = ['server-died', 'server-unreachable', 'nothing-completed'];
/** Ends of the harness, the generator's among them: after one of these nothing completes, whatever is under test. */
const endsOfHarness = ['lab-failed', 'lab-died', 'generator-died', 'interrupted'];

function failedItself(trial: TrialRecord | undefined): boolean {
  if (trial === undefined || trial.valid) return false;
  const has = (codes: readonly string[]): boolean => trial.invalidReasons.some(({ code }) => codes.includes(code));
  return has(ownFailures) && !has(endsOfHarness);
}

function blameOf(base: boolean, other: boolean): Blame | null {
  if (base && other) return 'both';
  return base ? 'base' : other ? 'other' : null;
}

/** Blocks that the new side alone lost to failures of its own: without them the rest says too much good of it. */
export function lostByOther(excluded: readonly ExcludedBlock[]): number {
  return excluded.filter(({ blame }) => blame === 'other').length;
}
