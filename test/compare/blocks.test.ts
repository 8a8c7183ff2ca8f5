/** One variant against another over the blocks of a run: which blocks count, and when there is no verdict. */
import { describe, expect, test } from 'vitest';
import { compareOverBlocks, type BlockComparison } from '../../src/compare/blocks.ts';
import type { TrialChoice } from '../results/fixtures.ts';
import { runOf } from './runs.ts';

/** `s=b` against `s=a`, whose p50 is 1000 ns and whose p99 is 2000 ns. */
function compared(
  metric: string,
  choose: (block: number) => TrialChoice,
  base: TrialChoice = {},
  blocks = 8,
): BlockComparison | null {
  const { trials } = runOf(choose, blocks, base);
  const of = (name: string) => trials.filter(({ variant, valid }) => variant === name && valid);
  return compareOverBlocks(of('s=b'), of('s=a'), metric, 0.1);
}

const p50 = 'latency.response.p50';
const p99 = 'latency.response.p99';

describe('compareOverBlocks', () => {
  test('judges ratios of the same block', () => {
    const found = compared(p99, () => ({ p99Ns: 1000 }));
    expect(found).toEqual({
      metric: p99,
      blocks: 8,
      estimate: 0.5,
      interval: { low: 0.5, high: 0.5 },
      verdict: 'improvement',
      reason: null,
    });
    expect(compared(p99, () => ({ p99Ns: 1000 }), {}, 5)).toBeNull();
  });

  test('gives no verdict on a quantile that too few requests are beyond', () => {
    // Of 1,500 requests 15 are beyond rank 1,485.
    const found = compared(p99, (block) => ({ p99Ns: 1000, samples: block === 3 ? 1500 : 20_000 }));
    expect(found).toMatchObject({ estimate: 0.5, verdict: null });
    expect(found?.reason).toBe(
      'a verdict needs 10,000 requests in every trial, for 100 beyond the quantile; one has 15 beyond it',
    );
    expect(compared(p50, () => ({ p50Ns: 500, samples: 1500 }))).toMatchObject({
      verdict: 'improvement',
      reason: null,
    });
  });

  test('gives none on the latency of survivors', () => {
    // 40 of 20,040 are 0.2 %: more than a tenth of what is beyond the p99, less than a tenth of what is beyond the p50.
    const lossy = { p50Ns: 500, p99Ns: 1000, failed: 40 };
    const found = compared(p99, () => lossy);
    expect(found).toMatchObject({ estimate: 0.5, verdict: null });
    expect(found?.reason).toBe(
      'withheld: 0.2 % of the requests were lost against 0 %, and the latency is that of the others',
    );
    expect(compared(p50, () => lossy)).toMatchObject({ verdict: 'improvement' });
    expect(compared(p99, () => lossy, { failed: 40 })).toMatchObject({ verdict: 'improvement' });
  });
});
