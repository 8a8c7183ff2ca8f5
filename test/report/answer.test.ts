/** The answer: who wins, level variants, disqualified ones, references, and what blocks add. */
import { describe, expect, test } from 'vitest';
import { answerSentences } from '../../src/report/answer-text.ts';
import { answersOf, type GroupAnswer } from '../../src/report/answer.ts';
import { defaultRun, run, variant, type RunChoice, type TrialChoice } from '../results/fixtures.ts';

function answer(figures: Readonly<Record<string, TrialChoice>>, choice: Partial<RunChoice> = {}): GroupAnswer {
  const variants = Object.keys(figures).map((name) => variant(`strategy=${name}`, { strategy: name }));
  const results = run({ variants, ...choice }, (name) => figures[name.slice('strategy='.length)]!);
  const answers = answersOf(results);
  expect(answers).toHaveLength(1);
  return answers[0]!;
}

const names = (members: readonly { readonly shortLabel: string }[]): string[] =>
  members.map(({ shortLabel }) => shortLabel);
const text = (of: GroupAnswer): string => answerSentences(of).join(' ');

const invalid: TrialChoice = {
  p50Ns: 1000,
  overrides: { valid: false, invalidReasons: [{ code: 'server-died', message: 'gone' }] },
};

describe('the winner', () => {
  test('is the fastest on p50 and p99', () => {
    const result = answer({ close: { p50Ns: 900_000, p99Ns: 2_000_000 }, a: { p50Ns: 300_000, p99Ns: 800_000 } });
    expect(result.winner?.shortLabel).toBe('a');
    expect(text(result)).toMatch(/^a answers fastest\. Compared with close: response p50 0\.300 ms against 0\.900 ms/);
  });

  test('is the cheapest of those within 5 % of the best', () => {
    const result = answer({
      close: { p50Ns: 900_000, p99Ns: 2_000_000, opened: 900 },
      many: { p50Ns: 300_000, p99Ns: 800_000, opened: 64 },
      few: { p50Ns: 312_000, p99Ns: 835_000, opened: 8 },
      slower: { p50Ns: 318_000, p99Ns: 835_000, opened: 1 },
    });
    expect(result.winner?.shortLabel).toBe('few');
    expect(names(result.levelWith)).toEqual(['many']);
    expect(text(result)).toContain('few and many answer fastest, level within 5 %; few is the cheapest of them.');
  });

  test('of equals is said to be only the cheapest', () => {
    const result = answer({ a: { opened: 9 }, b: { opened: 3 } });
    expect(text(result)).toContain('All variants are level within 5 % on p50 and p99; b is the cheapest.');
    expect(text(result)).toContain('(level)');
  });

  test('is said to have the lowest figures where one block tells them apart by the p99 alone', () => {
    const result = answer({ a: { p50Ns: 300_000, p99Ns: 800_000 }, b: { p50Ns: 305_000, p99Ns: 1_600_000 } });
    expect(text(result)).toMatch(/^a has the lowest figures\. Compared with b /);
    const level = answer({
      many: { p50Ns: 300_000, p99Ns: 800_000, opened: 64 },
      few: { p50Ns: 301_000, p99Ns: 801_000 },
      close: { p50Ns: 305_000, p99Ns: 1_600_000 },
    });
    expect(text(level)).toMatch(
      /^few and many have the lowest figures, level within 5 %; few is the cheapest of them\./,
    );
  });

  test('is the better compromise where one has the best p50 and another the best p99', () => {
    const result = answer({
      low50: { p50Ns: 100_000, p99Ns: 3_000_000 },
      low99: { p50Ns: 200_000, p99Ns: 1_000_000 },
    });
    // Products: 3e11 against 2e11.
    expect(result.winner?.shortLabel).toBe('low99');
    expect(text(result)).toContain('No variant is best at both: low50 has the lowest p50 and low99 the lowest p99.');
  });

  test('is never one that lost materially more requests', () => {
    const result = answer({
      lossy: { p50Ns: 100_000, p99Ns: 200_000, failed: 400 },
      sound: { p50Ns: 300_000, p99Ns: 600_000 },
      close: { p50Ns: 900_000, p99Ns: 2_000_000, failed: 10 },
    });
    expect(result.winner?.shortLabel).toBe('sound');
    // 400 of 20400; 10 of 20010 is below the 0.1 % that matters.
    expect(text(result)).toContain('lossy is out of the comparison: 1.96 % of its requests were lost, against 0 %.');
    expect(names(result.excluded.map(({ member }) => member))).toEqual(['lossy']);
  });

  test('is never one without a valid trial', () => {
    const result = answer({ invalid, a: { p50Ns: 300_000 }, b: { p50Ns: 600_000 } });
    expect(result.winner?.shortLabel).toBe('a');
    expect(text(result)).toContain('invalid is out of the comparison: no valid trial.');
  });

  test.each<[string, Readonly<Record<string, TrialChoice>>, string]>([
    [
      'one variant',
      { only: {} },
      'only is the only variant with figures that can be compared: p50 0.210 ms, p99 0.641 ms.',
    ],
    ['one valid variant', { only: {}, invalid }, 'only is the only variant with figures that can be compared'],
    ['no valid variant', { invalid }, 'No variant has figures that can be compared.'],
  ])('is nobody with %s', (_, figures, sentence) => {
    const result = answer(figures);
    expect(result.winner).toBeNull();
    expect(text(result)).toContain(sentence);
  });

  test('is nobody under a load that one variant has', () => {
    const variants = [
      variant('load=slow', { load: 'slow' }, { ratePerSecond: 10 }),
      variant('load=fast', { load: 'fast' }, { ratePerSecond: 99 }),
    ];
    const [first] = answersOf(run({ variants }, () => ({})));
    expect(text(first!)).toBe(
      'slow is the only variant with its load, network and response: p50 0.210 ms, p99 0.641 ms.',
    );
  });

  test('says what is missing in the price', () => {
    const result = answer({ close: { p50Ns: 900_000, serverFds: null }, a: { p50Ns: 300_000 } });
    expect(text(result)).toContain('peak FDs, client/server 40/31 instead of 40/-;');
  });
});

describe('the reference', () => {
  const figures = {
    fast: { p50Ns: 100_000, p99Ns: 200_000 },
    close: { p50Ns: 300_000, p99Ns: 600_000 },
    slow: { p50Ns: 900_000, p99Ns: 990_000 },
  };

  test.each<[string, Partial<RunChoice>, string, string]>([
    ['the baseline', { baseline: { strategy: 'slow' } }, 'slow', 'baseline'],
    ['the closing variant without a baseline', {}, 'close', 'close'],
    ['the closing variant where the baseline wins', { baseline: { strategy: 'fast' } }, 'close', 'close'],
  ])('is %s', (_, choice, name, referenceIs) => {
    const result = answer(figures, choice);
    expect([result.reference?.shortLabel, result.referenceIs]).toEqual([name, referenceIs]);
  });

  test('is the slowest where no variant closes', () => {
    const result = answer({ fast: figures.fast, slow: figures.slow });
    expect([result.reference?.shortLabel, result.referenceIs]).toEqual(['slow', 'slowest']);
    expect(text(result)).toContain('Compared with slow (the slowest):');
  });
});

describe('groups', () => {
  test('keep closed and open load apart', () => {
    const answers = answersOf(defaultRun());
    expect(answers.map(({ group, winner }) => [group.name, winner?.shortLabel])).toEqual([
      ['load=closed', 'pool-8'],
      ['load=open', 'pool-8'],
    ]);
  });

  test('name only the axes that set the load', () => {
    const closed = { users: 1 };
    const open = { rate: 1 };
    const variants = [
      variant('1', { strategy: 'a', load: 'closed', tcp: 'x' }, closed),
      variant('2', { strategy: 'b', load: 'closed', tcp: 'y' }, closed),
      variant('3', { strategy: 'a', load: 'open', tcp: 'x' }, open),
      variant('4', { strategy: 'b', load: 'open', tcp: 'y' }, open),
    ];
    const answers = answersOf(run({ variants }, () => ({})));
    expect(answers.map(({ group }) => [group.name, names(group.members)])).toEqual([
      ['load=closed', ['a, x', 'b, y']],
      ['load=open', ['a, x', 'b, y']],
    ]);
  });
});

describe('blocks', () => {
  const eight = (fast: (block: number) => number): GroupAnswer => {
    const variants = ['close', 'a'].map((name) => variant(`strategy=${name}`, { strategy: name }));
    const results = run({ variants, blocks: 8 }, (name, block) =>
      name === 'strategy=close' ? { p50Ns: 1_000_000, p99Ns: 2_000_000 } : { p50Ns: fast(block), p99Ns: 2_000_000 },
    );
    return answersOf(results)[0]!;
  };

  test('too few give figures and no verdict', () => {
    const result = answer({ close: { p50Ns: 900_000 }, a: {} }, { blocks: 5 });
    expect(result.overBlocks).toEqual({ p50: null, p99: null });
    expect(text(result)).toContain('5 blocks: figures, not a verdict; --blocks 8 gives one.');
  });

  test('enough say whether the gain holds', () => {
    const result = eight(() => 500_000);
    expect(result.overBlocks.p50).toMatchObject({ blocks: 8, verdict: 'improvement' });
    expect(text(result)).toContain('p50 0.500 times (95 % interval 0.500 to 0.500: faster)');
    expect(text(result)).toContain('p99 1.00 times (95 % interval 1.00 to 1.00: no difference that matters)');
  });

  test('give no verdict on a quantile with too few requests beyond it', () => {
    // Of 1,500 requests 15 are beyond rank 1,485, and 750 beyond the p50.
    const figures = { close: { p50Ns: 900_000, p99Ns: 2_000_000 }, a: { p50Ns: 450_000, p99Ns: 1_000_000 } };
    const few = Object.fromEntries(Object.entries(figures).map(([name, one]) => [name, { ...one, samples: 1500 }]));
    const result = answer(few, { blocks: 8 });
    expect(result.overBlocks.p99).toMatchObject({ verdict: null });
    expect(text(result)).toContain(
      'Over 8 blocks, a relative to close: p50 0.500 times (95 % interval 0.500 to 0.500: faster) and p99 ',
    );
    expect(text(result)).toContain(
      'p99 figures only (a verdict needs 10,000 requests in every trial, for 100 beyond the quantile; one has 15 beyond it).',
    );
    expect(text(result)).toMatch(/^a answers fastest\./);
  });

  test('say that the winner was chosen by the same figures', () => {
    const result = answer(
      { close: { p50Ns: 900_000 }, a: { p50Ns: 450_000 }, b: { p50Ns: 600_000 }, invalid },
      { blocks: 8 },
    );
    expect(text(result)).toContain(
      'Over 8 blocks, a, chosen from 3 variants by the same figures, relative to close: p50 ',
    );
  });

  test('that disagree take the claim back', () => {
    // The median block is 10 % faster, but two of eight are twice as slow: the interval reaches past 1.
    const result = eight((block) => (block % 4 === 0 ? 2_000_000 : 900_000));
    expect(result.overBlocks.p50?.verdict).toBe('inconclusive');
    expect(text(result)).toContain('a has the lowest figures, but the blocks show no gain.');
  });

  test('with an invalid side are left out on both', () => {
    const variants = ['close', 'a'].map((name) => variant(`strategy=${name}`, { strategy: name }));
    const results = run({ variants, blocks: 8 }, (name, block) =>
      name === 'strategy=a' && block < 2 ? invalid : { p50Ns: name === 'strategy=a' ? 100_000 : 300_000 },
    );
    const result = answersOf(results)[0]!;
    expect(result.overBlocks.p50?.blocks).toBe(6);
  });
});
