/** Whether the figures of a run can be trusted, from what its trials saw of themselves: one summary, and a line for each doubtful variant. */
import { listed, percent, plural } from '../compare/words.ts';
import type { TrialRecord } from '../results/record.ts';
import { milliseconds } from './format.ts';
import type { VariantFigures } from './variant-figures.ts';

/** Warnings that touch the figures themselves rather than their number or their surroundings. */
const doubtful: ReadonlySet<string> = new Set([
  'machine-busy',
  'server-saturated',
  'not-steady',
  'lag',
  'rate-not-reached',
  'connections-not-reached',
  'fd-limit',
]);

export interface Trust {
  /** `Yes: ...` or `Not all: ...`; safe, it names nothing from the file. */
  readonly summary: string;
  readonly doubts: readonly VariantDoubt[];
}

interface VariantDoubt {
  /** From the file: make it safe. */
  readonly variant: string;
  /** Codes are from the file, too. */
  readonly text: string;
}

/** Null where no trial watched itself: imported runs, and files of earlier versions. */
export function trustOf(rows: readonly VariantFigures[]): Trust | null {
  const trials = rows.flatMap((row) => row.trials);
  const watched = trials.filter(({ selfCheck }) => selfCheck !== undefined);
  if (watched.length === 0) return null;
  const doubts = rows.flatMap((row) => doubtOf(row) ?? []);
  const valid = watched.filter((trial) => trial.valid);
  const lead = doubts.length === 0 ? 'Yes' : 'Not all';
  if (valid.length === 0) return { summary: 'No: every trial is invalid.', doubts };
  return { summary: `${lead}: ${extremes(valid)}.`, doubts };
}

/** The worst of all valid trials, in words. */
function extremes(trials: readonly TrialRecord[]): string {
  const most = (of: (trial: TrialRecord) => number | null | undefined): number | null => {
    const values = trials.flatMap((trial) => of(trial) ?? []);
    return values.length === 0 ? null : Math.max(...values);
  };
  const share = (value: number | null, text: (share: string) => string): readonly string[] =>
    value === null ? [] : [text(percent(Number(value.toFixed(value < 0.1 ? 3 : 2))))];
  const lag = most(({ latency }) => latency.lag?.p99);
  const parts = [
    ...(lag === null ? [] : [`requests started at most ${milliseconds(lag)} ms late (p99)`]),
    ...share(
      most(({ selfCheck }) => selfCheck?.generator.cpuShare),
      (text) => `the generator ran for at most ${text} of the time`,
    ),
    ...share(
      most(({ selfCheck }) => selfCheck?.server.cpuShare),
      (text) => `the server for ${text}`,
    ),
    ...share(
      most(({ selfCheck }) => selfCheck?.machine.otherShare),
      (text) => `other programs used ${text} of the processors`,
    ),
    ...share(
      most(({ selfCheck }) => selfCheck?.machine.stealShare),
      (text) => `the hypervisor ${text}`,
    ),
  ];
  const which = trials.length === 1 ? 'in the only valid trial' : `in ${plural(trials.length, 'valid trial')}`;
  return parts.length === 0
    ? `nothing else is known of ${plural(trials.length, 'trial')}`
    : `${which} ${listed(parts)}`;
}

function doubtOf({ variant, trials, validTrials }: VariantFigures): VariantDoubt | null {
  const invalid = trials.filter((trial) => !trial.valid);
  const reasons = new Set(invalid.flatMap(({ invalidReasons }) => invalidReasons.map(({ code }) => code)));
  const warned = new Map<string, number>();
  for (const { warnings } of validTrials) {
    for (const code of new Set(warnings.map((warning) => warning.code))) {
      if (doubtful.has(code)) warned.set(code, (warned.get(code) ?? 0) + 1);
    }
  }
  if (invalid.length === 0 && warned.size === 0) return null;
  const parts = [
    ...(invalid.length === 0
      ? []
      : [`${invalid.length} of ${plural(trials.length, 'trial')} invalid (${listed([...reasons])})`]),
    ...[...warned].map(([code, count]) => (trials.length === 1 ? code : `${code} in ${count}`)),
  ];
  return { variant: variant.name, text: parts.join('; ') };
}

/** Variants listed; the sections of warnings and invalid trials have all. */
export const mostDoubts = 8;
