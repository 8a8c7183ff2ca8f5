/** What both ways of finding pairs have in common: a pair that is to be compared, and the names it goes by. */
import type { HeaderRecord } from '../results/record.ts';
import type { ResultFile } from '../results/read-file.ts';
import type { VariantRecord } from '../results/run-plan.ts';
import { UserError } from '../scenario/user-error.ts';
import { select, shortList, type Found, type Named } from '../scenario/selection.ts';
import type { ComparedPair } from './document.ts';

/** A result file that takes part. */
export interface ComparedFile {
  /** Null where the results are in no file. */
  readonly path: string | null;
  readonly results: Pick<ResultFile, 'header' | 'trials' | 'footer'>;
}

export interface PlannedPair extends Pick<ComparedPair, 'name' | 'base' | 'other' | 'design' | 'warnings'> {
  /** Why no gate may judge it; null where one may. */
  readonly ungated: string | null;
  /** The program that made one side's figures; null where both are connbench's own. */
  readonly importedFrom: string | null;
}

export interface PlannedPairs {
  readonly pairs: readonly PlannedPair[];
  /** About the whole comparison. */
  readonly warnings: readonly string[];
}

/** Compare anyway: taken where two runs differ in what they should share. */
export interface PairingOptions {
  /** Name of a variant, or `axis=alternative`; null for the run's own baseline. */
  readonly baseline: string | null;
  readonly force: boolean;
}

/** What a user calls the file: its name without the folder, or the run where it is in none. */
export function fileLabel({ path, results }: ComparedFile): string {
  if (path === null) return `run ${results.header.runId}`;
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A label per file: the path itself where two files have one name. */
export function fileLabels(files: readonly ComparedFile[]): readonly string[] {
  const labels = files.map(fileLabel);
  return labels.map((label, index) => {
    const path = files[index]?.path;
    const twins = labels.filter((other) => other === label).length > 1;
    return twins && path !== null && path !== undefined ? path : label;
  });
}

/** What `--baseline` picks among the variants. Throws a UserError where it picks none. */
export function baselineAmong<Item extends Named>(
  variants: readonly Item[],
  baseline: string,
  label: string,
): Found<Item> {
  const found = select(variants, baseline);
  if (found.ok) return found;
  const meant = found.suggestion === undefined ? '' : `Did you mean ${found.suggestion}? `;
  const names = shortList(variants.map(({ name }) => name));
  throw new UserError(
    'UNKNOWN_VARIANT',
    `--baseline: ${found.message}`,
    `${meant}The variants of ${label} are: ${names}.`,
  );
}

/** What two variants must share to answer one question. */
export function conditionsOf({ config }: VariantRecord): { readonly load: unknown; readonly network: unknown } {
  return { load: config['load'], network: config['network'] };
}

/** Variants under the same load and the same network, in the order of the run: only these answer one question. */
export function loadGroups(variants: readonly VariantRecord[]): readonly (readonly VariantRecord[])[] {
  const groups = new Map<string, VariantRecord[]>();
  for (const variant of variants) {
    const { load, network } = conditionsOf(variant);
    const key = JSON.stringify([load, network]);
    groups.set(key, [...(groups.get(key) ?? []), variant]);
  }
  return [...groups.values()];
}

/** The program whose figures a run holds; null for a run of connbench. */
export function importedTool(header: HeaderRecord): string | null {
  return header.imported?.tool ?? null;
}
