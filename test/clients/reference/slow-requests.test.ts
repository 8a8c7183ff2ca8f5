/** What the slowest requests say of themselves: where their time went, and what happened on their connections. */
import { describe, expect, it } from 'vitest';
import type { SlowRequest } from '../../../src/clients/slowest.ts';
import { closedLoad } from '../trial-config.ts';
import { response, type Behaviour, type WorldSetup } from './fake-network.ts';
import { answers, arrivals, close, ms, onlyFirst, run } from './worlds.ts';

/** By the time at which they were due, each as [phases in ms, origin, fate, use, age, idle, result]. */
function stories(setup: WorldSetup): readonly unknown[] {
  const { slowest } = run(setup).report;
  return slowest.toSorted((a, b) => a.dueMs - b.dueMs).map(story);
}

function story({ phasesNs, connection, status, code }: SlowRequest): readonly unknown[] {
  const { lag, connectionWait, connect, firstByte, download } = phasesNs;
  const { origin, fate, use, ageMs, idleMs } = connection;
  const phases = [lag, connectionWait, connect, firstByte, download].map((ns) => ns / ms);
  return [phases, origin, fate, use, ageMs, idleMs, status ?? code];
}

/** Established after 0.2 ms, answered after 0.1 ms. */
const plainServer: Behaviour = { connect: () => 0.2 * ms, answer: answers(response()) };
const silent: Behaviour = { connect: () => 0.2 * ms, answer: () => [] };

describe('answered requests', () => {
  it('are opened for, then reused after the time that the connection was idle', () => {
    // Due at 0 and 1 ms. The first: 0.2 ms to connect, answered at 0.3 ms. The second finds it 0.7 ms idle, 0.8 ms after it was established.
    expect(stories({ load: arrivals(2), server: plainServer })).toEqual([
      [[0, 0, 0.2, 0.1, 0], 'opened', 'kept', 1, 0, null, 200],
      [[0, 0, 0, 0.1, 0], 'reused', 'kept', 2, 0.8, 0.7, 200],
    ]);
  });

  it('are handed a connection over that they waited for', () => {
    // One connection, answers after 1.5 ms: the second, due at 1 ms, gets it at 1.7 ms.
    const server: Behaviour = { connect: () => 0.2 * ms, answer: () => [{ afterNs: 1.5 * ms, send: response() }] };
    expect(stories({ load: arrivals(2), server, strategy: { pool: { size: 1 } } })).toEqual([
      [[0, 0, 0.2, 1.5, 0], 'opened', 'kept', 1, 0, null, 200],
      [[0, 0.7, 0, 1.5, 0], 'handedOver', 'kept', 2, 1.5, null, 200],
    ]);
  });

  it('may find a connection that was opened ahead, and had to wait for it', () => {
    const load = arrivals(2);
    expect(stories({ load, server: plainServer, strategy: { pool: { size: 1, prefetch: true } } })).toEqual([
      [[0, 0.2, 0, 0.1, 0], 'openedAhead', 'kept', 1, 0, 0, 200],
      [[0, 0, 0, 0.1, 0], 'reused', 'kept', 2, 0.8, 0.7, 200],
    ]);
  });

  it('say that the answer announced the end, or that the FIN was there', () => {
    const server: Behaviour = {
      answer: (connection) =>
        connection === 0
          ? [{ afterNs: 0.1 * ms, send: close }]
          : [
              { afterNs: 0.1 * ms, send: 'HTTP/1.1 200 OK\r\n\r\nuntil the end' },
              { afterNs: 0.3 * ms, do: 'fin' },
            ],
    };
    expect(stories({ load: arrivals(2), server })).toEqual([
      [[0, 0, 0, 0.1, 0], 'opened', 'closing', 1, 0, null, 200],
      [[0, 0, 0, 0.1, 0.2], 'opened', 'serverClosed', 1, 0, null, 200],
    ]);
  });

  it('belong to a user in the closed model', () => {
    const load = closedLoad({ users: 3, durationMs: 1, thinkTimeMs: 10 });
    const { slowest } = run({ load, server: plainServer }).report;
    expect(slowest.every(({ user }) => user !== null && user >= 0 && user < 3)).toBe(true);
  });
});

describe('requests without an answer', () => {
  const timeouts = { timeouts: { connectMs: 5, responseMs: 7 } };
  const failed = (server: Behaviour, strategy: NonNullable<WorldSetup['strategy']> = timeouts): readonly unknown[] =>
    stories({ load: arrivals(1), server, strategy });

  it('are as old as the time that was waited for them, in the phase in which it ran out', () => {
    expect(failed({ connect: () => Infinity })).toEqual([
      [[0, 0, 5, 0, 0], 'opened', 'timeout', 1, null, null, 'CONNECT_TIMEOUT'],
    ]);
    expect(failed(silent)).toEqual([[[0, 0, 0.2, 7, 0], 'opened', 'timeout', 1, 0, null, 'RESPONSE_TIMEOUT']]);
    const half: Behaviour = {
      answer: () => [{ afterNs: ms, send: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf' }],
    };
    expect(failed(half)).toEqual([[[0, 0, 0, 1, 6], 'opened', 'timeout', 1, 0, null, 'RESPONSE_TIMEOUT']]);
  });

  it('have no connection where they waited in vain', () => {
    const [, second] = stories({
      load: arrivals(2),
      server: silent,
      strategy: { pool: { size: 1, queueTimeoutMs: 3 }, timeouts: { responseMs: 50 } },
    });
    expect(second).toEqual([[0, 3, 0, 0, 0], 'none', 'none', null, null, null, 'QUEUE_TIMEOUT']);
  });

  it('meet the end of a connection', () => {
    const answered = [{ afterNs: 0.1 * ms, send: response() }];
    const second = (action: 'fin' | 'reset'): Behaviour => ({
      answer: (_, request) => (request === 0 ? answered : [{ afterNs: 0.4 * ms, do: action }]),
    });
    expect(stories({ load: arrivals(2), server: second('fin') })[1]).toEqual([
      [0, 0, 0, 0.4, 0],
      'reused',
      'serverClosed',
      2,
      1,
      0.9,
      'NO_RESPONSE',
    ]);
    expect(stories({ load: arrivals(2), server: second('reset') })[1]).toEqual([
      [0, 0, 0, 0.4, 0],
      'reused',
      'reset',
      2,
      1,
      0.9,
      'ECONNRESET',
    ]);
  });

  it('never had a connection where the system refused one, and none was established where the server did', () => {
    const refused = failed({ connect: () => ({ afterNs: 0.1 * ms, code: 'ECONNREFUSED' }) });
    expect(refused).toEqual([[[0, 0, 0.1, 0, 0], 'opened', 'error', 1, null, null, 'ECONNREFUSED']]);
    const emfile = 24;
    expect(failed({ connect: () => ({ errno: emfile }) })).toEqual([
      [[0, 0, 0, 0, 0], 'none', 'none', null, null, null, 'EMFILE'],
    ]);
  });

  it('are abandoned at the end of the drain, wherever they are then', () => {
    // Measure lasts 3 ms and the drain 10 ms: the request due at n ms is 13 - n ms old. A connection takes 0.2 ms.
    const half = [{ afterNs: 1.8 * ms, send: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf' }];
    const server: Behaviour = {
      connect: (connection) => (connection === 1 ? Infinity : 0.2 * ms),
      answer: () => half,
    };
    const load = arrivals(3);
    const { report } = run({ load, server, drainMs: 10, strategy: { pool: { size: 2 } } });
    expect(report.slowest.map(story)).toEqual([
      [[0, 0, 0.2, 1.8, 11], 'opened', 'unfinished', 1, 0, null, 'ABANDONED'],
      [[0, 0, 12, 0, 0], 'opened', 'unfinished', 1, null, null, 'ABANDONED'],
      [[0, 11, 0, 0, 0], 'none', 'none', null, null, null, 'ABANDONED'],
    ]);
    expect(report.censored.counts).toEqual([1, 1, 1]);
  });

  it('of warm-up are not among them', () => {
    const load = { ...arrivals(2), warmUpMs: 2 };
    const { slowest } = run({ load, server: { answer: onlyFirst([{ afterNs: 50 * ms, send: response() }]) } }).report;
    expect(slowest.every(({ dueMs }) => dueMs >= 0)).toBe(true);
    expect(slowest).toHaveLength(2);
  });
});
