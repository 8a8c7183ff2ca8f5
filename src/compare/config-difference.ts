/** Finds what differs between the settings of two variants, and whether it is what a comparison may be about. */
import type { HeaderRecord } from '../results/record.ts';
import type { VariantRecord } from '../results/run-plan.ts';
import { quote } from '../scenario/problem.ts';

export interface ConfigDifference {
  /** Dotted path of the setting. */
  readonly path: string;
  readonly base: unknown;
  readonly other: unknown;
}

/** One side of a comparison: a variant and the header it stands in. */
export interface ConfigSide {
  readonly header: HeaderRecord;
  readonly variant: VariantRecord;
}

/** What differs between the base and the head of a change: another program of the user's, or another client. */
const softwareUnderTest = ['client', 'server.command', 'server.cwd', 'server.env'];
/** Under another load or network every figure differs, whatever the strategy does. */
const conditions = ['load', 'network'];

/** Every setting that differs, by path. A list is one setting. */
export function configDifferences(base: unknown, other: unknown, path = ''): readonly ConfigDifference[] {
  if (isMap(base) && isMap(other)) {
    const keys = [...new Set([...Object.keys(base), ...Object.keys(other)])];
    return keys.flatMap((key) =>
      configDifferences(own(base, key), own(other, key), path === '' ? key : `${path}.${key}`),
    );
  }
  return sameJson(base, other) ? [] : [{ path, base, other }];
}

/**
 * The differences that a comparison may not have. It may have those of the software under test, and those of the settings of an axis on
 * which the two variants have different alternatives, but for load and network.
 */
export function forbiddenDifferences(base: ConfigSide, other: ConfigSide): readonly ConfigDifference[] {
  const allowed = [...softwareUnderTest, ...comparedPaths(base, other)];
  // Another kind of server has other settings.
  if (allowed.includes('server.kind')) allowed.push('server');
  return configDifferences(base.variant.config, other.variant.config).filter(
    ({ path }) => within(path, conditions) || !within(path, allowed),
  );
}

/** `server.backlog: 511 against 128`. */
export function differenceText({ path, base, other }: ConfigDifference): string {
  return `${path}: ${quote(base)} against ${quote(other)}`;
}

/** Paths of the settings that differ because the variants have different alternatives of an axis. */
function comparedPaths(base: ConfigSide, other: ConfigSide): readonly string[] {
  const names = new Set([...Object.keys(base.variant.axes), ...Object.keys(other.variant.axes)]);
  return [...names]
    .filter((axis) => base.variant.axes[axis] !== other.variant.axes[axis])
    .flatMap((axis) => [base, other].flatMap((side) => axisPaths(side, axis)));
}

/** Paths that an axis sets: its name where it lists values, else those of the patches. */
function axisPaths({ header, variant }: ConfigSide, axis: string): readonly string[] {
  const axes = header.scenario.document['axes'];
  const alternatives = isMap(axes) ? own(axes, axis) : undefined;
  if (Array.isArray(alternatives)) return [axis];
  const chosen = own(variant.axes, axis);
  const patch = isMap(alternatives) && typeof chosen === 'string' ? own(alternatives, chosen) : undefined;
  return isMap(patch) ? leafPaths(patch) : [];
}

function leafPaths(value: Readonly<Record<string, unknown>>, prefix = ''): readonly string[] {
  return Object.entries(value).flatMap(([key, item]) =>
    isMap(item) ? leafPaths(item, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

function within(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path === root || path.startsWith(`${root}.`));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(map: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Lists are equal with equal items in the same order; the order of keys says nothing. */
function sameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    const items: readonly unknown[] = b;
    return a.length === items.length && a.every((item, index) => sameJson(item, items[index]));
  }
  return isMap(a) && isMap(b) ? configDifferences(a, b).length === 0 : a === b;
}
