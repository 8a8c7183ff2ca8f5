/** What reports say of the server's policies. */
import { expect, test } from 'vitest';
import { specialTables } from '../../src/report/special-figures.ts';
import { figuresByVariant } from '../../src/report/variant-figures.ts';
import { run, trial, variant } from '../results/fixtures.ts';

const sample = trial({ index: 0, block: 0, order: 0, variant: 'x' }, variant('x', {}));
const none = { shedResponses: 0, shed: 0, evicted: 0, acceptPauses: 0, acceptErrors: 0 };

type Counted = NonNullable<(typeof sample)['server']['policies']>;

function table(policies: Readonly<Record<string, Counted>>): readonly (readonly (number | string | null)[])[] {
  const variants = ['plain', ...Object.keys(policies)].map((name) => variant(`way=${name}`, { way: name }));
  const results = run({ variants, name: 'mixed' }, (name) => {
    const counted = policies[name.replace('way=', '')];
    return counted === undefined ? {} : { overrides: { server: { ...sample.server, policies: counted } } };
  });
  const found = specialTables(figuresByVariant(results)).find(({ title }) => title === 'Server policies')!;
  return [
    found.columns.map(({ side, heading }) => `${side} ${heading}`),
    ...found.rows.map((row) => [row.label, ...found.columns.map(({ figure }) => figure(row).value)]),
  ];
}

test('the policies that acted, for the variants that have any', () => {
  expect(table({ shed: { ...none, shedResponses: 7, shed: 5 }, evict: { ...none, evicted: 3 } })).toEqual([
    ['responses shed', 'connections shed', 'connections evicted'],
    ['shed', 7, 5, 0],
    ['evict', 0, 0, 3],
  ]);
});

test('zeros where none acted', () => {
  expect(table({ idle: none })[1]).toEqual(['idle', 0, 0, 0, 0, 0]);
});

test('what became of the connections of servers that left, with the time where none was left', () => {
  const drain = { connections: 9, closedIdle: 7, closedAnswered: 0, aborted: 0, left: 2, durationNs: null };
  const quick = { connections: 9, closedIdle: 0, closedAnswered: 9, aborted: 0, left: 0, durationNs: 3e6 };
  expect(
    table({ close: { ...none, drain }, says: { ...none, drain: quick }, never: { ...none, drain: null } }),
  ).toEqual([
    ['drain open', 'drain closed idle', 'drain after answer', 'drain left', 'drain ms'],
    ['close', 9, 7, 0, 2, null],
    ['says', 9, 0, 9, 0, 3e6],
    // Its policies are known, those of its drain are not: it never began.
    ['never', null, null, null, null, null],
  ]);
});
