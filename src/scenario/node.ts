/** The values of a scenario file with their places: what the YAML reader makes and what merging, validation and messages work on. */
import type { Place } from './problem.ts';

type Scalar = string | number | boolean | null;

interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: Scalar;
  readonly at: Place;
}
export interface MapEntry {
  readonly key: string;
  /** Where the key is written. */
  readonly at: Place;
  readonly value: Node;
}
export interface MapNode {
  readonly kind: 'map';
  /** In the order of the file. */
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly at: Place;
}
export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly at: Place;
}
export type Node = ScalarNode | MapNode | ListNode;

interface PlainObject {
  readonly [key: string]: Plain;
}
export type Plain = Scalar | readonly Plain[] | PlainObject;

/** The value without places. Maps have no prototype, so that a key such as `__proto__` is a key like any other. */
export function toPlain(node: Node): Plain {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toPlain);
    case 'map': {
      const plain = Object.create(null) as Record<string, Plain>;
      for (const entry of node.entries.values()) plain[entry.key] = toPlain(entry.value);
      return plain;
    }
  }
}

/** The nearest thing written on the way to `path`: the key of the last step that exists, and whether all steps do. */
export function locate(root: Node, path: readonly PropertyKey[]): { readonly at: Place; readonly node: Node | null } {
  let at = root.at;
  let node = root;
  for (const step of path) {
    const next = stepInto(node, step);
    if (next === undefined) return { at, node: null };
    ({ at, value: node } = next);
  }
  return { at, node };
}

function stepInto(node: Node, step: PropertyKey): { readonly at: Place; readonly value: Node } | undefined {
  if (node.kind === 'map') return node.entries.get(String(step));
  if (node.kind === 'list') {
    const item = node.items[Number(step)];
    return item === undefined ? undefined : { at: item.at, value: item };
  }
  return undefined;
}

/** The steps of a dotted path whose lists have indexes: `load.requests[1].body`. */
export function stepsOf(path: string): readonly PropertyKey[] {
  return path.split('.').flatMap((part) => {
    const [, key = part, index] = /^([^[]+)\[(\d+)\]$/.exec(part) ?? [];
    return index === undefined ? [key] : [key, Number(index)];
  });
}

/** A path as the key of a set. */
export function pathKey(path: readonly PropertyKey[]): string {
  return path.map(String).join('\0');
}

/** The tree without the values at the paths (see `pathKey`); maps that become empty stay, a list goes as a whole. */
export function without(map: MapNode, paths: ReadonlySet<string>, prefix = ''): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of map.entries) {
    const path = `${prefix}${key}`;
    if (paths.has(path)) continue;
    const { value } = entry;
    if (value.kind === 'list' && [...paths].some((bad) => bad.startsWith(`${path}\0`))) continue;
    entries.set(key, value.kind === 'map' ? { ...entry, value: without(value, paths, `${path}\0`) } : entry);
  }
  return { ...map, entries };
}

/** A map that holds `value` at a dotted path, every step at one place. */
export function nest(path: readonly string[], value: Node, at: Place): MapNode {
  const [key, ...rest] = path;
  if (key === undefined) throw new Error('nest needs a path');
  const inner = rest.length === 0 ? value : nest(rest, value, at);
  return { kind: 'map', at, entries: new Map([[key, { key, at, value: inner }]]) };
}

export function emptyMap(at: Place): MapNode {
  return { kind: 'map', at, entries: new Map() };
}

/** The map itself, an empty one in place of nothing, or null for any other kind of value. */
export function asMap(node: Node): MapNode | null {
  if (node.kind === 'map') return node;
  return node.kind === 'scalar' && node.value === null ? emptyMap(node.at) : null;
}

/** The same values, all at one place. */
export function relocate(node: Node, at: Place): Node {
  if (node.kind === 'scalar') return { ...node, at };
  if (node.kind === 'list') return { ...node, at, items: node.items.map((item) => relocate(item, at)) };
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) entries.set(key, { key, at, value: relocate(entry.value, at) });
  return { kind: 'map', at, entries };
}

/** Dotted paths of all values in the map that are not maps themselves. */
export function leafPaths(map: MapNode, prefix = ''): readonly string[] {
  return [...map.entries.values()].flatMap(({ key, value }) =>
    value.kind === 'map' ? leafPaths(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

/** True if one of the two dotted paths is the other, or leads to it. */
export function overlaps(left: string, right: string): boolean {
  return left === right || left.startsWith(`${right}.`) || right.startsWith(`${left}.`);
}
