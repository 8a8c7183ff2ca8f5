/** Reads the axes of a scenario: a dotted path with a list of values, or a name with a map of named patches. */
import { check } from './check.ts';
import { isConfigPath, nearestConfigPath } from './config-paths.ts';
import {
  asMap,
  emptyMap,
  leafPaths,
  nest,
  overlaps,
  pathKey,
  without,
  type ListNode,
  type MapEntry,
  type MapNode,
  type Node,
} from './node.ts';
import { hasUnprintable, joinPath, quote, type Place, type Problem } from './problem.ts';
import { configSchema } from './schema.ts';

/** Most variants of one scenario. */
const maximumVariants = 10_000;
const maximumAxes = 20;
const maximumNameChars = 80;

interface Alternative {
  readonly name: string;
  readonly at: Place;
  /** What it lays over the base; without what is wrong in it. */
  readonly patch: MapNode;
}
export interface Axis {
  readonly name: string;
  readonly at: Place;
  readonly alternatives: readonly Alternative[];
  /** Dotted paths of the knobs it sets. */
  readonly paths: readonly string[];
}

export interface ReadAxes {
  readonly axes: readonly Axis[];
  readonly problems: readonly Problem[];
  /** Knobs whose value is unknown because it was wrong (see `pathKey`). */
  readonly doubtful: ReadonlySet<string>;
  /**
   * False where axes or alternatives had to be left out: what remains can be checked, but names of variants cannot be resolved.
   */
  readonly complete: boolean;
  /** Not even read: too many variants, or no axes at all. */
  readonly refused: boolean;
}

/** Reads `axes`. More than 10,000 variants are refused from the sizes alone, before anything is read. */
export function readAxes(node: Node): ReadAxes {
  const map = asMap(node);
  if (map === null) return refused({ ...node.at, path: 'axes', message: 'must be a map from axis to alternatives' });
  const tooMany = tooManyProblem(map);
  if (tooMany !== null) return refused(tooMany);
  const reader = new AxisReader();
  const axes = inJsonOrder(map)
    .map((entry) => reader.read(entry))
    .filter((axis) => axis !== null);
  const conflicts = conflictProblems(axes);
  for (const { knob } of conflicts) reader.doubtful.add(pathKey(knob.split('.')));
  return {
    axes,
    problems: [...reader.problems, ...conflicts.map(({ problem }) => problem)],
    doubtful: reader.doubtful,
    complete: reader.complete && conflicts.length === 0,
    refused: false,
  };
}

function refused(problem: Problem): ReadAxes {
  return { axes: [], problems: [problem], doubtful: new Set(), complete: false, refused: true };
}

function tooManyProblem(map: MapNode): Problem | null {
  if (map.entries.size > maximumAxes) {
    return { ...map.at, path: 'axes', message: `has ${map.entries.size} axes; at most ${maximumAxes} are read` };
  }
  const sizes = [...map.entries.values()].map(({ value }) => {
    if (value.kind === 'scalar') return 1;
    return Math.max(1, value.kind === 'map' ? value.entries.size : value.items.length);
  });
  const variants = sizes.reduce((product, size) => product * size, 1);
  if (variants <= maximumVariants) return null;
  const factors = sizes.length > 1 ? ` (${sizes.join(' x ')})` : '';
  return {
    ...map.at,
    path: 'axes',
    message: `makes ${variants} variants${factors}; at most ${maximumVariants} are run`,
  };
}

class AxisReader {
  readonly problems: Problem[] = [];
  readonly doubtful = new Set<string>();
  complete = true;

  read({ key: name, at, value }: MapEntry): Axis | null {
    const path = joinPath('axes', [name]);
    const badName = nameProblem(name) ?? (name.includes('=') ? 'may not contain =' : null);
    if (badName !== null) {
      this.doubt(value);
      return this.drop(at, path, `the name of an axis ${badName}`);
    }
    if (value.kind === 'list') return this.readValues(name, at, value);
    const patches = asMap(value);
    if (patches?.entries.size === 0) return this.drop(at, path, 'has no alternatives');
    if (patches !== null) return this.readPatches(name, at, patches);
    return this.drop(at, path, 'must be a list of values for the knob at this dotted path, or a map of named patches');
  }

  private drop(at: Place, path: string, message: string, suggestion?: string): null {
    this.problems.push({ ...at, path, message, ...(suggestion === undefined ? {} : { suggestion }) });
    this.complete = false;
    return null;
  }

  /** The knobs of patches that cannot be used. */
  private doubt(patches: Node): void {
    if (patches.kind !== 'map') return;
    const values = [...patches.entries.values()].map((entry) => entry.value);
    for (const patch of values) {
      if (patch.kind !== 'map') continue;
      for (const leaf of leafPaths(patch)) this.doubtful.add(pathKey(leaf.split('.')));
    }
  }

  private readValues(name: string, at: Place, list: ListNode): Axis | null {
    const path = joinPath('axes', [name]);
    if (!isConfigPath(name)) {
      const meant = nearestConfigPath(name);
      if (meant !== undefined) this.doubtful.add(pathKey(meant.split('.')));
      return this.drop(at, path, 'lists values, but is not the path of a knob', meant);
    }
    if (list.items.length === 0) return this.drop(at, path, 'has no alternatives');
    const seen = new Map<string, string>();
    const alternatives = list.items
      .map((item, index) => this.readValue(name, item, joinPath('axes', [name, index]), seen))
      .filter((alternative) => alternative !== null);
    if (alternatives.length > 0) return { name, at, alternatives, paths: [name] };
    this.doubtful.add(pathKey(name.split('.')));
    return null;
  }

  private readValue(axis: string, item: Node, path: string, seen: Map<string, string>): Alternative | null {
    if (item.kind !== 'scalar' || item.value === null) {
      return this.drop(item.at, path, 'must be a single value; for more, name the axis and give a map of patches');
    }
    const name = String(item.value);
    const badName = nameProblem(name);
    if (badName !== null) return this.drop(item.at, path, `a value that names a variant ${badName}`);
    const patch = nest(axis.split('.'), item, item.at);
    const checked = check(configSchema, patch, { path, single: true });
    this.problems.push(...checked.problems);
    for (const bad of checked.bad) this.doubtful.add(bad);
    if (checked.value === null) return { name, at: item.at, patch: emptyMap(item.at) };
    // The checked value is canonical, so 1s and 1000ms are found to be the same.
    const canonical = JSON.stringify(checked.value);
    const twin = seen.get(canonical);
    if (twin !== undefined) return this.drop(item.at, path, `${quote(name)} is in the list already, as ${quote(twin)}`);
    seen.set(canonical, name);
    return { name, at: item.at, patch };
  }

  private readPatches(name: string, at: Place, patches: MapNode): Axis | null {
    const alternatives: Alternative[] = [];
    for (const entry of inJsonOrder(patches)) {
      const alternative = this.readPatch(name, entry);
      if (alternative !== null) alternatives.push(alternative);
    }
    if (alternatives.length === 0) {
      this.doubt(patches);
      return null;
    }
    const paths = [...new Set(alternatives.flatMap(({ patch }) => leafPaths(patch)))];
    return { name, at, alternatives, paths };
  }

  private readPatch(axis: string, { key: name, at, value }: MapEntry): Alternative | null {
    const path = joinPath('axes', [axis, name]);
    const badName = nameProblem(name);
    if (badName !== null) return this.drop(at, path, `the name of an alternative ${badName}`);
    const patch = asMap(value);
    if (patch === null) {
      this.problems.push({ ...at, path, message: 'must be a map of keys to lay over base, or {}' });
      return { name, at, patch: emptyMap(at) };
    }
    const checked = check(configSchema, patch, { path });
    this.problems.push(...checked.problems);
    for (const bad of [...checked.bad, ...checked.meant]) this.doubtful.add(bad);
    return { name, at, patch: without(patch, checked.bad) };
  }
}

/** Names that are whole numbers first, ascending: the order they have in the JSON of a result file, from which a run can be resumed. */
function inJsonOrder(map: MapNode): readonly MapEntry[] {
  const order = Object.keys(Object.fromEntries([...map.entries.keys()].map((key) => [key, null])));
  return order.map((key) => map.entries.get(key)!);
}

/** Why a word cannot be part of a variant's name; null where it can. */
function nameProblem(name: string): string | null {
  if (name === '') return 'may not be empty';
  if (name === '__proto__') return 'may not be __proto__';
  if (name.length > maximumNameChars) return `may have at most ${maximumNameChars} characters`;
  if (hasUnprintable(name)) return 'may not contain control or invisible characters';
  return /\s/u.test(name) ? 'may not contain spaces; use -' : null;
}

/** Two axes that set one knob, or a knob and the map around it. */
function conflictProblems(axes: readonly Axis[]): readonly { readonly knob: string; readonly problem: Problem }[] {
  return axes.flatMap((axis, index) =>
    axis.paths.flatMap((path) => {
      const rival = axes.slice(0, index).find((earlier) => earlier.paths.some((other) => overlaps(path, other)));
      if (rival === undefined) return [];
      const message = `sets ${path}, which the axis ${quote(rival.name)} sets too`;
      return [{ knob: path, problem: { ...axis.at, path: joinPath('axes', [axis.name]), message } }];
    }),
  );
}
