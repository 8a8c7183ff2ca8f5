/** Gathers the failures of measured requests by kind, over all trials of a variant. */
import { count } from './format.ts';
import { plural } from '../compare/words.ts';
import { printable } from './printable.ts';
import { lost, type VariantFigures } from './variant-figures.ts';

export interface FailureKind {
  readonly variant: string;
  readonly phase: string;
  readonly code: string;
  /** Null where the program did not say. */
  readonly reused: boolean | null;
  readonly count: number;
}

/** The most frequent first. */
export function failureKinds(rows: readonly VariantFigures[]): readonly FailureKind[] {
  const kinds = new Map<string, FailureKind>();
  for (const { variant, trials } of rows) {
    for (const { phase, code, reused, count: times } of trials.flatMap((trial) => trial.errors)) {
      const key = JSON.stringify([variant.name, phase, code, reused]);
      const before = kinds.get(key)?.count ?? 0;
      kinds.set(key, { variant: variant.name, phase, code, reused, count: before + times });
    }
  }
  return [...kinds.values()].toSorted((a, b) => b.count - a.count);
}

/** Kinds shown in a text. */
const mostKinds = 8;

/** A paragraph per kind of failure, and per variant that dropped or abandoned requests; safe to print, empty where nothing was lost. */
export function errorLines(rows: readonly VariantFigures[]): readonly string[] {
  const kinds = failureKinds(rows);
  const lines = kinds.slice(0, mostKinds).map(kindLine);
  if (kinds.length > mostKinds) lines.push(`and ${plural(kinds.length - mostKinds, 'more kind')} of failure`);
  for (const { variant, losses } of rows) {
    if (losses === null || lost(losses) === losses.failed) continue;
    const { dropped, abandoned } = losses;
    lines.push(`${printable(variant.name, 100)}: ${count(dropped)} dropped, ${count(abandoned)} abandoned`);
  }
  return lines;
}

function kindLine({ variant, phase, code, reused, count: times }: FailureKind): string {
  const what = `${printable(variant, 100)}: ${count(times)} x ${printable(code, 60)}`;
  if (phase === 'queue') return `${what} while waiting for a connection`;
  if (reused === null) return what;
  return `${what} in ${printable(phase, 40)} on a ${reused ? 'reused' : 'new'} connection`;
}
