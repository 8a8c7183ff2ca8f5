/** Gives every run of a report a name of its own, the same from one report to the next. */
import type { ReportInput } from './report-input.ts';

/** The scenario's name; the second run of a scenario is `NAME #2`. In the order of the runs. */
export function runNames({ runs }: Pick<ReportInput, 'runs'>): readonly string[] {
  return distinct(
    runs.map(({ results }) => results.header.scenario.name),
    (name, number) => `${name} #${number}`,
  );
}

/** Every name once: a name that was taken before gets the lowest number from 2 on that makes it new. */
export function distinct(
  names: readonly string[],
  numbered: (name: string, number: number) => string,
  keyOf: (name: string) => string = (name) => name,
): readonly string[] {
  const taken = new Set<string>();
  /** Where the search for a number goes on, so that a thousand equal names cost a thousand steps. */
  const next = new Map<string, number>();
  return names.map((name) => {
    let candidate = name;
    for (let number = next.get(keyOf(name)) ?? 2; taken.has(keyOf(candidate)); number++) {
      candidate = numbered(name, number);
      next.set(keyOf(name), number + 1);
    }
    taken.add(keyOf(candidate));
    return candidate;
  });
}
