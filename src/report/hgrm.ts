/** Response times as percentile distributions (`.hgrm`, ms), which HdrHistogram's plotters read: a file per variant and one per trial. */
import type { TrialRecord } from '../results/record.ts';
import { percentileDistribution } from '../stats/percentile-distribution.ts';
import type { SparseCounts } from '../stats/histogram.ts';
import { distinctFileNames, fileNameParts } from './file-names.ts';
import type { OutputFile, ReportInput } from './report-input.ts';
import { mergedResponse, responseHistogram } from './response-histograms.ts';
import { runNames } from './run-names.ts';
import { figuresByVariant } from './variant-figures.ts';

const nsPerMs = 1e6;

interface Distribution {
  readonly name: string;
  readonly histogram: SparseCounts;
}

/**
 * `VARIANT.hgrm` merges the valid trials of a variant, `VARIANT.block-01.hgrm` is one trial, `VARIANT.block-02.invalid.hgrm` one whose
 * figures must not be used. With several runs the run's name stands before. Variants and trials without a sample have no file.
 */
export function renderHgrm(input: ReportInput): readonly OutputFile[] {
  const runs = fileNameParts(runNames(input));
  const distributions = input.runs.flatMap(({ results }, index) => {
    const prefix = input.runs.length === 1 ? '' : `${runs[index]!}.`;
    const rows = figuresByVariant(results);
    const variants = fileNameParts(rows.map(({ variant }) => variant.name));
    return rows.flatMap(({ trials, validTrials }, row) => {
      const name = `${prefix}${variants[row]!}`;
      const merged = mergedResponse(validTrials);
      return [...(merged === null ? [] : [{ name, histogram: merged }]), ...distributionsOf(trials, name)];
    });
  });
  const files = distinctFileNames(distributions.map(({ name }) => name));
  return distributions.map(({ histogram }, index) => ({
    name: `${files[index]!}.hgrm`,
    content: percentileDistribution(histogram, nsPerMs),
  }));
}

function distributionsOf(trials: readonly TrialRecord[], variantName: string): readonly Distribution[] {
  const inOrder = trials.toSorted((a, b) => a.block - b.block || a.index - b.index);
  return inOrder.flatMap((trial) => {
    const histogram = responseHistogram(trial);
    const block = String(trial.block + 1).padStart(2, '0');
    const name = `${variantName}.block-${block}${trial.valid ? '' : '.invalid'}`;
    return histogram === null ? [] : [{ name, histogram }];
  });
}
