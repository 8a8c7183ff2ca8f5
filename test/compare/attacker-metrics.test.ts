/** Figures of attackers that claims can be about. */
import { describe, expect, test } from 'vitest';
import { readMetric } from '../../src/compare/metric.ts';
import type { AttackerRecord } from '../../src/results/attacker-record.ts';
import { metricProblem, metricUnit } from '../../src/scenario/metrics.ts';
import { silent } from '../results/attacker-fixture.ts';
import { trial, variant } from '../results/fixtures.ts';

const patient: AttackerRecord = { ...silent, kind: 'unread-body', statuses: {}, untilCut: null };
const attacked = {
  ...trial({ index: 0, block: 0, order: 0, variant: 'x' }, variant('x', {})),
  attackers: [silent, patient],
};

describe('a figure of attackers', () => {
  test.each([
    ['attackers.1.opened', 'count', 20],
    ['attackers.1.closedByServer.fin', 'count', 12],
    ['attackers.1.firstCloser.reset', 'count', 1],
    ['attackers.1.stillOpen', 'count', 7],
    ['attackers.1.statuses.408', 'count', 12],
    // It looked at its answers, and there was none.
    ['attackers.1.statuses.200', 'count', 0],
    ['attackers.1.untilCut.max', 'ns', 3e9],
    ['attackers.1.untilCut.count', 'count', 13],
    ['attackers.2.untilCut.count', 'count', 0],
  ])('%s, in %s', (path, unit, value) => {
    expect(metricUnit(path)).toBe(unit);
    expect(readMetric(attacked, path)).toEqual({ kind: 'value', value });
  });

  test.each([
    ['attackers.2.untilCut.p50', 'the server cut no connection of group 2 of the attackers'],
    ['attackers.2.statuses.408', 'attackers of kind unread-body do not look at the answer'],
    ['attackers.3.opened', 'no group 3 of attackers reported'],
  ])('%s is missing, with a reason', (path, reason) => {
    expect(readMetric(attacked, path)).toEqual({ kind: 'missing', reason });
  });

  test('of a trial without any is missing', () => {
    const plain = trial({ index: 0, block: 0, order: 0, variant: 'x' }, variant('x', {}));
    expect(readMetric(plain, 'attackers.1.opened')).toMatchObject({ kind: 'missing' });
  });

  test.each([
    ['attackers.0.opened', 'attackers.1.opened'],
    ['attackers.9.opened', 'attackers.1.opened'],
    ['attackers.1', undefined],
    ['attackers.opened', 'attackers.1.opened'],
    ['attackers.2.untilCut.mx', 'attackers.2.untilCut.max'],
    ['attackers.1.statuses.999', 'attackers.1.statuses.408'],
  ])('%s is none', (path, suggestion) => {
    expect(metricUnit(path)).toBeNull();
    expect(metricProblem(path).suggestion).toBe(suggestion);
  });
});
