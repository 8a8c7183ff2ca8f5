import { describe, expect, test } from 'vitest';
import { renderHandbook } from '../../src/catalogue/handbook.ts';
import { invalidReason } from '../../src/results/warnings.ts';
import type { ScenarioResults } from '../../src/catalogue/claim-outcome.ts';
import { results, reuseResults, scenarios, smallClaims } from './small-catalogue.ts';

function handbook(runs: Readonly<Record<string, ScenarioResults>>): ReturnType<typeof renderHandbook> {
  return renderHandbook({ claims: smallClaims(), scenarios, runs: new Map(Object.entries(runs)) });
}

const troubled = reuseResults((variant, block) =>
  variant === 'strategy=close' && block === 5
    ? { overrides: { valid: false, invalidReasons: [invalidReason('link-late', '3 % were | late')] } }
    : {},
);

describe('the handbook', () => {
  test('of results with an invalid trial, and of a scenario without results', async () => {
    const [page, ...drawings] = handbook({ reuse: troubled });
    await expect(page!.text).toMatchFileSnapshot('golden/handbook.md');
    expect(drawings.map(({ path }) => path)).toEqual(['handbook/C1.svg']);
    await expect(drawings[0]!.text).toMatchFileSnapshot('golden/C1.svg');
  });

  test('is the same for the same results, in whatever order they were found', () => {
    const pile = results('pile', () => ({ opened: 1 }));
    const reuse = reuseResults();
    expect(handbook({ reuse, pile })).toEqual(handbook({ pile, reuse }));
  });

  test('without any results it says how to get them, and has no drawing', () => {
    const [page, ...drawings] = handbook({});
    expect(drawings).toEqual([]);
    expect(page!.text).toContain('There are no results of `reuse`: `connbench catalogue --only reuse`');
    expect(page!.text).toContain('2 claims: 2 not decided.');
  });

  test('nothing of the claims file becomes markup', () => {
    const { text } = handbook({})[0]!;
    expect(text).toContain('**What is said.** It is &lt;b&gt;free&lt;/b&gt;.');
    expect(text).toContain('**Claim.** Reuse saves a handshake, \\*mostly\\*.');
    expect(text).toContain('## C1: Reuse &#124; pays');
    expect(text).toContain('| Node | Set `keepAlive: true`. |');
  });

  test('every invalid trial is in it, with its reason and what to do', () => {
    const { text } = handbook({ reuse: troubled })[0]!;
    expect(text).toContain('- `reuse`: 1 of 12 trials is invalid:');
    expect(text).toContain('    - `strategy=close`, block 6: 3 % were &#124; late');
    expect(text).toContain('Free a processor for the emulated link');
  });
});
