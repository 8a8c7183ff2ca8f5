/** Reads the response time histograms of trials. */
import type { TrialRecord } from '../results/record.ts';
import { UserError } from '../scenario/user-error.ts';
import { decodeHdr } from '../stats/hdr-codec.ts';
import type { SparseCounts } from '../stats/histogram.ts';
import { mergeSparse } from '../stats/summary.ts';

/** Null where no request was answered, or another program reported only figures. Throws a UserError where the record's histogram is damaged. */
function responseHistogram(trial: TrialRecord): SparseCounts | null {
  const histogram = trial.latency.response?.histogram ?? null;
  return histogram === null ? null : decoded(trial, histogram);
}

/** The sum over trials; null where none has a sample. */
export function mergedResponse(trials: readonly TrialRecord[]): SparseCounts | null {
  const parts = trials.flatMap((trial) => responseHistogram(trial) ?? []);
  return parts.length === 0 ? null : mergeSparse(parts);
}

/** Ages of the requests that had no answer in time, over all trials. Throws a UserError as above. */
export function unansweredAges(trials: readonly TrialRecord[]): SparseCounts {
  return mergeSparse(
    trials.flatMap((trial) => (trial.censored === undefined ? [] : decoded(trial, trial.censored.histogram))),
  );
}

/** Any histogram of the trial. Throws a UserError where it is damaged. */
export function decoded(trial: TrialRecord, text: string): SparseCounts {
  try {
    return decodeHdr(text);
  } catch (error) {
    // Any other kind of error is a bug, not a damaged text.
    if (!(error instanceof Error) || error.name !== 'Error') throw error;
    throw new UserError(
      'RESULTS_CORRUPT',
      `trial ${trial.index} (${trial.variant}) is damaged: ${error.message}`,
      'Remove its line from the result file to use the rest, or run the scenario again.',
    );
  }
}
