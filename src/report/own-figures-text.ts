/** The figures of clients that are programs and count by themselves, in their own words: nobody checked them. */
import { figure, quantity, range } from '../compare/words.ts';
import type { TrialRecord } from '../results/record.ts';
import type { VariantFigures } from './variant-figures.ts';

export interface OwnFigureSentence {
  /** Label from the file: make it safe. */
  readonly variant: string;
  /** Without a full stop. Names are from the file: make it safe. */
  readonly text: string;
}

type OwnFigures = NonNullable<TrialRecord['client']['ownFigures']>;

export const ownFiguresTitle = 'As the client itself says (not reconciled)';

/** Of the variants whose client is a program: over their trials, the lowest and the highest of each figure. */
export function ownFigureSentences(rows: readonly VariantFigures[]): readonly OwnFigureSentence[] {
  return rows.flatMap(({ label, trials }) => {
    const own = trials.flatMap(({ client }) => client.ownFigures ?? []);
    const name = trials[0]?.client.name ?? '';
    return own.length === 0
      ? []
      : [{ variant: label, text: `${name} says: ${[...times(own), ...counts(own)].join(', ')}` }];
  });
}

const shownTimes = ['p50', 'p99', 'max'] as const;

function times(own: readonly OwnFigures[]): readonly string[] {
  const found = shownTimes.flatMap((name) => {
    const values = own.flatMap(({ response }) => response?.[name] ?? []);
    return values.length === 0 ? [] : [`${name} ${spread(values, (value) => quantity(value, 'ns'))}`];
  });
  return found.length === 0 ? ['no response time'] : [`response time ${found.join(', ')}`];
}

/** By the program's own names; those that are 0 throughout are left out. */
function counts(own: readonly OwnFigures[]): readonly string[] {
  const names = [...new Set(own.flatMap((figures) => Object.keys(figures.counts)))];
  return names
    .filter((name) => !name.startsWith('warmup.'))
    .flatMap((name) => {
      const values = own.flatMap((figures) => figures.counts[name] ?? []);
      return name.startsWith('requests.') || values.some((value) => value > 0)
        ? [`${name} ${spread(values, figure)}`]
        : [];
    });
}

function spread(values: readonly number[], print: (value: number) => string): string {
  return range({ low: Math.min(...values), high: Math.max(...values) }, print);
}
