/** Lays a patch of an axis, or of the command line, over a configuration. */
import { discriminators, foreignKeys, rivalKeys } from './discriminators.ts';
import { emptyMap, nest, type MapEntry, type MapNode, type Node } from './node.ts';

/**
 * Deep merge: maps are merged, everything else is replaced; values keep the place where they were written.
 * A patch that says which kind a map is (`load.model`, `response.delay.distribution`) takes the keys of other kinds away from what
 * lies below, so that a base for one kind can be turned into another. So does a key that says the same thing in another way
 * (`load.trace` for `load.rate`).
 */
export function merge(under: MapNode, over: MapNode): MapNode {
  return mergeAt(under, over, '', withoutOtherKinds);
}

/** The same for patches that lie side by side: nothing is taken away, so that a contradiction between them is found. */
export function combine(left: MapNode, right: MapNode): MapNode {
  return mergeAt(left, right, '', (under) => under.entries);
}

type Kept = (under: MapNode, over: MapNode, path: string) => Iterable<[string, MapEntry]>;

function mergeAt(under: MapNode, over: MapNode, path: string, kept: Kept): MapNode {
  const entries = new Map<string, MapEntry>(kept(under, over, path));
  for (const [key, entry] of over.entries) {
    const inner = path === '' ? key : `${path}.${key}`;
    const below = inFull(inner, entries.get(key)?.value);
    const value = below === undefined ? entry.value : inFull(inner, entry.value);
    const both = below?.kind === 'map' && value?.kind === 'map';
    entries.set(key, both ? { ...entry, value: mergeAt(below, value, inner, kept) } : entry);
  }
  return { kind: 'map', at: under.at, entries };
}

function withoutOtherKinds(under: MapNode, over: MapNode, path: string): Iterable<[string, MapEntry]> {
  const discriminator = Object.values(discriminators).find((candidate) => candidate.path === path);
  const kind = discriminator === undefined ? undefined : over.entries.get(discriminator.key)?.value;
  const keys = [...under.entries.keys()];
  const foreign =
    discriminator === undefined || kind?.kind !== 'scalar'
      ? []
      : foreignKeys(discriminator, kind.value, keys).map(({ key }) => key);
  const otherClient = path === 'client' && isOtherClient(under, over) ? ownOfClient : [];
  const gone = [...foreign, ...otherClient, ...rivalKeys(path, keys, [...over.entries.keys()])];
  return gone.length === 0 ? under.entries : [...under.entries].filter(([key]) => !gone.includes(key));
}

/** Keys that mean something for one client only. */
const ownOfClient: readonly string[] = ['version', 'options'];

function isOtherClient(under: MapNode, over: MapNode): boolean {
  const name = over.entries.get('name')?.value;
  const below = under.entries.get('name')?.value;
  return name?.kind === 'scalar' && !(below?.kind === 'scalar' && below.value === name.value);
}

/** A value that is short for a map, as that map: the name of a client, and `tls: on`. */
function inFull(path: string, node: Node | undefined): Node | undefined {
  if (node?.kind !== 'scalar') return node;
  if (path === 'strategy.tls' && node.value === 'on') return emptyMap(node.at);
  return path === 'client' ? nest(['name'], node, node.at) : node;
}
