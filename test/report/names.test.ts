/** Names of runs and files, and figures with their units. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distinctFileNames, fileNamePart, fileNameParts } from '../../src/report/file-names.ts';
import {
  comparedText,
  detectableText,
  metricText,
  ratioText,
  verdictText,
  verdictWord,
} from '../../src/report/metric-text.ts';
import { distinct, runNames } from '../../src/report/run-names.ts';
import { reported, slower, smallRun } from './report-inputs.ts';

test('the second run of a scenario has a number', () => {
  const runs = ['a', 'b', 'a', 'a #2'].map((name) => reported(smallRun({ name })));
  expect(runNames({ runs })).toEqual(['a', 'b', 'a #2', 'a #2 #2']);
});

test('distinct names are distinct, and the first of each is kept', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'a2', 'a22', 'b', '2')), (names) => {
      const result = distinct(names, (name, number) => `${name}${number}`);
      expect(new Set(result).size).toBe(names.length);
      names.forEach((name, index) => {
        if (!names.slice(0, index).some((earlier) => name.startsWith(earlier))) expect(result[index]).toBe(name);
        expect(result[index]!.startsWith(name)).toBe(true);
      });
    }),
  );
});

test('parts of file names', () => {
  expect(fileNamePart('strategy=close network.rtt=20ms')).toBe('strategy-close-network.rtt-20ms');
  expect(fileNamePart('../../etc/passwd')).toBe('etc-passwd');
  expect(fileNamePart('-rf')).toBe('rf');
  expect(fileNamePart('\u00e4\u0000')).toBe('unnamed');
  expect(fileNamePart('x'.repeat(500)).length).toBe(80);
  expect(fileNameParts(['a b', 'A-B', 'a/b'])).toEqual(['a-b', 'A-B_2', 'a-b_3']);
  expect(distinctFileNames(['a.b', 'a.b'])).toEqual(['a.b', 'a.b_2']);
});

test.each([
  [5_560_000, 'ns', '5.56 ms'],
  [142.4, 'us', '142 us'],
  [999, 'bytes', '999 B'],
  [1500, 'bytes', '1.50 kB'],
  [6e7, 'bytes', '60.0 MB'],
  [2.5e9, 'bytes', '2.50 GB'],
  [503.4, 'perSecond', '503/s'],
  [21_992, 'count', '21,992'],
  [2.0345, 'count', '2.03'],
  [0.9725, 'ratio', '0.973'],
] as const)('%d %s is %s', (value, unit, text) => {
  expect(metricText(value, unit)).toBe(text);
});

test('a share of lost requests is in percent', () => {
  expect(comparedText({ metric: 'requests.lossRate', unit: 'ratio' }, 0.308)).toBe('30.8 %');
  expect(comparedText({ metric: 'connections.reuseRatio', unit: 'ratio' }, 0.308)).toBe('0.308');
});

test('ratios keep three decimals around one', () => {
  expect(ratioText(slower)).toBe('2.000 [1.900, 2.125]');
  expect(ratioText({ ratio: 1.0004, interval: null })).toBe('1.000');
  expect(ratioText({ ratio: 143.2, interval: { low: 0.00318, high: Infinity } })).toBe('143 [0.00318, inf]');
  expect(ratioText({ ratio: null, interval: null })).toBeNull();
});

test('verdicts say their margin', () => {
  expect(verdictText(slower)).toBe('worse beyond 10 %');
  expect(verdictText({ ...slower, verdict: 'improvement', kind: 'exact' })).toBe('better beyond 10 %, exact');
  expect(verdictText({ ...slower, verdict: 'equivalent' })).toBe('no change beyond 10 %');
  // An interval that leaves out 1 is a change, though a small one.
  expect(verdictText({ ...slower, verdict: 'equivalent', warn: true, margin: 0.05 })).toBe('within 5 %');
  expect(verdictText({ ...slower, verdict: 'equivalent', margin: 0, kind: 'exact' })).toBe('no change, exact');
  expect(verdictText({ ...slower, verdict: 'inconclusive' })).toBe('open at 10 %');
  expect(verdictText({ ...slower, verdict: 'inconclusive', warn: true })).toBe('open at 10 %, worse?');
  const faster = { ...slower, verdict: 'inconclusive', warn: true, better: 'higher' } as const;
  expect(verdictText(faster)).toBe('open at 10 %, better?');
  expect(verdictText({ ...slower, metric: 'requests.lossRate', margin: 0.001 })).toBe('worse beyond 0.1 points');
  expect(verdictText({ ...slower, verdict: null })).toBe('figures only');
});

test('verdicts in a word', () => {
  const word = (verdict: typeof slower.verdict, warn = false): string | null => verdictWord({ verdict, warn });
  expect(word('regression', true)).toBe('worse');
  expect(word('improvement', true)).toBe('better');
  expect(word('equivalent')).toBe('no change');
  expect(word('equivalent', true)).toBe('within margin');
  expect(word('inconclusive', true)).toBe('open');
  expect(word(null)).toBeNull();
});

test('the smallest detectable change has two digits, and its unit is that of the margin', () => {
  expect(detectableText({ ...slower, smallestDetectable: 0.0816 })).toBe('8.2 %');
  // A difference of two shares: 0.0461 is 4.61 percentage points.
  expect(detectableText({ ...slower, metric: 'requests.lossRate', smallestDetectable: 0.0461 })).toBe('4.6 points');
  expect(detectableText({ ...slower, kind: 'exact', smallestDetectable: 0 })).toBeNull();
  expect(detectableText({ ...slower, smallestDetectable: null })).toBeNull();
});
