/** Finds what the variants of one run are compared with: their counterparts in the baseline, under the same load and network. */
import type { VariantRecord } from '../results/run-plan.ts';
import { counterpart, shortList, type Axes } from '../scenario/selection.ts';
import { UserError } from '../scenario/user-error.ts';
import { configDifferences } from './config-difference.ts';
import {
  baselineAmong,
  conditionsOf,
  fileLabel,
  importedTool,
  loadGroups,
  type ComparedFile,
  type PairingOptions,
  type PlannedPair,
  type PlannedPairs,
} from './pairing.ts';

/** A baseline: the alternatives of some axes, and the variant where it is a single one. */
interface Baseline {
  readonly axes: Axes;
  readonly only: VariantRecord | null;
}

/**
 * `--baseline` wins over the scenario's own; without either the first variant of each load is the base, which a warning says. A baseline
 * under another load or network is taken over to a variant's own: of its axes only those that vary there count.
 * Throws a UserError where nothing is left to compare.
 */
export function pairsWithinRun(file: ComparedFile, options: PairingOptions): PlannedPairs {
  const { header } = file.results;
  const baseline = baselineOf(file, options.baseline);
  const pairs: PlannedPair[] = [];
  const warnings: string[] = [];
  const alone: string[] = [];
  for (const group of loadGroups(header.variants)) {
    const [first] = group;
    if (first === undefined) continue;
    if (baseline === null && group.length > 1) {
      warnings.push(`No baseline is given: the others are compared with the first variant, ${first.name}.`);
    }
    for (const variant of group) {
      const found = baseline === null ? first : within(group, variant, baseline);
      const base =
        found ?? (options.force && baseline !== null ? counterpart(header.variants, variant, baseline.axes) : null);
      if (base === null) alone.push(variant.name);
      else if (base !== variant) pairs.push(planned(file, base, variant));
    }
  }
  if (pairs.length === 0) throw nothingToCompare(file, alone);
  if (alone.length > 0) {
    warnings.push(
      `Without a counterpart in the baseline under the same load and network, and so left out: ${shortList(alone)}.`,
    );
  }
  return { pairs, warnings };
}

function baselineOf(file: ComparedFile, asked: string | null): Baseline | null {
  const { variants, baseline } = file.results.header;
  if (asked === null) return baseline === null ? null : { axes: baseline, only: null };
  const { items, axes } = baselineAmong(variants, asked, fileLabel(file));
  return { axes, only: items.length === 1 ? items[0]! : null };
}

/** The variant of the group that this one is compared with; itself for a baseline, null where there is none. */
function within(
  group: readonly VariantRecord[],
  variant: VariantRecord,
  { axes, only }: Baseline,
): VariantRecord | null {
  if (only !== null && group.includes(only)) return only;
  const varying = Object.entries(axes).filter(([axis]) => new Set(group.map((member) => member.axes[axis])).size > 1);
  return varying.length === 0 ? wholeGroup(group, axes) : counterpart(group, variant, Object.fromEntries(varying));
}

/** A group of one, whose only member has the baseline's alternatives, is its own base. */
function wholeGroup(group: readonly VariantRecord[], axes: Axes): VariantRecord | null {
  const [only, second] = group;
  const fits = only !== undefined && Object.entries(axes).every(([axis, name]) => only.axes[axis] === name);
  return fits && second === undefined ? only : null;
}

function planned(file: ComparedFile, base: VariantRecord, other: VariantRecord): PlannedPair {
  const across = configDifferences(conditionsOf(base), conditionsOf(other)).map(({ path }) => path);
  const tool = importedTool(file.results.header);
  return {
    name: `${other.name} against ${base.name}`,
    base: { source: 0, variant: base.name },
    other: { source: 0, variant: other.name },
    design: 'paired',
    warnings:
      across.length === 0
        ? []
        : [`The two had different conditions (${shortList(across)}), compared because of --force.`],
    ungated: null,
    importedFrom: tool,
  };
}

function nothingToCompare(file: ComparedFile, alone: readonly string[]): UserError {
  const { variants } = file.results.header;
  const label = fileLabel(file);
  if (variants.length === 1) {
    return new UserError(
      'NOTHING_TO_COMPARE',
      `${label} has one variant: there is nothing to compare it with`,
      'Give a second result file.',
    );
  }
  const hint =
    alone.length === 0
      ? 'Give --baseline a variant of which there are others under the same load.'
      : 'Choose another --baseline, or compare across loads and networks with --force.';
  return new UserError('NOTHING_TO_COMPARE', `no two variants of ${label} have the same load and network`, hint);
}
