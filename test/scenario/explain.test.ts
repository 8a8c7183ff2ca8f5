import { describe, expect, it } from 'vitest';
import { planTrials } from '../../src/scenario/plan.ts';
import { briefsOf, scenarioOf } from './read.ts';

const head = `name: x
axes:
  strategy: { close: { strategy: { connection: close } }, keep-alive: {} }
  strategy.pool.size: [1, 8]
explain:
`;

describe('explain', () => {
  it('speaks of one variant by name, and of all that fit a map', () => {
    const text = `${head}  - { of: strategy=close strategy.pool.size=1, text: One. }
  - { of: { strategy: keep-alive }, text: ' Two. ' }
`;
    expect(scenarioOf(text).explanations).toEqual([
      { variants: ['strategy=close strategy.pool.size=1'], text: 'One.' },
      {
        variants: ['strategy=keep-alive strategy.pool.size=1', 'strategy=keep-alive strategy.pool.size=8'],
        text: 'Two.',
      },
    ]);
  });

  it('may be left out or empty', () => {
    expect(scenarioOf('name: x\n').explanations).toEqual([]);
    expect(scenarioOf('name: x\nexplain:\n').explanations).toEqual([]);
  });

  it('keeps in a plan what is about the selected variants', () => {
    const text = `${head}  - { of: { strategy: close }, text: One. }
  - { of: { strategy: keep-alive }, text: Two. }
`;
    const plan = planTrials(scenarioOf(text), { seed: 0, only: ['strategy=close strategy.pool.size=8'] });
    expect(plan.explanations).toEqual([{ variants: ['strategy=close strategy.pool.size=8'], text: 'One.' }]);
  });

  it.each([
    ['no list', 'explain: hello', '5:10 explain: must be a list'],
    ['no text', '  - { of: { strategy: close } }', '6:5 explain[0].text: is missing'],
    [
      'no such alternative',
      '  - { of: { strategy: closed }, text: t }',
      '6:5 explain[0].of: "closed" is not an alternative',
    ],
    ['no such key', '  - { of: { strategy: close }, text: t, why: u }', '6:41 explain[0].why: is not a known key'],
  ])('%s is a problem with its place', (_, item, start) => {
    const text = item.startsWith('explain') ? head.replace('explain:', item) : `${head}${item}\n`;
    const [first, ...others] = briefsOf(text);
    expect(first?.startsWith(start) === true ? start : first).toBe(start);
    expect(others).toEqual([]);
  });
});
