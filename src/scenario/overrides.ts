/** `--set path=value`: lays values of the command line over the base of a scenario, before its axes. */
import type { Axis } from './axes.ts';
import { check } from './check.ts';
import { isConfigPath, nearestConfigPath } from './config-paths.ts';
import { merge } from './merge.ts';
import { asMap, leafPaths, nest, overlaps, pathKey, relocate, without, type MapNode, type Node } from './node.ts';
import { quote, type Place, type Problem } from './problem.ts';
import { configSchema } from './schema.ts';
import { nearest } from './suggest.ts';
import { readYaml } from './yaml-tree.ts';

/** Keys beside `base` that can be set. */
const topKeys = ['blocks', 'baseline'];

export interface Overrides {
  readonly base: MapNode;
  readonly top: MapNode;
  readonly problems: readonly Problem[];
  readonly doubtful: ReadonlySet<string>;
}

/** Lays every setting over `base`, or over `top` for `blocks` and `baseline`; the last of two for one path wins. */
export function applyOverrides(
  settings: readonly string[],
  top: MapNode,
  base: MapNode,
  axes: readonly Axis[],
): Overrides {
  const layers = new OverrideLayers(top, base, axes);
  for (const setting of settings) layers.apply(setting);
  return layers;
}

class OverrideLayers implements Overrides {
  top: MapNode;
  base: MapNode;
  readonly problems: Problem[] = [];
  readonly doubtful = new Set<string>();
  private readonly axes: readonly Axis[];

  constructor(top: MapNode, base: MapNode, axes: readonly Axis[]) {
    this.top = top;
    this.base = base;
    this.axes = axes;
  }

  apply(setting: string): void {
    const at: Place = { file: `--set ${quote(setting)}`, line: 0, column: 0 };
    const equals = setting.indexOf('=');
    if (equals <= 0) {
      this.report(at, '', 'must be path=value, for example load.rate=500/s');
      return;
    }
    const written = setting.slice(0, equals).trim();
    const value = this.readValue(setting.slice(equals + 1), at, written);
    if (value === null) return;
    if (topKeys.includes(written)) {
      this.top = merge(this.top, nest([written], value, at));
      return;
    }
    const path = written.replace(/^base\./, '');
    if (isConfigPath(path)) this.applyToBase(path, value, at);
    else this.report(at, '', `${quote(written)} is not the path of a knob`, suggestPath(path));
  }

  private applyToBase(path: string, value: Node, at: Place): void {
    const patch = nest(path.split('.'), value, at);
    const checked = check(configSchema, patch, { path: '' });
    this.problems.push(...checked.problems);
    for (const bad of [...checked.bad, ...checked.meant]) this.doubtful.add(bad);
    const sound = without(patch, checked.bad);
    for (const leaf of leafPaths(sound)) {
      const axis = this.axes.find(({ paths }) => paths.some((other) => overlaps(leaf, other)));
      if (axis === undefined) continue;
      this.report(
        at,
        leaf,
        `is set by the axis ${quote(axis.name)} in its variants, so setting it here would not show`,
      );
      this.doubtful.add(pathKey(leaf.split('.')));
    }
    this.base = merge(this.base, sound);
  }

  private readValue(text: string, at: Place, path: string): Node | null {
    if (text.trim() === '') {
      this.report(at, path, 'needs a value');
      return null;
    }
    const { root, problems } = readYaml(text, at.file);
    for (const problem of problems) this.report(at, path, problem.message);
    return root === null || problems.length > 0 ? null : relocate(root, at);
  }

  private report(at: Place, path: string, message: string, suggestion?: string): void {
    this.problems.push({ ...at, path, message, ...(suggestion === undefined ? {} : { suggestion }) });
  }
}

function suggestPath(path: string): string | undefined {
  return nearestConfigPath(path) ?? nearest(path, topKeys);
}

/** A map where the file has one, or an empty one; a problem for anything else. */
export function mapOrProblem(node: Node | undefined, path: string, fallback: MapNode): MapNode | Problem {
  if (node === undefined) return fallback;
  return asMap(node) ?? { ...node.at, path, message: 'must be a map of keys' };
}
