/** The comparison that a report shows: of its runs with each other where they can be compared, else of each by itself. */
import { compareRuns, type ComparedFile } from '../compare/compare.ts';
import type { ComparisonDocument } from '../compare/document.ts';
import type { Gate } from '../compare/gates.ts';
import { UserError } from '../scenario/user-error.ts';
import { usualAlpha } from '../stats/verdict.ts';
import { runNames } from './run-names.ts';

export interface ReportComparisonOptions {
  /** Name of a variant, or `axis=alternative`; null for the run's own baseline. */
  readonly baseline: string | null;
  /** Gates that were asked for; null for those of the first run's scenario. */
  readonly gates: readonly Gate[] | null;
  readonly force: boolean;
}

export interface ReportComparison {
  readonly comparison: ComparisonDocument;
  /** Why several runs are not compared with each other, in one line; null where they are, and for one run. */
  readonly apartBecause: string | null;
}

/** Refusals that leave a report of the runs as they are. */
const survivable: readonly string[] = ['SCENARIOS_DIFFER', 'NO_COMMON_VARIANT', 'NOTHING_TO_COMPARE'];

/**
 * Says in the document's warnings what was not compared. Throws a UserError for what cannot be meant, and, with gates that were asked
 * for, for all that cannot be compared: a gate that silently judged something else would be worse than none.
 */
export function compareForReport(files: readonly ComparedFile[], options: ReportComparisonOptions): ReportComparison {
  try {
    return { comparison: compareAll(files, options), apartBecause: null };
  } catch (error) {
    const why = survived(error, options);
    if (files.length === 1) return { comparison: uncompared(files, [why]), apartBecause: null };
    return { comparison: eachByItself(files, options, why), apartBecause: why };
  }
}

function compareAll(files: readonly ComparedFile[], options: ReportComparisonOptions): ComparisonDocument {
  return compareRuns(files, { ...options, gates: options.gates ?? files[0]?.results.header.gates ?? [] });
}

/** Why there is no comparison, in one line; throws the error anew where the report cannot go on. */
function survived(error: unknown, { gates }: ReportComparisonOptions): string {
  if (!(error instanceof UserError) || !survivable.includes(error.code) || gates !== null) throw error;
  return error.message.replaceAll(/:\s*\n\s*/g, ': ').replaceAll(/\s*\n\s*/g, '; ');
}

function eachByItself(
  files: readonly ComparedFile[],
  options: ReportComparisonOptions,
  why: string,
): ComparisonDocument {
  const names = runNames({ runs: files.map(({ path, results }) => ({ file: path, results })) });
  const documents = files.map((file) => {
    try {
      return compareAll([file], options);
    } catch (error) {
      return uncompared([file], [survived(error, options)]);
    }
  });
  const nameOf = (pair: string, source: number): string => `${names[source]!}: ${pair}`;
  return {
    ...uncompared(files, [
      `The files are not compared with each other, each stands for itself: ${why}.`,
      ...documents.flatMap(({ warnings }) => warnings),
    ]),
    pairs: documents.flatMap(({ pairs }, source) =>
      pairs.map((pair) => ({
        ...pair,
        name: nameOf(pair.name, source),
        base: { ...pair.base, source },
        other: { ...pair.other, source },
      })),
    ),
    gates: documents.flatMap(({ gates }, source) =>
      gates.map((gate) => ({ ...gate, pair: nameOf(gate.pair, source) })),
    ),
  };
}

/** The document of runs of which nothing is compared. */
function uncompared(files: readonly ComparedFile[], warnings: readonly string[]): ComparisonDocument {
  const sources = files.map(({ path, results: { header } }) => ({
    file: path,
    runId: header.runId,
    scenario: header.scenario.name,
    startedAt: header.startedAt,
    seed: header.seed,
    imported: header.imported !== undefined,
  }));
  return { type: 'comparison', schemaVersion: 1, alpha: usualAlpha, sources, pairs: [], gates: [], warnings };
}
