/** Splits variants into groups that answer the same question: a comparison across different loads, networks or work would mean nothing. */
import type { VariantRecord } from '../results/run-plan.ts';
import type { VariantFigures } from './variant-figures.ts';

export interface LoadGroup {
  /** What the group's variants share and other groups have not: `load=open`; null where there is one group. */
  readonly name: string | null;
  readonly members: readonly LoadGroupMember[];
}

export interface LoadGroupMember extends VariantFigures {
  /** The alternatives of the axes that differ within the group. */
  readonly shortLabel: string;
}

/**
 * Groups by the resolved load, with what is requested, the network, and the response that the server is asked for (size, framing, delay), in
 * the scenario's order. A larger response is no slower strategy.
 */
export function loadGroups(rows: readonly VariantFigures[]): readonly LoadGroup[] {
  const byConditions = new Map<string, VariantFigures[]>();
  for (const row of rows) {
    const key = conditionsOf(row.variant);
    byConditions.set(key, [...(byConditions.get(key) ?? []), row]);
  }
  const groups = [...byConditions.values()];
  return groups.map((members) => {
    const shared = groups.length > 1 ? axesTellingApart(members, rows) : [];
    return {
      name: sharedName(members, shared),
      members: members.map((row) => ({ ...row, shortLabel: short(row, shared) })),
    };
  });
}

function conditionsOf({ config: { load, network, server } }: VariantRecord): string {
  const response = typeof server === 'object' && server !== null && 'response' in server ? server.response : null;
  return JSON.stringify([load, network, response]);
}

/** Axes with one alternative inside the group and others outside it. */
function axesTellingApart(members: readonly VariantFigures[], rows: readonly VariantFigures[]): readonly string[] {
  const alternatives = (of: readonly VariantFigures[], axis: string): number =>
    new Set(of.map((row) => row.variant.axes[axis])).size;
  const axes = Object.keys(members[0]?.variant.axes ?? {});
  return axes.filter((axis) => alternatives(members, axis) === 1 && alternatives(rows, axis) > 1);
}

function sharedName(members: readonly VariantFigures[], axes: readonly string[]): string | null {
  const first = members[0];
  if (first === undefined || axes.length === 0) return null;
  return axes.map((axis) => `${axis}=${first.variant.axes[axis] ?? ''}`).join(' ');
}

function short(row: VariantFigures, shared: readonly string[]): string {
  const rest = Object.entries(row.variant.axes).filter(([axis]) => !shared.includes(axis));
  return rest.map(([, alternative]) => alternative).join(', ') || row.label;
}
