import { describe, expect, it } from 'vitest';
import { briefsOf, problemsOf, scenarioOf } from './read.ts';

// A refusal that did the work first would run into the time limit of the test, or out of memory.
describe('text that would cost too much is refused', () => {
  it('a YAML bomb', () => {
    const levels = Array.from({ length: 30 }, (_, level) => {
      const above = `*l${level - 1}`;
      return `l${level}: &l${level} ${level === 0 ? '[x, x]' : `[${Array<string>(9).fill(above).join(', ')}]`}`;
    });
    expect(briefsOf(`name: x\n${levels.join('\n')}`)).toEqual([
      expect.stringMatching(/^\d+:\d+ l\d+\[\d+\]: the aliases of this file stand for more than 10000 values$/),
    ]);
  });

  it('an anchor that contains itself', () => {
    expect(briefsOf('name: x\nbase: &a { load: *a }')).toEqual([
      '2:18 base.load: the alias "*a" points at something that contains it',
    ]);
  });

  it.each([
    ['lists in lists', '['.repeat(100_000)],
    ['maps in maps', '{a: '.repeat(100_000)],
    ['block lists', '- '.repeat(100_000)],
    ['keys of keys', '? '.repeat(100_000)],
    ['41 levels', `name: ${'['.repeat(41)}${']'.repeat(41)}`],
  ])('deep nesting: %s', (_name, text) => {
    expect(problemsOf(text).map(({ message }) => message)).toEqual(['is nested deeper than 40 levels']);
  });

  it.each([
    ['commas', `[${','.repeat(999_000)}`],
    ['brackets', ']'.repeat(999_000)],
    ['tags', '!a '.repeat(300_000)],
  ])('a million %s', (_name, text) => {
    expect(problemsOf(text).map(({ message }) => message)).toEqual(['holds more than 300000 YAML tokens']);
  });

  it('a million bytes and one', () => {
    const text = `name: x #${' '.repeat(999_992)}`;
    expect(text).toHaveLength(1_000_001);
    expect(briefsOf(text)).toEqual(['0:0 : is 1000001 bytes; a scenario file may have at most 1000000']);
    expect(briefsOf(text.slice(0, -1))).toEqual([]);
  });

  it('a million variants by two axes', () => {
    const list = Array.from({ length: 1000 }, (_, index) => index + 1).join(', ');
    expect(
      briefsOf(`name: x\naxes:\n  strategy.pool.size: [${list}]\n  strategy.pool.maxRequests: [${list}]\n`),
    ).toEqual(['3:3 axes: makes 1000000 variants (1000 x 1000); at most 10000 are run']);
  });

  it('10^40 variants by twenty axes, and more axes than twenty', () => {
    const alternatives = Array.from({ length: 100 }, (_, index) => `a${index}: {}`).join(', ');
    const axes = Array.from({ length: 20 }, (_, index) => `  x${index}: { ${alternatives} }`);
    expect(problemsOf(`name: x\naxes:\n${axes.join('\n')}`).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^makes 1e\+40 variants/),
    ]);
    expect(briefsOf(`name: x\naxes:\n${axes.join('\n')}\n  y: { a: {} }`)).toEqual([
      '3:3 axes: has 21 axes; at most 20 are read',
    ]);
  });

  it('more than 100,000 trials', () => {
    const list = Array.from({ length: 101 }, (_, index) => index + 1).join(', ');
    expect(briefsOf(`name: x\nblocks: 1000\naxes: { strategy.pool.size: [${list}] }`)).toEqual([
      '2:1 blocks: 101 variants in 1000 blocks are 101000 trials; at most 100000 are run',
    ]);
  });

  it('one key fifty thousand times, each said to be given twice', () => {
    const text = `name: x\n${'question: y\n'.repeat(50_000)}`;
    expect(problemsOf(text)).toHaveLength(49_999);
  });

  it('fifty thousand unknown keys, each listed', () => {
    const keys = Array.from({ length: 50_000 }, (_, index) => `k${index}: 1`);
    expect(problemsOf(`name: x\n${keys.join('\n')}`)).toHaveLength(50_000);
  });

  it('a hundred thousand syntax errors: a thousand are listed', () => {
    const problems = problemsOf(`name: x\nbase: ${']'.repeat(100_000)}`);
    expect(problems).toHaveLength(1001);
    expect(problems.at(-1)?.message).toMatch(/^and \d+ more YAML errors$/);
  });
});

it('ten thousand variants are made', () => {
  const list = Array.from({ length: 100 }, (_, index) => index + 1).join(', ');
  const text = `name: x\naxes: { strategy.pool.size: [${list}], strategy.pool.maxRequests: [${list}] }`;
  expect(scenarioOf(text).variants).toHaveLength(10_000);
});
