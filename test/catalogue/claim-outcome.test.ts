import { describe, expect, test } from 'vitest';
import { claimOutcomes, commandOf, type ScenarioResults } from '../../src/catalogue/claim-outcome.ts';
import { hasRefuted, isKeptOpen } from '../../src/catalogue/outcome-text.ts';
import { invalidReason } from '../../src/results/warnings.ts';
import { results, reuseResults, scenarios, smallClaims } from './small-catalogue.ts';

function outcomes(runs: Readonly<Record<string, ScenarioResults>>): readonly (readonly [string, string | null])[] {
  const all = claimOutcomes(smallClaims(), scenarios, new Map(Object.entries(runs)));
  return all.map(({ outcome, reason }) => [outcome, reason] as const);
}

const pile = results('pile', () => ({ opened: 1 }));

describe('the outcome of a claim', () => {
  test('is confirmed where every expectation that shows it is, of all scenarios', () => {
    expect(outcomes({ reuse: reuseResults(), pile })).toEqual([
      ['confirmed', null],
      ['confirmed', null],
    ]);
  });

  test('is refuted where one of them is, and names it', () => {
    const slow = reuseResults((variant) => (variant === 'strategy=close' ? {} : { p50Ns: 190_000 }));
    expect(outcomes({ reuse: slow, pile })).toEqual([
      ['refuted', 'reuse: A kept connection is half as slow'],
      ['confirmed', null],
    ]);
  });

  test('is not decided without results of a scenario that shows it, listed in the claim or not', () => {
    expect(outcomes({ pile })).toEqual([
      ['not decided', 'no results of reuse'],
      ['not decided', 'no results of reuse'],
    ]);
  });

  test('is not decided by an unfinished run, though its expectations are confirmed', () => {
    const reuse = { ...reuseResults(), footer: null };
    expect(outcomes({ reuse, pile })[0]).toEqual(['not decided', 'the run of reuse is unfinished: 12 of 12 trials']);
  });

  test('is not decided by results of another text of the scenario', () => {
    const { header, trials, footer } = reuseResults();
    const expectations = header.expectations.map((one, at) =>
      at === 0 ? { ...one, ratio: { above: null, below: 0.9 } } : one,
    );
    const [first, second] = outcomes({ reuse: { header: { ...header, expectations }, trials, footer }, pile });
    expect(first).toEqual([
      'not decided',
      'the results of reuse are of another text of the scenario, or of a part of it: they lack "A kept connection is half as slow"',
    ]);
    expect(second?.[0]).toBe('confirmed');
  });

  test('is not decided where invalid trials leave too few blocks', () => {
    const invalidReasons = [invalidReason('link-late', 'the link was late')];
    const reuse = reuseResults((variant, block) =>
      variant === 'strategy=close' && block === 0 ? { overrides: { valid: false, invalidReasons } } : {},
    );
    expect(outcomes({ reuse, pile })[0]).toEqual(['not decided', 'reuse: A kept connection is half as slow']);
    expect(isKeptOpen(reuse)).toBe(true);
    // The exact count of connections needs no block of the other variant.
    expect(outcomes({ reuse, pile })[1]?.[0]).toBe('confirmed');
  });

  test('an invalid trial that keeps nothing open does not count, nor does what is open for another reason', () => {
    const invalidReasons = [invalidReason('link-late', 'the link was late')];
    const third = results('pile', (_, block) => (block === 0 ? { overrides: { valid: false, invalidReasons } } : {}));
    expect(isKeptOpen(third)).toBe(true);
    expect(isKeptOpen(reuseResults())).toBe(false);
    expect(hasRefuted(pile)).toBe(false);
    expect(hasRefuted(results('pile', () => ({ opened: 5 })))).toBe(true);
  });

  test('the command runs every scenario that shows the claim, those of its list first', () => {
    const commands = claimOutcomes(smallClaims(), scenarios, new Map()).map(commandOf);
    expect(commands).toEqual(['connbench run reuse', 'connbench run pile reuse']);
  });
});
