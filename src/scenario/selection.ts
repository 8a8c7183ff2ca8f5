/** Finds variants by name, or by the alternatives they have. */
import { quote } from './problem.ts';
import { nearest } from './suggest.ts';

export type Axes = Readonly<Record<string, string>>;

/** A variant, or whatever else has the name and the axes of one. */
export interface Named {
  readonly name: string;
  readonly axes: Axes;
}

/** How a file picks variants: by name, or by a map from axis to alternative. */
export type Selector = string | Readonly<Record<string, string | number | boolean>>;

export interface NotFound {
  readonly ok: false;
  readonly message: string;
  readonly suggestion?: string;
}
export interface Found<Item extends Named> {
  readonly ok: true;
  /** At least one. */
  readonly items: readonly Item[];
  /** What was asked for: all axes where a variant was named, else those given. */
  readonly axes: Axes;
}

/** The variant of a name, or all that fit a filter such as `strategy=close` or `strategy=close load=open`, or a map. */
export function select<Item extends Named>(variants: readonly Item[], selector: Selector): Found<Item> | NotFound {
  if (typeof selector !== 'string') {
    return selectByAxes(
      variants,
      Object.entries(selector).map(([axis, value]) => [axis, String(value)] as const),
    );
  }
  const exact = variants.find(({ name }) => name === selector);
  if (exact !== undefined) return { ok: true, items: [exact], axes: exact.axes };
  const pairs = selector.trim().split(/\s+/);
  if (pairs.some((pair) => !pair.includes('='))) {
    const names = variants.map(({ name }) => name);
    return notFound(
      `${quote(selector)} is neither the name of a variant nor a filter such as axis=alternative`,
      nearest(selector, names),
    );
  }
  return selectByAxes(
    variants,
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const),
  );
}

function selectByAxes<Item extends Named>(
  variants: readonly Item[],
  wanted: readonly (readonly [axis: string, alternative: string])[],
): Found<Item> | NotFound {
  const axes = Object.keys(variants[0]?.axes ?? {});
  let items = variants;
  for (const [axis, alternative] of wanted) {
    if (!axes.includes(axis)) {
      const known = axes.length === 0 ? 'the scenario has no axes' : `the axes are ${axes.join(', ')}`;
      return notFound(`${quote(axis)} is not an axis; ${known}`, nearest(axis, axes));
    }
    const alternatives = [...new Set(variants.map((variant) => variant.axes[axis]!))];
    if (!alternatives.includes(alternative)) {
      const message = `${quote(alternative)} is not an alternative of the axis ${quote(axis)}; it has ${shortList(alternatives)}`;
      return notFound(message, nearest(alternative, alternatives));
    }
    items = items.filter((variant) => variant.axes[axis] === alternative);
  }
  if (items.length === 0) return notFound('fits no variant');
  return { ok: true, items, axes: Object.fromEntries(wanted) };
}

/** Exactly one variant. */
export function selectOne<Item extends Named>(
  variants: readonly Item[],
  selector: Selector,
): { readonly ok: true; readonly item: Item } | NotFound {
  const found = select(variants, selector);
  if (!found.ok) return found;
  const [item, second] = found.items;
  if (item !== undefined && second === undefined) return { ok: true, item };
  const open = Object.keys(item?.axes ?? {}).filter(
    (axis) => new Set(found.items.map((variant) => variant.axes[axis])).size > 1,
  );
  return notFound(`fits ${found.items.length} variants and should fit one; add ${open.join(' and ')}`);
}

/** The variant that differs from this one only in what the baseline says: what it is compared with. Itself, if it is a baseline. */
export function counterpart<Item extends Named>(
  variants: readonly Item[],
  variant: Named,
  baseline: Axes,
): Item | null {
  const wanted = Object.entries({ ...variant.axes, ...baseline });
  return variants.find((candidate) => wanted.every(([axis, name]) => candidate.axes[axis] === name)) ?? null;
}

function notFound(message: string, suggestion?: string): NotFound {
  return { ok: false, message, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** The first words of a list, and how many more there are. */
export function shortList(words: readonly string[], shown = 10): string {
  const rest = words.length - shown;
  return rest > 0 ? `${words.slice(0, shown).join(', ')} and ${rest} more` : words.join(', ');
}
