/**
 * How often the comparison cries wolf, on simulated runs that are as unpleasant as real ones. Per run 3,000 lognormal requests, each
 * like its predecessor (AR(1), 0.95), a run effect of 3 % and a drift of the machine between runs (AR(1), 0.85, 6 %): with them eight
 * blocks have log ratios of a spread of about 8 %. 500 seeded experiments of 16 runs each, some seconds of CPU.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/load/random.ts';
import { detectablePaired, standardDeviation } from '../../src/stats/detectable.ts';
import { normalCdf } from '../../src/stats/distributions.ts';
import { comparePaired } from '../../src/stats/paired.ts';
import type { SideComparison } from '../../src/stats/side-comparison.ts';
import { exactQuantile, mean } from '../../src/stats/summary.ts';
import { compareUnpaired } from '../../src/stats/unpaired.ts';

const experiments = 500;
const blocks = 8;
const requests = 3000;
const requestSpread = 0.18;
const p99Rank = Math.ceil(0.99 * requests);
const options = { margin: 0.05, better: 'lower', alpha: 0.05 } as const;

interface Run {
  readonly p99: number;
  /** ln of each response time, ascending. */
  readonly logs: Float64Array;
}

interface Experiment {
  /** In order of time. */
  readonly p99s: readonly number[];
  /** Block by block, which of the two runs was the base: 0 or 1, by a coin. */
  readonly coins: readonly number[];
  /** The first block's two runs. */
  readonly firstTwo: readonly [Run, Run];
}

function simulateRun(random: Random, level: number): Run {
  const logs = new Float64Array(requests);
  const fresh = Math.sqrt(1 - 0.95 ** 2);
  let state = random.nextNormal();
  for (let request = 0; request < requests; request++) {
    logs[request] = level + requestSpread * state;
    state = 0.95 * state + fresh * random.nextNormal();
  }
  logs.sort();
  return { p99: Math.exp(logs[p99Rank - 1]!), logs };
}

function simulate(random: Random): Experiment {
  let drift = random.nextNormal();
  const runs = Array.from({ length: 2 * blocks }, () => {
    const run = simulateRun(random, 0.06 * drift + 0.03 * random.nextNormal());
    drift = 0.85 * drift + Math.sqrt(1 - 0.85 ** 2) * random.nextNormal();
    return run;
  });
  const coins = Array.from({ length: blocks }, () => random.nextInt(2));
  return { p99s: runs.map(({ p99 }) => p99), coins, firstTwo: [runs[0]!, runs[1]!] };
}

/** The two sides of randomised blocks, the second slower by `factor`. */
function inBlocks({ p99s, coins }: Experiment, factor = 1): readonly [number[], number[]] {
  return [
    coins.map((coin, block) => p99s[2 * block + coin]!),
    coins.map((coin, block) => p99s[2 * block + 1 - coin]! * factor),
  ];
}

/** Welch's t-test on the requests of one run a side, as load testers do it; with 3,000 a side t is normal. */
function welchP([first, second]: readonly [Run, Run]): number {
  const [a, b] = [first, second].map(({ logs }) => {
    const values = Array.from(logs, Math.exp);
    const centre = mean(values)!;
    return { centre, error: values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / requests ** 2 };
  }) as [{ centre: number; error: number }, { centre: number; error: number }];
  return 2 * normalCdf(-Math.abs(a.centre - b.centre) / Math.sqrt(a.error + b.error));
}

/** Whether a bootstrap that takes requests for independent finds the p99 of two runs different. */
function bootstrapDiffers([first, second]: readonly [Run, Run], random: Random): boolean {
  const draw = ({ logs }: Run): number => {
    const times = new Uint16Array(requests);
    for (let request = 0; request < requests; request++) times[random.nextInt(requests)]!++;
    let index = requests;
    for (let above = 0; above <= requests - p99Rank;) above += times[--index]!;
    return logs[index]!;
  };
  const differences = Array.from({ length: 100 }, () => draw(second) - draw(first));
  return exactQuantile(differences, 0.025)! > 0 || exactQuantile(differences, 0.975)! < 0;
}

function share<T>(of: readonly T[], holds: (item: T) => boolean): number {
  return of.filter(holds).length / of.length;
}

/** What a procedure must keep where nothing differs. */
function expectFewFalseAlarms(rate: number): void {
  expect(rate).toBeLessThanOrEqual(0.07);
}

const beyond = ({ verdict }: SideComparison): boolean => verdict === 'regression' || verdict === 'improvement';
const covers =
  (truth: number) =>
  ({ interval }: SideComparison): boolean =>
    interval !== null && interval.low <= truth && truth <= interval.high;

describe('on simulated runs', () => {
  let simulated: readonly Experiment[] = [];
  let same: readonly SideComparison[] = [];
  let slower: readonly SideComparison[] = [];

  beforeAll(() => {
    const random = new Random(20_250_321);
    simulated = Array.from({ length: experiments }, (_, index) => simulate(random.fork(index)));
    same = simulated.map((experiment) => comparePaired(...inBlocks(experiment), options));
    slower = simulated.map((experiment) => comparePaired(...inBlocks(experiment, 1.2), options));
  });

  it('the signed-rank test raises few false alarms', () => {
    const rate = share(same, ({ p }) => p! <= 0.05);
    expectFewFalseAlarms(rate);
    // Its real level is 10/256 = 3.9 %; a test that never rejects would be no test.
    expect(rate).toBeGreaterThan(0.01);
  });

  it('the verdict beyond a margin raises next to none', () => {
    expect(share(same, beyond)).toBeLessThanOrEqual(0.004);
  });

  it('the interval covers the truth', () => {
    expect(share(same, covers(1))).toBeGreaterThanOrEqual(0.93);
    expect(share(slower, covers(1.2))).toBeGreaterThanOrEqual(0.93);
  });

  it('a change of 20 % is found', () => {
    expect(share(slower, ({ p }) => p! <= 0.05)).toBeGreaterThanOrEqual(0.95);
    expect(share(slower, ({ verdict }) => verdict === 'regression')).toBeGreaterThanOrEqual(0.85);
    expect(share(slower, ({ verdict }) => verdict === 'improvement')).toBe(0);
  });

  it('the smallest detectable change is found about as often as it says', () => {
    // Eight blocks know their spread badly, and more often too low than too high: what is promised is promised for the true spread.
    const spreads = simulated.map((experiment) => {
      const [base, other] = inBlocks(experiment);
      return standardDeviation(base.map((value, block) => Math.log(other[block]! / value)))!;
    });
    const typical = detectablePaired(Math.sqrt(mean(spreads.map((spread) => spread ** 2))!), blocks, options.alpha)!;
    const changed = simulated.map((experiment) => comparePaired(...inBlocks(experiment, 1 + typical), options));
    const found = share(changed, ({ p }) => p! <= 0.05);
    expect(found).toBeGreaterThan(0.75);
    expect(found).toBeLessThan(0.85);
  });

  it('the rank-sum test raises few false alarms where the runs were interleaved', () => {
    expectFewFalseAlarms(
      share(simulated, (experiment) => compareUnpaired(...inBlocks(experiment), options).p! <= 0.05),
    );
  });

  it('the same limit catches procedures that are wrong', () => {
    const oneAfterTheOther = share(simulated, ({ p99s }) => {
      return compareUnpaired(p99s.slice(0, blocks), p99s.slice(blocks), options).p! <= 0.05;
    });
    const welch = share(simulated, ({ firstTwo }) => welchP(firstTwo) <= 0.05);
    const random = new Random(5);
    const bootstrap = share(simulated.slice(0, 100), ({ firstTwo }) => bootstrapDiffers(firstTwo, random));
    for (const rate of [oneAfterTheOther, welch, bootstrap]) {
      expect(() => {
        expectFewFalseAlarms(rate);
      }).toThrow();
    }
    expect(oneAfterTheOther).toBeGreaterThan(0.15);
    expect(welch).toBeGreaterThan(0.6);
    expect(bootstrap).toBeGreaterThan(0.3);
  });
});
