/** What the sections of one run are made from, worked out once. */
import { judgeClaims, type ClaimResult } from '../../compare/claims.ts';
import type { ComparedPair, GateResult } from '../../compare/document.ts';
import { answersOf, type GroupAnswer } from '../answer.ts';
import type { ReportInput } from '../report-input.ts';
import { figuresByVariant, type RunResults, type VariantFigures } from '../variant-figures.ts';
import { gatherWarnings, invalidTrials, type GatheredWarning, type InvalidTrial } from '../warnings.ts';

/** Level of a heading that sections may begin with: 2 where the page is about one run, 3 below a run's own heading. */
export type HeadingLevel = 2 | 3 | 4;

export interface RunView {
  /** Place of the run in the input, from 0. */
  readonly index: number;
  /** Prefix of the ids of this run's elements. */
  readonly id: string;
  readonly level: 2 | 3;
  /** Added to names of regions, so that those of several runs differ; empty with one run. */
  readonly suffix: string;
  readonly file: string | null;
  readonly results: RunResults;
  readonly rows: readonly VariantFigures[];
  readonly answers: readonly GroupAnswer[];
  readonly claims: readonly ClaimResult[];
  readonly warnings: readonly GatheredWarning[];
  readonly invalid: readonly InvalidTrial[];
  /** Pairs with both sides in this run. */
  readonly pairs: readonly ComparedPair[];
  readonly gates: readonly GateResult[];
}

export function runViews({ runs, comparison }: ReportInput): readonly RunView[] {
  const several = runs.length > 1;
  return runs.map(({ file, results }, index) => {
    const pairs = comparison.pairs.filter(({ base, other }) => base.source === index && other.source === index);
    const names = new Set(pairs.map(({ name }) => name));
    return {
      index,
      id: `run${index + 1}`,
      level: several ? 3 : 2,
      suffix: several ? `, run ${index + 1}` : '',
      file,
      results,
      rows: figuresByVariant(results),
      answers: answersOf(results),
      claims: judgeClaims(results),
      warnings: gatherWarnings(results.trials),
      invalid: invalidTrials(results.trials),
      pairs,
      gates: comparison.gates.filter(({ pair }) => names.has(pair)),
    };
  });
}

/** The level below. */
export function below(level: 2 | 3): 3 | 4 {
  return level === 2 ? 3 : 4;
}

/** Longest name of a variant in a table. */
const longestLabel = 120;

/** A name for tables and headings. */
export function labelText(name: string): string {
  const characters = Array.from(name);
  return characters.length <= longestLabel ? name : `${characters.slice(0, longestLabel).join('')}…`;
}
