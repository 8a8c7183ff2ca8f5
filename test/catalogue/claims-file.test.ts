import { describe, expect, test } from 'vitest';
import { readClaims } from '../../src/catalogue/claims-file.ts';
import { brief } from '../scenario/read.ts';
import { claimsText, scenarios, smallClaims } from './small-catalogue.ts';

function problemsOf(text: string): readonly string[] {
  const read = readClaims(text, 'claims.yaml', scenarios);
  return read.ok ? [] : read.problems.map(brief);
}

describe('the claims file', () => {
  test('is read in its order', () => {
    expect(smallClaims().map(({ id, plot }) => [id, plot.scenario])).toEqual([
      ['C1', 'reuse'],
      ['C2', 'pile'],
    ]);
  });

  test.each([
    [
      'a key that is not known',
      ['    title: Few', '    titel: Few'],
      [
        '13:5 claims[1].titel: is not a known key; known here: id, title, claim, folklore, finding, scenarios, tables, plot, set [title]',
        '12:5 claims[1].title: is missing',
      ],
    ],
    ['another id', ['id: C2', 'id: second'], ['12:5 claims[1].id: must be an id such as C7']],
    [
      'an id twice',
      ['id: C2', 'id: C1'],
      ['1:1 claims: lacks C2', '12:5 claims[1].id: C1 is the id of claims[0] already'],
    ],
    [
      'a scenario that does not exist',
      ['scenarios: [pile]', 'scenarios: [pole]'],
      ['17:17 claims[1].scenarios[0]: "pole" is not a scenario of the catalogue [pile]'],
    ],
    [
      'a scenario that shows something else',
      ['scenarios: [reuse]', 'scenarios: [reuse, pile]'],
      ['7:24 claims[0].scenarios[1]: pile has no expectation that shows C1'],
    ],
    [
      'a metric that does not exist',
      ['metrics: [connections.opened]', 'metrics: [connections.open]'],
      ['19:37 claims[1].tables[0].metrics[0]: is not a metric'],
    ],
    [
      'an axis that does not exist',
      ['metric: latency.response.p50 }', 'metric: latency.response.p50, where: { pool: 2 } }'],
      ['10:60 claims[0].plot.where: "pool" is not an axis; the axes are strategy'],
    ],
    [
      'an alternative that does not exist',
      [
        'connections.opened] }\n    plot: { scenario: reuse',
        'connections.opened], where: { strategy: cloze } }\n    plot: { scenario: reuse',
      ],
      [
        '9:81 claims[0].tables[0].where: "cloze" is not an alternative of the axis "strategy"; it has close, keep-alive [close]',
      ],
    ],
  ])('%s is a problem with its place', (_, [from = '', to = ''], wanted) => {
    const text = claimsText.replace(from, to);
    expect(text).not.toBe(claimsText);
    const problems = problemsOf(text);
    for (const problem of wanted) expect(problems).toContainEqual(expect.stringContaining(problem));
  });

  test('an expectation that shows an id which the file does not have is a problem', () => {
    const only = claimsText.slice(0, claimsText.indexOf('  - id: C2'));
    expect(problemsOf(only)).toEqual([
      '1:1 claims: lacks C2, which an expectation of reuse shows',
      '1:1 claims: lacks C2, which an expectation of pile shows',
    ]);
  });

  test('broken YAML is told with its line', () => {
    expect(problemsOf('claims: [')[0]).toMatch(/^1:\d+ : YAML: /);
  });
});
