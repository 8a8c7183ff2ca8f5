/** Which variants of a run are drawn, which of their trials are used, and how many lines the page has room for. */
import type { TrialRecord } from '../../results/record.ts';
import { answersOf } from '../answer.ts';
import type { LoadGroupMember } from '../load-group.ts';
import { printable } from '../printable.ts';
import type { RunResults } from '../variant-figures.ts';
import type { PlotVariant } from './plot-shapes.ts';

/** Variants with plots on one page, over all runs. */
const mostVariants = 60;
/** Longest name in a legend. */
const longestLabel = 120;

export interface DrawnVariant {
  readonly variant: PlotVariant;
  /** In the order of the run: the valid ones, or the invalid ones where none is valid. */
  readonly trials: readonly TrialRecord[];
}

export interface DrawnGroup {
  readonly name: string | null;
  readonly axes: string | null;
  readonly members: readonly DrawnVariant[];
  /** Place in `members`. */
  readonly winner: number | null;
}

export interface DrawnRun {
  readonly groups: readonly DrawnGroup[];
  readonly leftOut: number;
}

/** The winner of every group, then the others in the scenario's order, until the run's share of the page is used up. */
export function drawnRun(results: RunResults, runs: number): DrawnRun {
  const answers = answersOf(results);
  let room = Math.max(3, Math.floor(mostVariants / runs));
  let leftOut = 0;
  const everyVariant = answers.flatMap(({ group }) => group.members);
  const groups = answers.map(({ group, winner }): DrawnGroup => {
    const first = winner?.variant.name ?? group.members[0]?.variant.name;
    const inOrder = group.members.toSorted(
      (a, b) => Number(b.variant.name === first) - Number(a.variant.name === first),
    );
    const chosen = new Set(inOrder.slice(0, room).map(({ variant }) => variant.name));
    const drawn = group.members.filter(({ variant }) => chosen.has(variant.name));
    room -= drawn.length;
    leftOut += group.members.length - drawn.length;
    const place = drawn.findIndex(({ variant }) => variant.name === winner?.variant.name);
    const members = drawn.map(({ shortLabel, trials, validTrials }): DrawnVariant => {
      const used = (validTrials.length > 0 ? validTrials : trials).toSorted((a, b) => a.index - b.index);
      const label = printable(shortLabel, longestLabel);
      return { variant: { label, trials: used.length, valid: validTrials.length > 0 }, trials: used };
    });
    return {
      name: shown(group.name),
      axes: shown(axesInLabels(group.members, everyVariant)),
      members,
      winner: place < 0 ? null : place,
    };
  });
  return { groups: groups.filter(({ members }) => members.length > 0), leftOut };
}

function shown(text: string | null): string | null {
  return text === null ? null : printable(text, longestLabel);
}

/** The axes whose alternatives are the short labels; null where the labels are no alternatives. */
function axesInLabels(members: readonly LoadGroupMember[], all: readonly LoadGroupMember[]): string | null {
  const alternatives = (of: readonly LoadGroupMember[], axis: string): number =>
    new Set(of.map(({ variant }) => variant.axes[axis])).size;
  const axes = Object.keys(members[0]?.variant.axes ?? {});
  return axes.filter((axis) => alternatives(members, axis) > 1 || alternatives(all, axis) === 1).join(', ') || null;
}
