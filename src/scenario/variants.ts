/** The cross product of the axes, the names of its cells, and the selection of cells by name. */
import type { Axis } from './axes.ts';
import type { TrialConfig } from './config.ts';
import type { FilledConfig } from './defaults.ts';
import { combine, merge } from './merge.ts';
import { emptyMap, type MapNode } from './node.ts';
import { nearest } from './suggest.ts';

export interface Variant {
  /** `strategy=close network.rtt=20ms`, in the order of the axes; `default` where there are no axes. */
  readonly name: string;
  /** Axis -> alternative. */
  readonly axes: Readonly<Record<string, string>>;
  /** Every knob with its default, in the text of the file: could be pasted back under `base`. */
  readonly config: FilledConfig;
  readonly trial: TrialConfig;
}

/** One cell of the cross product, not yet checked as a whole. */
export interface Cell {
  readonly name: string;
  readonly axes: Readonly<Record<string, string>>;
  /** What the axes set, by themselves. */
  readonly patch: MapNode;
  /** The base with the patch laid over it. */
  readonly merged: MapNode;
}

export const onlyVariantName = 'default';

/** All cells; the last axis changes fastest. */
export function crossProduct(base: MapNode, axes: readonly Axis[]): readonly Cell[] {
  let cells = [{ names: [] as readonly (readonly [string, string])[], patch: emptyMap(base.at) }];
  for (const axis of axes) {
    cells = cells.flatMap((cell) =>
      axis.alternatives.map((alternative) => ({
        names: [...cell.names, [axis.name, alternative.name] as const],
        patch: combine(cell.patch, alternative.patch),
      })),
    );
  }
  return cells.map(({ names, patch }) => ({
    name: names.length === 0 ? onlyVariantName : names.map(([axis, name]) => `${axis}=${name}`).join(' '),
    axes: axesOf(names),
    patch,
    merged: merge(base, patch),
  }));
}

/** Own properties whatever the names: `__proto__` is a possible name of an axis. */
function axesOf(names: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names);
}

export interface Named {
  readonly name: string;
  readonly axes: Readonly<Record<string, string>>;
}

export type Selection<Item extends Named> =
  | { readonly ok: true; readonly items: readonly Item[] }
  | { readonly ok: false; readonly message: string; readonly suggestion?: string };

/** The variants of a name, or of a filter such as `strategy=close` or `strategy=close load=open`. Never an empty selection. */
export function selectByText<Item extends Named>(variants: readonly Item[], text: string): Selection<Item> {
  const exact = variants.filter(({ name }) => name === text);
  if (exact.length > 0) return { ok: true, items: exact };
  const names = variants.map(({ name }) => name);
  const pairs = text.trim().split(/\s+/);
  if (text.trim() === '' || pairs.some((pair) => !pair.includes('='))) {
    return unknown('is neither the name of a variant nor a filter such as axis=alternative', nearest(text, names));
  }
  const wanted = pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
  return selectByAxes(variants, wanted);
}

/** The variants that have all the given alternatives. Never an empty selection. */
export function selectByAxes<Item extends Named>(
  variants: readonly Item[],
  wanted: readonly (readonly [axis: string, alternative: string])[],
): Selection<Item> {
  const axes = Object.keys(variants[0]?.axes ?? {});
  let items = variants;
  for (const [axis, alternative] of wanted) {
    if (!axes.includes(axis)) {
      const known = axes.length === 0 ? 'there are none' : `there is ${axes.join(', ')}`;
      return unknown(`names the axis ${axis}; ${known}`, nearest(axis, axes));
    }
    const alternatives = [...new Set(variants.map((variant) => variant.axes[axis]!))];
    if (!alternatives.includes(alternative)) {
      const known = shortList(alternatives);
      return unknown(`names ${alternative} of the axis ${axis}; it has ${known}`, nearest(alternative, alternatives));
    }
    items = items.filter((variant) => variant.axes[axis] === alternative);
  }
  return items.length > 0 ? { ok: true, items } : unknown('fits no variant');
}

/** Exactly one variant, by its name or by axes. */
export function selectOne<Item extends Named>(
  variants: readonly Item[],
  selector: string | Readonly<Record<string, string | number | boolean>>,
): { readonly ok: true; readonly item: Item } | Extract<Selection<Item>, { ok: false }> {
  const selection =
    typeof selector === 'string'
      ? selectByText(variants, selector)
      : selectByAxes(
          variants,
          Object.entries(selector).map(([axis, value]) => [axis, String(value)] as const),
        );
  if (!selection.ok) return selection;
  const [item, second] = selection.items;
  if (item !== undefined && second === undefined) return { ok: true, item };
  const open = Object.keys(item?.axes ?? {}).filter(
    (axis) => new Set(selection.items.map((variant) => variant.axes[axis])).size > 1,
  );
  return unknown(`fits ${selection.items.length} variants; say which ${open.join(' and ')}`);
}

function unknown(message: string, suggestion?: string): Extract<Selection<never>, { ok: false }> {
  return { ok: false, message, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** The first words of a list, and how many more there are. */
export function shortList(words: readonly string[], shown = 10): string {
  const rest = words.length - shown;
  return rest > 0 ? `${words.slice(0, shown).join(', ')} and ${rest} more` : words.join(', ');
}
