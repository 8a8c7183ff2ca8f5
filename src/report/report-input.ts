/** What every report is made from: the runs that were read, and what comparing them says. */
import type { ComparisonDocument } from '../compare/document.ts';
import type { RunResults } from './variant-figures.ts';

export interface ReportedRun {
  /** Path of the result file; null where there is none. */
  readonly file: string | null;
  readonly results: RunResults;
}

export interface ReportInput {
  /** In the order of the command line; `comparison.sources` has the same order. */
  readonly runs: readonly ReportedRun[];
  readonly comparison: ComparisonDocument;
}

/** One file of an output that is a directory. */
export interface OutputFile {
  /** File name without a folder: letters, digits, dot, dash and underscore. */
  readonly name: string;
  readonly content: string;
}
