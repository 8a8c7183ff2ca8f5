/**
 * Response times as percentile distributions (`.hgrm`, ms), which HdrHistogram's plotters read: a file per variant and one per trial.
 * Requests that had no answer in time are in them at their ages, and a comment says so: without them the tail would be too short.
 */
import type { TrialRecord } from '../results/record.ts';
import { percentileDistribution } from '../stats/percentile-distribution.ts';
import { mergeSparse } from '../stats/summary.ts';
import { distinctFileNames, fileNameParts } from './file-names.ts';
import type { OutputFile, ReportInput } from './report-input.ts';
import { mergedResponse, unansweredAges } from './response-histograms.ts';
import { runNames } from './run-names.ts';
import { figuresByVariant } from './variant-figures.ts';

const nsPerMs = 1e6;

interface Distribution {
  readonly name: string;
  readonly content: string;
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
      return [...distributionOf(validTrials, name), ...distributionsOf(trials, name)];
    });
  });
  const files = distinctFileNames(distributions.map(({ name }) => name));
  return distributions.map(({ content }, index) => ({ name: `${files[index]!}.hgrm`, content }));
}

/** None where the trials have no sample. */
function distributionOf(trials: readonly TrialRecord[], name: string): readonly Distribution[] {
  const answered = mergedResponse(trials);
  const ages = unansweredAges(trials);
  const all = mergeSparse(answered === null ? [ages] : [answered, ages]);
  if (all.indices.length === 0) return [];
  const count = ages.counts.reduce((sum, part) => sum + part, 0);
  const note =
    count === 0
      ? ''
      : `#[${count} of them had no answer in time and are in it at their ages: what depends on them is a lower bound]\n`;
  return [{ name, content: `${percentileDistribution(all, nsPerMs)}${note}` }];
}

function distributionsOf(trials: readonly TrialRecord[], variantName: string): readonly Distribution[] {
  const inOrder = trials.toSorted((a, b) => a.block - b.block || a.index - b.index);
  return inOrder.flatMap((trial) => {
    const block = String(trial.block + 1).padStart(2, '0');
    const name = `${variantName}.block-${block}${trial.valid ? '' : '.invalid'}`;
    return distributionOf([trial], name);
  });
}
