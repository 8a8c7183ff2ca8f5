/** JUnit XML: gates, claims and validity as cases, well-formed whatever the names. */
import * as fastXml from 'fast-xml-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderJunit } from '../../src/report/junit.ts';
import { run, variant } from '../results/fixtures.ts';
import { emptyInput, hostileInput, reported, smallComparison, smallInput, smallRun } from './report-inputs.ts';

/** The validator is marked as deprecated in favour of a package that holds the same code. */
const { validate } = (fastXml as unknown as { XMLValidator: { validate: (xml: string) => unknown } }).XMLValidator;

interface Case {
  readonly '@name': string;
  readonly failure?: { readonly '@message': string; readonly '#text': string };
  readonly error?: { readonly '@message': string; readonly '#text': string };
  readonly skipped?: { readonly '@message': string };
}
interface Suite {
  readonly '@name': string;
  readonly '@tests': string;
  readonly testcase: readonly Case[];
}

function suitesOf(text: string): readonly Suite[] {
  expect(validate(text)).toBe(true);
  const parser = new fastXml.XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    isArray: (name) => name === 'testsuite' || name === 'testcase',
  });
  const { testsuites } = parser.parse(text) as { testsuites: { testsuite: readonly Suite[] } };
  return testsuites.testsuite;
}

/** XML 1.0, section 2.2, production 2. */
function isLegal(text: string): boolean {
  return Array.from(text).every((character) => {
    const code = character.codePointAt(0)!;
    if (code < 0x20) return [0x9, 0xa, 0xd].includes(code);
    return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
  });
}

test('the small report', async () => {
  const text = renderJunit(smallInput());
  await expect(text).toMatchFileSnapshot('golden/small-junit.txt');
});

test('a suite per comparison and per run, a case per gate, claim and variant', () => {
  const [comparison, small] = suitesOf(renderJunit(smallInput()));
  expect(comparison!['@name']).toBe('pool=2 against pool=1');
  const [failed, open, same] = comparison!.testcase;
  expect(failed).toMatchObject({
    '@name': 'latency.response.p99 within 10 %',
    failure: { '@message': 'p99 is 2 times the base.' },
  });
  expect(failed!.failure!['#text'].split('\n')).toEqual([
    'verdict: worse beyond 10 %',
    'ratio: 2.000 [1.900, 2.125], n 2',
    'base: median 4.00 ms of 3.00 ms, 5.00 ms',
    'new: median 8.00 ms of 6.00 ms, 10.0 ms',
    'p 0.250, p after Holm 0.500, smallest detectable change 8.2 %',
  ]);
  expect(open!.skipped).toEqual({ '@message': 'p50 is open.' });
  expect(same).not.toHaveProperty('failure');
  expect(same).not.toHaveProperty('skipped');
  expect(small!.testcase.map((item) => item['@name'])).toEqual([
    'claim: A pool of two opens more than one connection',
    'claim: A pool of two opens more than nine',
    'every planned trial was run',
    'valid trials: pool=1',
    'valid trials: pool=2',
  ]);
  // One valid block decides no claim; the second trial of pool=2 is invalid.
  expect(small!.testcase.map((item) => Object.keys(item).find((key) => /^[a-z]/.test(key)) ?? 'passed')).toEqual([
    'skipped',
    'skipped',
    'passed',
    'passed',
    'error',
  ]);
  expect(small!.testcase[4]!.error).toEqual({
    '@type': 'invalid',
    '@message': '1 of 2 trials must not be used',
    '#text': 'pool=2, block 2: server-died: it was killed',
  });
});

test('an exact count says nothing of what could be seen', () => {
  const [comparison] = suitesOf(renderJunit(smallInput()));
  expect(JSON.stringify(comparison!.testcase[2])).not.toContain('smallest detectable');
});

test('claims over enough blocks are passed or failed, with their figures', () => {
  const valid = smallRun({ blocks: 8 });
  const trials = valid.trials.map((trial) => ({ ...trial, valid: true }));
  const [, small] = suitesOf(renderJunit(smallInput({ runs: [reported({ ...valid, trials })] })));
  expect(small!.testcase[0]).not.toHaveProperty('failure');
  expect(small!.testcase[1]!.failure!['#text']).toMatch(/^connections\.opened, pool=2, 8 blocks: /);
});

test('the totals are those of the cases', () => {
  const text = renderJunit(smallInput());
  expect(text).toContain('<testsuites name="connbench" tests="8" failures="1" errors="1" skipped="3" time="0">');
});

test('a run that was cut short is told, and without gates and claims there still are cases', () => {
  const [only] = suitesOf(renderJunit(emptyInput()));
  expect(only!.testcase).toEqual([
    {
      '@name': 'every planned trial was run',
      '@classname': 'small',
      '@time': '0',
      error: { '@type': 'invalid', '@message': 'the run ended early: it was killed after 0 of 4 trials' },
    },
  ]);
  const results = smallRun();
  const footer = { ...results.footer, interrupted: true };
  const [, stopped] = suitesOf(renderJunit(smallInput({ runs: [reported({ ...results, footer })] })));
  expect(stopped!.testcase[2]!.error).toMatchObject({
    '@message': 'the run ended early: it was interrupted after 4 of 4 trials',
  });
});

test('cases of one suite have different names', () => {
  const twice = { ...smallComparison(), gates: [...smallComparison().gates, ...smallComparison().gates] };
  const [comparison] = suitesOf(renderJunit(smallInput({ comparison: twice })));
  const names = comparison!.testcase.map((item) => item['@name']);
  expect(names.length).toBe(6);
  expect(new Set(names).size).toBe(6);
});

test('hostile names stay in their attributes', () => {
  const text = renderJunit(hostileInput());
  const suites = suitesOf(text);
  expect(isLegal(text)).toBe(true);
  expect(text).not.toContain('<script>');
  expect(suites.length).toBe(2);
  expect(suites[0]!.testcase.length).toBe(3);
  // A claim, completeness, and two variants.
  expect(suites[1]!.testcase.length).toBe(4);
});

test('any text gives well-formed XML of legal characters', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      (a, b) => {
        const name = `v${a}${b}`;
        const results = run({ variants: [variant(name, {})], name: `s${b}` }, () => ({
          overrides: { valid: false, invalidReasons: [{ code: a, message: `${b}\ud800\ufffe` }] },
        }));
        const text = renderJunit({ runs: [reported(results)], comparison: smallComparison({ pairs: [] }) });
        expect(validate(text)).toBe(true);
        expect(isLegal(text)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});
