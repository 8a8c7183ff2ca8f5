/** Failed requests by their code, as a figure that a claim can be about. */
import { expect, test } from 'vitest';
import { readMetric } from '../../src/compare/metric.ts';
import { trial, variant } from '../results/fixtures.ts';

const planned = { index: 0, block: 0, order: 0, variant: 'a' };
const base = trial(planned, variant('a', {}));
const failure = { phase: 'firstByte', code: 'ECONNRESET', reused: true, socketAgeMs: 500, count: 3 };

test('failures of one code are added up, whatever their phase; a code that did not occur is 0', () => {
  const record = {
    ...base,
    errors: [
      failure,
      { ...failure, phase: 'connect', reused: false, count: 4 },
      { ...failure, code: 'RESPONSE_TIMEOUT' },
    ],
  };
  expect(readMetric(record, 'errors.ECONNRESET')).toEqual({ kind: 'value', value: 7 });
  expect(readMetric(record, 'errors.RESPONSE_TIMEOUT')).toEqual({ kind: 'value', value: 3 });
  expect(readMetric(record, 'errors.EPIPE')).toEqual({ kind: 'value', value: 0 });
});

test('without the report of the client nobody knows of failures', () => {
  const record = { ...base, requests: null, errors: [] };
  expect(readMetric(record, 'errors.ECONNRESET').kind).toBe('missing');
});
