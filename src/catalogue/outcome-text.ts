/** The end of a catalogue's run as text: the table of claims, refuted and open expectations, and every invalid trial. */
import { judgeClaims, type Outcome } from '../compare/claims.ts';
import { claimLines } from '../report/expectations.ts';
import { printable } from '../report/printable.ts';
import { wrap } from '../report/wrap.ts';
import { commandOf, type ClaimOutcome, type RunsByScenario, type ScenarioResults } from './claim-outcome.ts';
import { invalidGroups, invalidTally } from './invalid-trials.ts';
import { expectationTally } from './scenarios-section.ts';

const narrow = { first: '    ', rest: '    ' };

/** A line for each claim, in columns, and under one that is not confirmed the reason. Empty without claims. */
export function claimTable(outcomes: readonly ClaimOutcome[], width: number): readonly string[] {
  if (outcomes.length === 0) return [];
  const cells = outcomes.map(({ claim, outcome }) => [claim.id, outcome, claim.title]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = outcomes.flatMap((of, at) => {
    const columns = cells[at]!.map((cell, column) => cell.padEnd(widths[column]!)).join('  ');
    const line = `  ${columns}  ${commandOf(of)}`;
    return [line, ...(of.reason === null ? [] : wrap(printable(of.reason, 2000), width, narrow))];
  });
  return ['Claims', ...lines, `  ${tally(outcomes.map(({ outcome }) => outcome))}`];
}

function tally(outcomes: readonly Outcome[]): string {
  const kinds = ['confirmed', 'refuted', 'not decided'] as const;
  return kinds
    .map((kind) => ({ kind, number: outcomes.filter((outcome) => outcome === kind).length }))
    .filter(({ number }) => number > 0)
    .map(({ kind, number }) => `${number} ${kind}`)
    .join(', ');
}

/** What each scenario expects, in numbers; an expectation that is not confirmed in words. */
export function expectationLines(runs: RunsByScenario, width: number): readonly string[] {
  if (runs.size === 0) return [];
  const lines = [...runs].flatMap(([name, results]) => {
    const open = judgeClaims(results).filter(({ outcome }) => outcome !== 'confirmed');
    return [
      `  ${printable(name, 100)}: ${expectationTally(results)}`,
      ...open.flatMap((claim) => wrap(claimLines(claim).join('; '), width, narrow)),
    ];
  });
  return ['Expectations of the scenarios', ...lines];
}

/** Every invalid trial with its reason, and what to do about it; `none` where there is none. */
export function invalidTrialLines(runs: RunsByScenario, width: number): readonly string[] {
  const lines = [...runs].flatMap(([name, results]) => {
    const groups = invalidGroups(results);
    if (groups.length === 0) return [];
    return [
      `  ${printable(name, 100)}: ${invalidTally(results)}`,
      ...groups.flatMap((group) => groupLines(group, width)),
    ];
  });
  return ['Invalid trials', ...(lines.length === 0 ? ['  none'] : lines)];
}

function groupLines(
  { code, advice, trials }: ReturnType<typeof invalidGroups>[number],
  width: number,
): readonly string[] {
  const head = `${printable(code, 40)} (${trials.length})${advice === null ? '' : `: ${printable(advice)}`}`;
  const deep = { first: '      ', rest: '        ' };
  return [
    ...wrap(head, width, narrow),
    ...trials.flatMap(({ variant, block, message }) =>
      wrap(`${printable(variant, 100)}, block ${block + 1}: ${printable(message)}`, width, deep),
    ),
  ];
}

/** Whether invalid trials kept an expectation of the scenario from being decided. */
export function isKeptOpen(results: ScenarioResults): boolean {
  const invalid = new Set(results.trials.filter(({ valid }) => !valid).map(({ variant }) => variant));
  return judgeClaims(results).some(({ cases }) =>
    cases.some((one) => one.outcome === 'not decided' && [one.of, one.against].some((name) => invalid.has(name ?? ''))),
  );
}

export function hasRefuted(results: ScenarioResults): boolean {
  return judgeClaims(results).some(({ outcome }) => outcome === 'refuted');
}
