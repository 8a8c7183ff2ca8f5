/** The cross product of the axes, and the names of its cells. */
import type { Axis } from './axes.ts';
import type { TrialConfig } from './config.ts';
import type { FilledConfig } from './defaults.ts';
import { combine, merge } from './merge.ts';
import { emptyMap, type MapNode } from './node.ts';

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

const onlyVariantName = 'default';

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
