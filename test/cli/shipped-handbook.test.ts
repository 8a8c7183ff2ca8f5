/** The handbook of this repository belongs to its claims and scenarios: every claim decided, with the command that repeats it. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plotPath } from '../../src/catalogue/claim-drawing.ts';
import { claimOutcomes, commandOf } from '../../src/catalogue/claim-outcome.ts';
import { inlineMarkdown } from '../../src/catalogue/inline-text.ts';
import { catalogueScenarios, shippedClaims } from '../../src/cli/catalogue-results.ts';
import { prose } from '../../src/report/markdown-text.ts';

const folder = new URL('../../scenarios/', import.meta.url);
const handbook = readFileSync(new URL('HANDBOOK.md', folder), 'utf8');
const lines = handbook.split('\n');
const scenarios = await catalogueScenarios();
const claims = await shippedClaims(scenarios);

describe.each(claimOutcomes(claims, scenarios, new Map()).map((of) => ({ id: of.claim.id, of })))(
  '$id',
  ({ id, of }) => {
    const { claim } = of;

    it('is decided, in a row with the command', () => {
      const row = lines.find((line) => line.startsWith(`| [${id}](#${id.toLowerCase()}) |`));
      expect(row).toMatch(/\| (confirmed|\*\*refuted\*\*) \|/);
      expect(row).toContain(`\`${commandOf(of)}\``);
    });

    it('has its page, in the words of the claims, with a drawing', () => {
      for (const text of [claim.claim, claim.folklore, claim.finding]) expect(handbook).toContain(inlineMarkdown(text));
      for (const text of Object.values(claim.set)) expect(handbook).toContain(inlineMarkdown(text));
      expect(handbook).toContain(`](${plotPath(claim)})`);
      expect(existsSync(new URL(plotPath(claim), folder))).toBe(true);
    });

    it('rests on results of these very scenarios', () => {
      for (const { scenario } of of.evidence) {
        const own = scenarios.find(({ name }) => name === scenario)!;
        for (const expectation of own.expectations.filter(({ shows }) => shows.includes(id))) {
          expect(
            lines.filter((line) => line.includes(`| \`${scenario}\` |`) && /^\| (confirmed|\*\*refuted)/.test(line)),
          ).toContainEqual(expect.stringContaining(prose(expectation.claim)));
        }
      }
    });
  },
);

it.each(scenarios.map(({ name, group }) => ({ name, group })))('$name was run', ({ name, group }) => {
  const row = lines.find((line) => line.startsWith(`| \`${name}\` | ${group} |`));
  expect(row).toBeDefined();
  expect(row).not.toContain('no results');
});

it('theory and measurement agree within 10 % wherever every assumption holds', () => {
  const ratios = readFileSync(new URL('handbook/models.md', folder), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | '))
    .flatMap(([variant, figure, , , ratio = '-']) =>
      /^[\d.]+$/.test(ratio) ? [{ variant, figure, ratio: Number(ratio) }] : [],
    );
  expect(ratios.length).toBeGreaterThan(100);
  expect(ratios.filter(({ ratio }) => ratio < 0.9 || ratio > 1.1)).toEqual([]);
});
