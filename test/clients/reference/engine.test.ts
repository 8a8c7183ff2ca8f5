/** The engine over a whole trial in virtual time: waiting, prefetch, sessions, the grace for a FIN, the end, and exact times. */
import { describe, expect, it } from 'vitest';
import { indexOf } from '../../../src/stats/histogram.ts';
import { countOf, expectExactPhases, totalOf } from '../consistency.ts';
import { closedLoad, openLoad } from '../trial-config.ts';
import { response } from './fake-network.ts';
import { answers, arrivals, close, ms, run, reply } from './worlds.ts';

describe('Engine: waiting', () => {
  it('requests wait for a connection in the order in which they came', () => {
    // One connection; each answer takes 2.5 ms, requests come at 0, 1, 2: ends at 2.5, 5, 7.5, so the waits are 0, 1.5, 3.
    const { report } = run({
      load: arrivals(3),
      strategy: { pool: { size: 1 } },
      server: { answer: () => [{ afterNs: 2.5 * ms, send: response() }] },
    });
    const { connectionWait } = report.latency;
    expect([countOf(connectionWait.new), countOf(connectionWait.reused)]).toEqual([1, 2]);
    expect(connectionWait.reused.indices).toEqual([indexOf(1.5 * ms), indexOf(3 * ms)]);
    expect(report.connections.requestsPerConnection).toEqual({ 3: 1 });
  });

  it('one more than the line holds is dropped', () => {
    const { report } = run({
      load: arrivals(4),
      strategy: { pool: { size: 1, queueLimit: 1 } },
      server: { answer: () => [{ afterNs: 10 * ms, send: response() }] },
    });
    expect(report.measure).toEqual({ scheduled: 4, started: 4, completed: 2, failed: 0, dropped: 2, abandoned: 0 });
  });

  it('a wait that takes too long fails in the queue phase', () => {
    const { report } = run({
      load: arrivals(3),
      strategy: { pool: { size: 1, queueTimeoutMs: 4 } },
      server: { answer: () => [{ afterNs: 10 * ms, send: response() }] },
    });
    expect(report.errors).toEqual([
      { phase: 'queue', code: 'QUEUE_TIMEOUT', reused: false, socketAgeMs: null, count: 2 },
    ]);
  });

  it('many that came at one moment run out together, each once', () => {
    const { report } = run({
      load: closedLoad({ users: 20, durationMs: 5 }),
      strategy: { pool: { size: 1, queueTimeoutMs: 4 } },
      server: { answer: () => [{ afterNs: 10 * ms, send: response() }] },
    });
    expect(report.measure).toEqual({ scheduled: 20, started: 20, completed: 1, failed: 19, dropped: 0, abandoned: 0 });
  });

  it('a request goes to the connection opened for it, also when another is free earlier', () => {
    // The first is free at 0.1 ms; the second connection, asked for at 0.05 ms, is there at 1 ms and serves its own request.
    const { report } = run({
      load: openLoad({ ratePerSecond: 20_000, durationMs: 0.1 }),
      server: {
        connect: (number) => (number === 0 ? 0 : ms),
        answer: () => [{ afterNs: 0.06 * ms, send: response() }],
      },
    });
    expect(report.connections.requestsPerConnection).toEqual({ 1: 2 });
  });
});

describe('Engine: prefetch and sessions', () => {
  it('opens the whole pool first: no request pays for a connect', () => {
    const { report, connections } = run({
      load: arrivals(3),
      strategy: { pool: { size: 3, prefetch: true, order: 'fifo' } },
      server: { answer: answers(response()) },
    });
    expect(connections).toMatchObject({ attempted: 3, opened: 3, peakOpen: 3, requestsPerConnection: { 1: 3 } });
    const { response: responses, connect } = report.latency;
    expect([countOf(responses.new), countOf(responses.reused)]).toEqual([0, 3]);
    // Not 0 ns: nothing. Their connections were open before they came.
    expect([countOf(connect.new), countOf(connect.reused)]).toEqual([0, 0]);
  });

  it('a request that comes before the prefetched connection waits for it', () => {
    const { report, connections } = run({
      load: arrivals(1),
      strategy: { pool: { size: 1, prefetch: true } },
      server: { connect: () => 5 * ms, answer: answers(response()) },
    });
    expect(connections.opened).toBe(1);
    expect([report.measure.completed, countOf(report.latency.connect.new)]).toEqual([1, 0]);
  });

  it('with connection: close there is nothing to prefetch', () => {
    const { connections } = run({
      load: arrivals(1),
      strategy: { connection: 'close', pool: { size: 3, prefetch: true } },
      server: { answer: answers(close) },
    });
    expect(connections.attempted).toBe(1);
  });

  it('a prefetch that fails is no failed request', () => {
    const { report, connections } = run({
      load: arrivals(2),
      strategy: { pool: { size: 2, prefetch: true } },
      server: {
        connect: (number) => (number === 0 ? { afterNs: 0.5 * ms, code: 'ECONNREFUSED' } : 0),
        answer: answers(response()),
      },
    });
    expect(report.measure).toMatchObject({ completed: 2, failed: 0 });
    expect(connections).toMatchObject({ attempted: 2, connectFailed: 1, requestsPerConnection: { 2: 1 } });
  });

  it('scope session: each user has a connection of its own, and keeps it', () => {
    const { report, connections } = run({
      load: closedLoad({ users: 40, durationMs: 10, thinkTimeMs: 2 }),
      strategy: { pool: { size: 1, scope: 'session' } },
      server: { answer: answers(response()) },
    });
    expect([connections.opened, connections.peakOpen]).toEqual([40, 40]);
    expect(report.measure.completed).toBeGreaterThan(100);
  });

  it('scope shared: users take turns on one connection', () => {
    const { connections } = run({
      load: closedLoad({ users: 40, durationMs: 10, thinkTimeMs: 2 }),
      strategy: { pool: { size: 1 } },
      server: { answer: answers(response()) },
    });
    expect(connections.opened).toBe(1);
  });
});

describe('Engine: the grace for an announced FIN', () => {
  it.each([
    ['the FIN comes after 99 ms', 99, 'server', 99.1],
    ['the FIN does not come: closed after 100 ms', 101, 'client', 100.1],
  ] as const)('%s', (_name, afterMs, side, closedMs) => {
    const { connections, closed } = run({
      load: openLoad({ ratePerSecond: 10, durationMs: 200 }),
      server: {
        answer: (connection) =>
          connection === 0
            ? reply(close, { afterNs: afterMs * ms, do: 'fin' })
            : reply(close, { afterNs: 0, do: 'fin' }),
      },
    });
    expect(closed.find((one) => one.connection === 0)).toEqual({ connection: 0, atNs: closedMs * ms, reset: false });
    expect(connections.firstCloser).toEqual({ client: 0, server: 1, reset: 0, [side]: side === 'server' ? 2 : 1 });
  });

  it('a connection that waits for its FIN takes no place in the pool', () => {
    const { report } = run({
      load: arrivals(3),
      strategy: { connection: 'close', pool: { size: 1 } },
      server: { answer: answers(close) },
    });
    expect([report.measure.completed, report.connections.peakOpen]).toEqual([3, 3]);
  });
});

describe('Engine: the end', () => {
  it('what is unfinished at the drain deadline is abandoned, waiting or sent or connecting', () => {
    const { report, drainedNs, engine } = run({
      load: arrivals(3),
      strategy: { pool: { size: 2 }, timeouts: { responseMs: 60_000 } },
      drainMs: 50,
      server: { connect: (number) => (number === 0 ? 0 : Infinity), answer: () => [] },
    });
    expect(report.measure).toEqual({ scheduled: 3, started: 3, completed: 0, failed: 0, dropped: 0, abandoned: 3 });
    expect([drainedNs, engine.stopped]).toEqual([53 * ms, false]);
    expect(report.connections).toMatchObject({ attempted: 2, opened: 1, connectFailed: 1, teardown: 1 });
  });

  it('stop: what was not taken is abandoned too, in its own phase', () => {
    const { report, drainedNs, engine } = run({
      load: openLoad({ ratePerSecond: 1000, warmUpMs: 10, durationMs: 20 }),
      stopAtNs: 4.5 * ms,
      server: { answer: () => [{ afterNs: 2 * ms, send: response() }] },
    });
    // Due by 4.5 ms: 0 to 4. Answered by then: those of 0, 1 and 2. The other 7 of warm-up and all 20 of measure are given up.
    expect(report.wholeTrial).toMatchObject({ scheduled: 30, started: 5, completed: 3, abandoned: 27 });
    expect(report.measure).toEqual({ scheduled: 20, started: 0, completed: 0, failed: 0, dropped: 0, abandoned: 20 });
    expect([drainedNs, engine.stopped, engine.nextWakeNs()]).toEqual([4.5 * ms, true, expect.any(Number)]);
  });

  it('the trial is over when the last request is settled, not when connections time out', () => {
    const { drainedNs } = run({ load: arrivals(2), server: { answer: answers(response()) } });
    expect(drainedNs).toBe(1.1 * ms);
  });

  it('what happened after the drain deadline does not keep the loop awake', () => {
    const { engine } = run({
      load: arrivals(2),
      strategy: { pool: { maxRequests: 1 } },
      drainMs: 0,
      server: { answer: (connection) => (connection === 0 ? reply(close) : []) },
    });
    expect(engine.nextWakeNs()).toBeGreaterThan(2 * ms);
  });

  it('closed model: no request starts at or after the end of measure', () => {
    const { report } = run({
      load: closedLoad({ users: 1, durationMs: 10 }),
      server: { answer: () => [{ afterNs: 2 * ms, send: response() }] },
    });
    expect(report.measure).toEqual({ scheduled: 5, started: 5, completed: 5, failed: 0, dropped: 0, abandoned: 0 });
  });
});

describe('Engine: times', () => {
  it('phases add up to the nanosecond, on new and reused connections, with waits and lag', () => {
    // 5 requests, 200 ns apart. Connect 50 ns, first byte 100 ns, download 30 ns: the first ends at 180.
    const { report } = run({
      load: openLoad({ ratePerSecond: 5e6, durationMs: 0.001 }),
      strategy: { pool: { size: 1 } },
      server: {
        connect: () => 50,
        answer: () => [
          { afterNs: 100, send: response(4).slice(0, -4) },
          { afterNs: 130, send: 'xxxx' },
        ],
      },
    });
    expectExactPhases(report);
    const { latency } = report;
    expect([totalOf(latency.connect.new), totalOf(latency.firstByte.new), totalOf(latency.download.new)]).toEqual([
      50, 100, 30,
    ]);
    expect([totalOf(latency.firstByte.reused), totalOf(latency.download.reused)]).toEqual([400, 120]);
    expect([totalOf(latency.response.new), totalOf(latency.response.reused)]).toEqual([180, 520]);
  });

  it('phases add up where requests wait in line', () => {
    // Answers take 300 ns on one connection: request i of 0..4 comes at 200 i and is sent at 50 + 300 i, so it waits 50 + 100 i.
    const { report } = run({
      load: openLoad({ ratePerSecond: 5e6, durationMs: 0.001 }),
      strategy: { pool: { size: 1 } },
      server: { connect: () => 50, answer: () => [{ afterNs: 300, send: response() }] },
    });
    expectExactPhases(report);
    expect(totalOf(report.latency.connectionWait.reused)).toBe(4 * 50 + 100 * (1 + 2 + 3 + 4));
    expect(totalOf(report.latency.connectionWait.new)).toBe(0);
  });

  it('an interval holds what ended in its second, also when nothing else happens in it', () => {
    const { report } = run({
      load: closedLoad({ users: 1, durationMs: 4000 }),
      server: { answer: () => [{ afterNs: 2600 * ms, send: response() }] },
    });
    const rowsOf = report.intervals.map(({ startMs, started, completed }) => [startMs, started, completed]);
    expect(rowsOf).toEqual([
      [0, 1, 0],
      [1000, 0, 0],
      [2000, 1, 1],
      [3000, 0, 0],
      [4000, 0, 0],
      [5000, 0, 1],
    ]);
  });
});
