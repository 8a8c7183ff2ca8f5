/** The engine, failure by failure: phase, code, and what becomes of the connection and of those who wait. Virtual time, no sockets. */
import { describe, expect, it } from 'vitest';
import type { FailureCount } from '../../../src/clients/observations.ts';
import { response } from './fake-network.ts';
import { answers, arrivals, close, expectPath, ms, onlyFirst, type Path, run, reply } from './worlds.ts';

const failed = (
  phase: FailureCount['phase'],
  code: string,
  socketAgeMs: number | null,
): Omit<FailureCount, 'count'> => ({
  phase,
  code,
  reused: false,
  socketAgeMs,
});

const rows: readonly Path[] = [
  {
    name: 'FIN before the answer',
    requests: 2,
    server: { answer: onlyFirst([{ afterNs: 0.1 * ms, do: 'fin' }]) },
    completed: 1,
    errors: [failed('firstByte', 'NO_RESPONSE', 0)],
    opened: 2,
    reasons: { serverFin: 1, teardown: 1 },
    first: { server: 1 },
    perConnection: { 0: 1, 1: 1 },
  },
  {
    name: 'FIN in the head',
    requests: 2,
    server: { answer: onlyFirst(reply('HTTP/1.1 200', { afterNs: 0.1 * ms, do: 'fin' })) },
    completed: 1,
    errors: [failed('download', 'TRUNCATED_HEAD', 0)],
    opened: 2,
    reasons: { serverFin: 1, teardown: 1 },
    first: { server: 1 },
    perConnection: { 0: 1, 1: 1 },
  },
  {
    name: 'FIN in the body',
    requests: 2,
    server: { answer: onlyFirst(reply(response(9).slice(0, -1), { afterNs: 0.1 * ms, do: 'fin' })) },
    completed: 1,
    errors: [failed('download', 'TRUNCATED_BODY', 0)],
    opened: 2,
    reasons: { serverFin: 1, teardown: 1 },
    first: { server: 1 },
    perConnection: { 0: 1, 1: 1 },
  },
  {
    name: 'reset before the answer',
    requests: 2,
    server: { answer: onlyFirst([{ afterNs: 2.5 * ms, do: 'reset' }]) },
    completed: 1,
    errors: [failed('firstByte', 'ECONNRESET', 2)],
    opened: 2,
    reasons: { serverReset: 1, teardown: 1 },
    first: { reset: 1 },
    perConnection: { 0: 1, 1: 1 },
    resets: { received: 1 },
  },
  {
    name: 'reset in the body',
    requests: 2,
    server: { answer: onlyFirst(reply(response(9).slice(0, -1), { afterNs: 0.1 * ms, do: 'reset' })) },
    completed: 1,
    errors: [failed('download', 'ECONNRESET', 0)],
    opened: 2,
    reasons: { serverReset: 1, teardown: 1 },
    first: { reset: 1 },
    perConnection: { 0: 1, 1: 1 },
    resets: { received: 1 },
  },
  {
    name: 'garbage instead of an answer',
    requests: 2,
    server: { answer: onlyFirst(reply('garbage')) },
    completed: 1,
    errors: [failed('download', 'BAD_STATUS_LINE', 0)],
    opened: 2,
    reasons: { badResponse: 1, teardown: 1 },
    first: { client: 1 },
    perConnection: { 0: 1, 1: 1 },
  },
  {
    name: 'no answer within the response timeout',
    requests: 2,
    strategy: { timeouts: { responseMs: 5 } },
    server: { answer: onlyFirst([]) },
    completed: 1,
    errors: [failed('firstByte', 'RESPONSE_TIMEOUT', 5)],
    opened: 2,
    reasons: { timeout: 1, teardown: 1 },
    first: { client: 1 },
    perConnection: { 0: 1, 1: 1 },
  },
  {
    name: 'half an answer within the response timeout',
    requests: 2,
    strategy: { timeouts: { responseMs: 5 } },
    server: { answer: onlyFirst(reply(response(9).slice(0, -1))) },
    completed: 1,
    errors: [failed('download', 'RESPONSE_TIMEOUT', 5)],
    opened: 2,
    reasons: { timeout: 1, teardown: 1 },
    first: { client: 1 },
    perConnection: { 0: 1, 1: 1 },
  },
  {
    name: 'the write fails on a reused connection',
    requests: 3,
    server: {
      answer: answers(response()),
      sendErrno: (connection, request) => (connection === 0 && request === 1 ? 32 : 0),
    },
    completed: 2,
    errors: [{ phase: 'send', code: 'EPIPE', reused: true, socketAgeMs: 1 }],
    opened: 2,
    reasons: { serverReset: 1, teardown: 1 },
    first: { reset: 1 },
    perConnection: { 1: 2 },
    resets: { received: 1 },
  },
];

describe('Engine: requests that fail', () => {
  it.each(rows)('$name', expectPath);
});

describe('Engine: connects', () => {
  it('refused, timed out, and refused by this system: each fails its request in the connect phase', () => {
    const { report, connections } = run({
      load: arrivals(4),
      strategy: { timeouts: { connectMs: 20 } },
      server: {
        // The refusal at once takes no number in the network.
        connect: (number) => [{ afterNs: 0.1 * ms, code: 'ECONNREFUSED' }, Infinity, 0.1 * ms][number] ?? 0,
        answer: answers(close),
      },
    });
    expect(report.errors).toEqual([
      { phase: 'connect', code: 'ECONNREFUSED', reused: false, socketAgeMs: null, count: 1 },
      { phase: 'connect', code: 'CONNECT_TIMEOUT', reused: false, socketAgeMs: null, count: 1 },
    ]);
    expect(connections).toMatchObject({ attempted: 4, opened: 2, connectFailed: 2, notAttempted: 0 });
  });

  it('refused at once by this system: nothing was attempted', () => {
    const { report, connections } = run({
      load: arrivals(3),
      strategy: { pool: { size: 1 } },
      server: { connect: () => ({ errno: 24 }) },
    });
    expect(report.errors).toEqual([{ phase: 'connect', code: 'EMFILE', reused: false, socketAgeMs: null, count: 3 }]);
    expect(connections).toMatchObject({ attempted: 0, notAttempted: 3, opened: 0, connectFailed: 0 });
  });

  it('a connect that timed out is given up, and its place goes to the next in line', () => {
    const { report, closed } = run({
      load: arrivals(2),
      strategy: { pool: { size: 1 }, timeouts: { connectMs: 20 } },
      server: { connect: (number) => (number === 0 ? Infinity : 0), answer: answers(response()) },
    });
    expect([report.measure.failed, report.measure.completed]).toEqual([1, 1]);
    expect(closed[0]).toEqual({ connection: 0, atNs: 20 * ms, reset: false });
  });

  it('a failed connect serves the whole line, each with a connect of its own', () => {
    const { report, connections } = run({
      load: arrivals(5),
      strategy: { pool: { size: 1 } },
      server: { connect: () => ({ afterNs: 10 * ms, code: 'ECONNREFUSED' }) },
    });
    expect([report.measure.failed, connections.attempted, connections.connectFailed]).toEqual([5, 5, 5]);
  });
});
