/** Finds which variants of several files are the same, and whether the two runs may be compared at all. */
import type { VariantRecord } from '../results/run-plan.ts';
import { selectOne, shortList } from '../scenario/selection.ts';
import { UserError } from '../scenario/user-error.ts';
import { configDifferences, differenceText, forbiddenDifferences, type ConfigDifference } from './config-difference.ts';
import { environmentDifferences } from './environment.ts';
import {
  baselineAmong,
  conditionsOf,
  fileLabels,
  importedTool,
  type ComparedFile,
  type PairingOptions,
  type PlannedPair,
  type PlannedPairs,
} from './pairing.ts';

/** Most differing settings named in one message. */
const mostDifferences = 12;

const measuredApart =
  'The two sides were measured one after the other, not in the same blocks: what changed on the machine between them counts as a difference.';

/**
 * Every file against the first. Variants match by name; where each file has one variant, these match. `--baseline` picks one variant
 * of the first file for all of the others under the same load and network. Two files of one run are paired block by block, others are not.
 * Throws a UserError for variants that differ in more than what is compared (but with `force`), for a run compared with itself, and
 * where nothing matches.
 */
export function pairsAcrossFiles(files: readonly ComparedFile[], options: PairingOptions): PlannedPairs {
  const labels = fileLabels(files);
  const pairs: PlannedPair[] = [];
  const warnings: string[] = [];
  for (const source of files.keys()) {
    if (source === 0) continue;
    const sides: Sides = { base: files[0]!, other: files[source]!, labels: [labels[0]!, labels[source]!], source };
    const matches = matched(sides, options);
    refuseSameRun(sides, matches);
    const forbidden = forbiddenOf(sides, matches, options);
    pairs.push(...matches.map((match) => planned(sides, match, forbidden.get(match) ?? [], options.force)));
    warnings.push(...(options.baseline === null ? leftOut(sides, matches) : otherConditions(sides, matches)));
  }
  return { pairs, warnings };
}

interface Sides {
  readonly base: ComparedFile;
  readonly other: ComparedFile;
  readonly labels: readonly [base: string, other: string];
  /** Index of the other file. */
  readonly source: number;
}

interface Match {
  readonly base: VariantRecord;
  readonly other: VariantRecord;
}

function matched({ base, other, labels }: Sides, { baseline, force }: PairingOptions): readonly Match[] {
  const [ours, theirs] = [base.results.header.variants, other.results.header.variants];
  if (baseline !== null) {
    baselineAmong(ours, baseline, labels[0]);
    const one = selectOne(ours, baseline);
    if (!one.ok) {
      throw new UserError(
        'AMBIGUOUS_VARIANT',
        `--baseline ${one.message}`,
        'With several files it names one variant of the first.',
      );
    }
    const alike = force ? theirs : theirs.filter((variant) => haveSameConditions(one.item, variant));
    // With none, what differs is said with its values.
    return (alike.length === 0 ? theirs : alike).map((variant) => ({ base: one.item, other: variant }));
  }
  const byName = theirs.flatMap((variant) => {
    const same = ours.find(({ name }) => name === variant.name);
    return same === undefined ? [] : [{ base: same, other: variant }];
  });
  if (byName.length > 0) return byName;
  const [onlyOurs, onlyTheirs] = [ours[0], theirs[0]];
  if (ours.length === 1 && theirs.length === 1 && onlyOurs !== undefined && onlyTheirs !== undefined) {
    return [{ base: onlyOurs, other: onlyTheirs }];
  }
  const names = (variants: readonly VariantRecord[]): string => shortList(variants.map(({ name }) => name));
  throw new UserError(
    'NO_COMMON_VARIANT',
    `${labels[0]} and ${labels[1]} have no variant in common: ${names(ours)} against ${names(theirs)}`,
    'Name a variant of the first file with --baseline, to compare all of the others with it.',
  );
}

function haveSameConditions(base: VariantRecord, other: VariantRecord): boolean {
  return configDifferences(conditionsOf(base), conditionsOf(other)).length === 0;
}

function refuseSameRun({ base, other, labels }: Sides, matches: readonly Match[]): void {
  const sameRun = base.results.header.runId === other.results.header.runId;
  if (!sameRun || !matches.some((match) => match.base.name === match.other.name)) return;
  const what =
    labels[0] === labels[1] ? `${labels[0]} is given twice` : `${labels[0]} and ${labels[1]} hold the same run`;
  throw new UserError(
    'SAME_RUN',
    `${what}: every difference would be zero`,
    'To compare the variants of a run with each other, give its file once.',
  );
}

/** What each match may not differ in. Throws where there is something, unless forced; imported runs have no settings to compare. */
function forbiddenOf(
  { base, other, labels }: Sides,
  matches: readonly Match[],
  { force }: PairingOptions,
): ReadonlyMap<Match, readonly ConfigDifference[]> {
  const headers = [base.results.header, other.results.header] as const;
  if (headers.some((header) => importedTool(header) !== null)) return new Map();
  const found = new Map(
    matches.map((match) => {
      const sides = [
        { header: headers[0], variant: match.base },
        { header: headers[1], variant: match.other },
      ] as const;
      return [match, forbiddenDifferences(...sides)];
    }),
  );
  const texts = new Set([...found.values()].flat().map(differenceText));
  if (texts.size === 0 || force) return found;
  const shown = [...texts].slice(0, mostDifferences);
  if (texts.size > shown.length) shown.push(`and ${texts.size - shown.length} more`);
  throw new UserError(
    'SCENARIOS_DIFFER',
    `${labels[0]} and ${labels[1]} differ in more than what is compared:\n  ${shown.join('\n  ')}`,
    'Measure both with the same settings, or compare them all the same with --force.',
  );
}

function planned(
  { base, other, labels, source }: Sides,
  match: Match,
  forbidden: readonly ConfigDifference[],
  force: boolean,
): PlannedPair {
  const headers = [base.results.header, other.results.header] as const;
  const paired = headers[0].runId === headers[1].runId;
  const tool = importedTool(headers[1]) ?? importedTool(headers[0]);
  const conditions = paired || tool !== null ? [] : environmentDifferences(base.results, other.results);
  const warnings: string[] = [];
  if (!paired) warnings.push(measuredApart);
  if (conditions.length > 0) {
    const then = force ? 'Gated all the same because of --force.' : 'So no gate judges it; --force gates all the same.';
    warnings.push(`Measured under different conditions: ${shortList(conditions)}. ${then}`);
  }
  if (forbidden.length > 0) {
    const texts = shortList(forbidden.map(differenceText));
    warnings.push(`The settings differ in more than what is compared: ${texts}. Compared because of --force.`);
  }
  return {
    name: pairName(match, labels),
    base: { source: 0, variant: match.base.name },
    other: { source, variant: match.other.name },
    design: paired ? 'paired' : 'unpaired',
    warnings,
    ungated: conditions.length === 0 || force ? null : `measured under different conditions: ${shortList(conditions)}`,
    importedFrom: tool,
  };
}

function pairName({ base, other }: Match, [baseFile, otherFile]: Sides['labels']): string {
  if (base.name === other.name) return `${other.name}, ${otherFile} against ${baseFile}`;
  return `${other.name} (${otherFile}) against ${base.name} (${baseFile})`;
}

/** Variants of the other file under another load or network than the one baseline. */
function otherConditions({ other, labels }: Sides, matches: readonly Match[]): readonly string[] {
  const used = matches.map((match) => match.other);
  const names = other.results.header.variants.filter((variant) => !used.includes(variant)).map(({ name }) => name);
  if (names.length === 0) return [];
  return [`Without the load and network of the baseline, and so left out of ${labels[1]}: ${shortList(names)}.`];
}

/** Variants of one file that the other has not. */
function leftOut({ base, other, labels }: Sides, matches: readonly Match[]): readonly string[] {
  const only = (variants: readonly VariantRecord[], used: readonly VariantRecord[], label: string): string[] => {
    const names = variants.filter((variant) => !used.includes(variant)).map(({ name }) => name);
    return names.length === 0 ? [] : [`Only in ${label}, and so left out: ${shortList(names)}.`];
  };
  return [
    ...only(
      base.results.header.variants,
      matches.map((match) => match.base),
      labels[0],
    ),
    ...only(
      other.results.header.variants,
      matches.map((match) => match.other),
      labels[1],
    ),
  ];
}
