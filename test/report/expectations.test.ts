/** Claims of a scenario: pairing of variants and blocks, outcomes, and what keeps a claim undecided. */
import { describe, expect, test } from 'vitest';
import { judgeClaims, type ClaimResult } from '../../src/compare/claims.ts';
import { claimLines } from '../../src/report/expectations.ts';
import type { ExpectationRecord } from '../../src/results/run-plan.ts';
import { run, variant, type TrialChoice } from '../results/fixtures.ts';

const variants = [
  variant('close/1', { strategy: 'close', rtt: '1ms' }),
  variant('keep/1', { strategy: 'keep', rtt: '1ms' }),
  variant('close/9', { strategy: 'close', rtt: '9ms' }),
  variant('keep/9', { strategy: 'keep', rtt: '9ms' }),
];
const claim: ExpectationRecord = {
  claim: 'Reuse is faster',
  metric: 'latency.response.p50',
  of: { strategy: 'keep', rtt: '9ms' },
  against: { strategy: 'close', rtt: '9ms' },
  ratio: { below: 0.6, above: null },
  value: null,
};

function judge(
  change: Partial<ExpectationRecord>,
  blocks = 6,
  choose: (name: string, block: number) => TrialChoice = (name) => ({ p50Ns: name.startsWith('keep') ? 1000 : 2000 }),
): ClaimResult {
  const results = run({ variants, blocks, expectations: [{ ...claim, ...change }] }, choose);
  return judgeClaims(results)[0]!;
}

describe('judgeClaims', () => {
  test('confirms what holds in every block', () => {
    const result = judge({});
    expect(result.outcome).toBe('confirmed');
    expect(result.cases).toEqual([
      {
        of: 'keep/9',
        against: 'close/9',
        blocks: 6,
        outcome: 'confirmed',
        estimate: 0.5,
        interval: { low: 0.5, high: 0.5 },
        reason: 'the ratio is 0.5, below 0.6',
      },
    ]);
    expect(claimLines(result)).toEqual([
      'confirmed: Reuse is faster',
      'latency.response.p50, keep/9 over close/9, 6 blocks: the ratio is 0.5, below 0.6',
    ]);
  });

  test('refutes what does not', () => {
    expect(judge({ ratio: { below: 0.4, above: null } }).outcome).toBe('refuted');
  });

  test('judges a value by itself', () => {
    const value = { of: { strategy: 'keep', rtt: '1ms' }, against: null, ratio: null, metric: 'connections.opened' };
    expect(judge({ ...value, value: { below: 9, above: null } }).outcome).toBe('confirmed');
    expect(judge({ ...value, value: { below: 9, above: 8 } }).outcome).toBe('refuted');
  });

  test('pairs every variant that fits with the one that differs only as the claim says', () => {
    const result = judge({ of: { strategy: 'keep' }, against: { strategy: 'close' } });
    expect(result.cases.map(({ of, against }) => [of, against])).toEqual([
      ['keep/1', 'close/1'],
      ['keep/9', 'close/9'],
    ]);
    expect(result.outcome).toBe('confirmed');
  });

  test('is refuted as a whole where one pair refutes it', () => {
    const result = judge({ of: { strategy: 'keep' }, against: { strategy: 'close' } }, 6, (name) => ({
      p50Ns: name === 'keep/1' || name.startsWith('close') ? 2000 : 1000,
    }));
    expect(result.cases.map(({ outcome }) => outcome)).toEqual(['refuted', 'confirmed']);
    expect(result.outcome).toBe('refuted');
  });

  test('leaves a block out where either side is invalid', () => {
    const result = judge({}, 7, (name, block) => ({
      p50Ns: name.startsWith('keep') ? 1000 : 2000,
      ...(name === 'close/9' && block === 3 ? { p50Ns: 1, overrides: { valid: false } } : {}),
    }));
    expect(result.cases[0]).toMatchObject({ blocks: 6, outcome: 'confirmed' });
  });

  test.each<[string, Partial<ExpectationRecord>, number, string]>([
    ['too few blocks', {}, 1, 'a decision needs at least 6 blocks, there is 1; the ratio is 0.5'],
    ['an unknown metric', { metric: 'latency.response.p5x' }, 6, 'a trial record has no figure latency.response.p5x'],
    ['a metric that is no number', { metric: 'client.name' }, 6, 'a trial record has no figure client.name'],
    ['an inherited name', { metric: 'requests.constructor' }, 6, 'a trial record has no figure requests.constructor'],
    ['a missing figure', { metric: 'link.packets' }, 6, 'the metric is missing: host mode has no link of its own'],
    ['a zero to divide by', { metric: 'requests.failed' }, 6, 'the ratio is undefined'],
  ])('decides nothing with %s', (_, change, blocks, reason) => {
    const result = judge(change, blocks);
    expect(result.outcome).toBe('not decided');
    expect(result.cases[0]?.reason).toContain(reason);
  });

  test('decides nothing without a variant that fits, or with itself to compare', () => {
    for (const change of [{ of: { strategy: 'none' } }, { against: { strategy: 'keep' } }]) {
      expect(judge(change)).toMatchObject({
        outcome: 'not decided',
        reason: 'no variant of this run fits the claim',
        cases: [],
      });
    }
  });
});
