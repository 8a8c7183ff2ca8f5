/** Claims are judged by the rules of every comparison: survivors, thin tails, and counts that never vary. */
import { describe, expect, test } from 'vitest';
import { judgeClaims, type ClaimCase } from '../../src/compare/claims.ts';
import type { ExpectationRecord } from '../../src/results/run-plan.ts';
import { run, type TrialChoice } from '../results/fixtures.ts';
import { two } from './runs.ts';

const half = { below: 0.5, above: null };

/** The only case of a claim about `s=b`, against `s=a` unless it is about a value. */
function judge(
  metric: string,
  bounds: Pick<ExpectationRecord, 'ratio' | 'value'>,
  choose: (name: string, block: number) => TrialChoice,
  blocks = 6,
): ClaimCase {
  const against = bounds.ratio === null ? null : { s: 'a' };
  const expectations = [{ claim: 'c', metric, of: { s: 'b' }, against, ...bounds }];
  const results = run({ variants: two, blocks, expectations }, choose);
  return judgeClaims(results)[0]!.cases[0]!;
}

describe('lost requests', () => {
  const faster = (name: string): TrialChoice =>
    name === 's=b' ? { p50Ns: 400, p99Ns: 800, failed: 100 } : { p50Ns: 1000, p99Ns: 2000 };

  test('withhold the verdict on a tail', () => {
    // 100 of 20,100.
    const p99 = judge('latency.response.p99', { ratio: half, value: null }, faster);
    expect(p99).toMatchObject({ outcome: 'not decided', estimate: null });
    expect(p99.reason).toBe(
      'withheld: 0.498 % of the requests were lost against 0 %, and the latency is that of the others',
    );
    const alone = judge('latency.response.p99', { ratio: null, value: { below: 1000, above: null } }, faster);
    expect(alone).toMatchObject({
      outcome: 'not decided',
      reason: 'withheld: 0.498 % of the requests were lost, and the latency is that of the others',
    });
  });

  test('that are few beside the middle leave the median as it is', () => {
    expect(judge('latency.response.p50', { ratio: half, value: null }, faster).outcome).toBe('confirmed');
  });
});

test('a quantile of the tail needs 100 requests beyond it, the median none', () => {
  const claim = (metric: string, samples: number): ClaimCase =>
    judge(metric, { ratio: half, value: null }, (name) =>
      name === 's=b' ? { p50Ns: 400, p99Ns: 800, samples } : { p50Ns: 1000, p99Ns: 2000 },
    );
  expect(claim('latency.response.p99', 10_000).outcome).toBe('confirmed');
  expect(claim('latency.response.p99', 9999)).toMatchObject({ outcome: 'not decided' });
  expect(claim('latency.response.p50', 60).outcome).toBe('confirmed');
});

describe('counts that never vary', () => {
  const opened = (count: number, blocks: number, vary = 0): ClaimCase =>
    judge(
      'connections.opened',
      { ratio: null, value: { below: 10, above: null } },
      (_, block) => ({ opened: count + vary * block }),
      blocks,
    );

  test('are known after two blocks', () => {
    expect(opened(8, 2)).toMatchObject({
      outcome: 'confirmed',
      blocks: 2,
      interval: { low: 8, high: 8 },
      reason: 'the value is 8, below 10',
    });
    expect(opened(12, 2).outcome).toBe('refuted');
  });

  test('but not after one, nor where they do vary', () => {
    expect(opened(8, 1).outcome).toBe('not decided');
    expect(opened(7, 2, 1).outcome).toBe('not decided');
  });

  test('on both sides, for a ratio', () => {
    const ratio = judge(
      'connections.opened',
      { ratio: half, value: null },
      (name) => ({ opened: name === 's=b' ? 2 : 8 }),
      2,
    );
    expect(ratio).toMatchObject({ outcome: 'confirmed', estimate: 0.25, blocks: 2 });
  });
});
