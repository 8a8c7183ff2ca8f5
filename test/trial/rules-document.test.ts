/** docs/rules.md is made from the rules: `npx vitest run test/trial/rules-document.test.ts -u` writes it anew. */
import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { invalidAdvice, invalidCodes, warningAdvice } from '../../src/results/warnings.ts';
import type { InvalidRule, WarningRule } from '../../src/trial/rule.ts';
import { invalidRules, warningRules } from '../../src/trial/rules.ts';

type Rules = readonly (InvalidRule | WarningRule)[];

const document = '../../docs/rules.md';

/** `lagP99Ns: 1e6` -> `lag p99 1 ms`: the end of a name is its unit. */
function threshold([name, value]: [string, number]): string {
  const [, what = '', unit = ''] = /^(.*?)(Ns|Ms)?$/.exec(name) ?? [];
  const words = what.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
  const exact = (figure: number): string => String(Number(figure.toPrecision(6)));
  if (words.endsWith('share')) return `${words} ${exact(value * 100)} %`;
  if (unit === '') return `${words} ${exact(value)}`;
  return `${words} ${exact(unit === 'Ns' ? value / 1e6 : value)} ms`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** A code with what to do about it, and every rule that makes it. */
function entry(code: string, advice: string | undefined, rules: Rules): string {
  const lines = rules.map(({ thresholds, reason, needs }) => {
    const limits = Object.entries(thresholds).map(threshold).join(', ');
    return `- ${limits === '' ? '' : `**${limits}**: `}${sentence(reason)} Looks at ${needs}.`;
  });
  return [
    `### ${code}`,
    ...(advice === undefined ? [] : [advice]),
    ...(lines.length === 0 ? [] : [lines.join('\n')]),
  ].join('\n\n');
}

function text(): string {
  const made = new Set<string>([...invalidRules, ...warningRules].map(({ code }) => code));
  const ruledInvalid = invalidCodes.filter((code) => made.has(code));
  const ofSteps = invalidCodes.filter((code) => !made.has(code));
  const advice = Object.entries(warningAdvice);
  const ofImports = advice.filter(([code]) => !made.has(code));
  const rulesOf = (rules: Rules, code: string): Rules => rules.filter((rule) => rule.code === code);
  const code = (word: string): string => `\`${word}\``;
  return [
    '# The rules about trials',
    '<!-- Made from src/trial/rules.ts by test/trial/rules-document.test.ts. Do not edit. -->',
    'After each trial connbench judges it, and itself, by fixed rules. What each looks at is in the result file (`selfCheck`, `reconciliation`, `requests`, `latency`). A rule whose figures could not be had says nothing. How to read the figures: [measurement.md](measurement.md).',
    '## Reasons that make a trial invalid',
    `The figures of such a trial are in no median and no comparison; \`run\` ends with exit code 6. ${ofSteps.map(code).join(', ')} are no rules: a step of the trial failed, and the message says how.`,
    ...ruledInvalid.map((word) => entry(word, invalidAdvice[word], rulesOf(invalidRules, word))),
    '## Warnings',
    `The figures stand; the warning says what to know before using them. ${ofImports.map(([word]) => code(word)).join(', ')} are of imported figures.`,
    ...advice
      .filter(([word]) => made.has(word))
      .map(([word, change]) => entry(word, change, rulesOf(warningRules, word))),
  ].join('\n\n');
}

it('docs/rules.md has every rule, as it is', async () => {
  const options = await resolveConfig(new URL(document, import.meta.url).pathname);
  await expect(await format(text(), { ...options, parser: 'markdown' })).toMatchFileSnapshot(document);
});

it.each(['README.md', 'docs/measurement.md'])('%s names every reason that makes a trial invalid', async (file) => {
  const words = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
  expect(invalidCodes.filter((code) => !words.includes(`\`${code}\``))).toEqual([]);
});
