/** What the runner does around a Node client: limits, timeouts, retries, the end. The client is scripted, its sockets are real. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Attempt } from '../../../src/clients/node/node-client.ts';
import type { NodeConnection } from '../../../src/clients/node/node-connection.ts';
import { STOP } from '../../../src/clients/live.ts';
import { countOf } from '../consistency.ts';
import { closedLoad, openLoad } from '../trial-config.ts';
import { answerOnNew, runScript } from './scripted-client.ts';

/** `count` requests, 1 ms apart. */
const arrivals = (count: number) => openLoad({ ratePerSecond: 1000, durationMs: count });

beforeAll(() => {
  vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

it('counts what is new and what is reused by the connections, and adds up phases', async () => {
  let kept: NodeConnection | undefined;
  const report = await runScript({
    load: closedLoad({ durationMs: 30 }),
    start: (attempt, world) => {
      if (kept === undefined) {
        answerOnNew(attempt, world);
        kept = attempt.connection ?? undefined;
        return;
      }
      attempt.onConnection(kept);
      setImmediate(() => {
        attempt.answered(204);
      });
    },
  });
  const { connections, measure, wholeTrial, latency } = report;
  const { completed } = measure;
  // One user, who goes on at once: many requests in 30 ms, and all but the first on the connection of the first.
  expect(completed).toBeGreaterThan(2);
  expect(report.phaseFaults).toEqual({ checked: completed, faults: 0, first: null });
  expect([countOf(latency.connect.new), countOf(latency.firstByte.new)]).toEqual([1, 1]);
  expect(countOf(latency.firstByte.reused)).toBe(completed - 1);
  expect(report.statuses).toEqual({ 200: 1, 204: completed - 1 });
  // An answer is proof that a request was written, though nobody said so.
  expect(wholeTrial).toMatchObject({ sent: completed, answered: completed });
  expect(connections).toMatchObject({ opened: 1, teardown: 1, requestsPerConnection: { [completed]: 1 } });
  expect(report.client).toEqual({ version: 'scripted 1', settings: {} });
});

it('drops what finds all connections taken and the queue full', async () => {
  const waiting: Attempt[] = [];
  const report = await runScript({
    load: arrivals(10),
    strategy: { pool: { size: 2, queueLimit: 3 } },
    start: (attempt, world) => {
      waiting.push(attempt);
      // 2 connections and 3 places: from then on requests are dropped, until the drain lets these be answered.
      if (waiting.length < 5) return;
      setTimeout(() => {
        for (const one of waiting) answerOnNew(one, world);
      }, 50);
    },
  });
  expect(report.measure).toMatchObject({ scheduled: 10, completed: 5, dropped: 5 });
});

describe('timeouts', () => {
  const once = (phase: string, code: string): unknown => [expect.objectContaining({ phase, code, count: 1 })];

  it('in the queue', async () => {
    const abandoned: Attempt[] = [];
    const report = await runScript({
      load: arrivals(1),
      strategy: { pool: { queueTimeoutMs: 20 } },
      start: () => undefined,
      abandon: (attempt) => abandoned.push(attempt),
    });
    expect(report.errors).toEqual(once('queue', 'QUEUE_TIMEOUT'));
    expect(abandoned.length).toBe(1);
    expect(report.connections.opened).toBe(0);
  });

  it('from the connection on, however long it waited for that', async () => {
    const report = await runScript({
      load: arrivals(1),
      strategy: { timeouts: { responseMs: 30 } },
      start: (attempt, world) => {
        const { connection, established } = world.open();
        void established.then(() => {
          attempt.onConnection(connection);
          attempt.written();
        });
      },
      abandon: (attempt) => {
        attempt.connection?.endsFor('timeout');
        attempt.connection?.socket.destroy();
        attempt.failed('ECONNRESET'); // Comes too late to count.
      },
    });
    expect(report.errors).toEqual(once('firstByte', 'RESPONSE_TIMEOUT'));
    expect(countOf(report.censored)).toBe(1);
    expect(report.connections.closesByReason).toMatchObject({ timeout: 1, teardown: 0 });
  });
});

describe('retries', () => {
  const failFirst = (attempts: readonly Attempt[], attempt: Attempt, fail: () => void): boolean => {
    if (attempts.indexOf(attempt) !== 0) return false;
    setImmediate(fail);
    return true;
  };

  it('always-once sends every failed request once more, under the same number', async () => {
    const numbers: (string | null)[] = [];
    const report = await runScript({
      load: arrivals(2),
      strategy: { retry: 'always-once' },
      start: (attempt, world) => {
        numbers.push(attempt.number);
        const isFirst = failFirst(world.attempts, attempt, () => {
          attempt.failed('ECONNREFUSED');
        });
        if (!isFirst) answerOnNew(attempt, world);
      },
    });
    expect(report.measure).toMatchObject({ scheduled: 2, started: 2, completed: 2, failed: 0 });
    expect(report.retried).toEqual({ measure: 1, wholeTrial: 1 });
    expect(numbers.length).toBe(3);
    expect(numbers.toSorted()).toEqual(['0000000000000000', '0000000000000000', '0000000000000001']);
  });

  it('gives up after the second attempt', async () => {
    const report = await runScript({
      load: arrivals(1),
      strategy: { retry: 'always-once' },
      start: (attempt) => {
        setImmediate(() => {
          attempt.failed('ECONNREFUSED');
        });
      },
    });
    expect(report.measure).toMatchObject({ completed: 0, failed: 1 });
    expect(report.retried).toEqual({ measure: 1, wholeTrial: 1 });
  });

  /** One request to open a connection; the next one dies on it with `code`, and is answered on a new one if it goes again. */
  const secondDies = (method: 'GET' | 'POST', code: string) => {
    let kept: NodeConnection | undefined;
    return runScript({
      load: { ...openLoad({ ratePerSecond: 50, durationMs: 40 }), request: { method, path: '/' } },
      strategy: { retry: 'reused-once' },
      start: (attempt, world) => {
        if (world.attempts.length === 2 && kept !== undefined) {
          attempt.onConnection(kept);
          setImmediate(() => {
            attempt.failed(code);
          });
          return;
        }
        answerOnNew(attempt, world);
        kept ??= attempt.connection ?? undefined;
      },
    });
  };

  it.each([
    ['GET', 'ECONNRESET', 1],
    ['POST', 'ECONNRESET', 0],
    ['GET', 'HPE_INVALID_CONSTANT', 0],
  ] as const)('reused-once: %s that meets %s goes again %i times', async (method, code, times) => {
    const report = await secondDies(method, code);
    expect(report.retried).toEqual({ measure: times, wholeTrial: times });
    expect(report.measure.failed).toBe(1 - times);
  });
});

it('gives up everything when it is stopped, and closes its connections', async () => {
  const report = await runScript({
    load: openLoad({ ratePerSecond: 10, durationMs: 10_000 }),
    start: (attempt, world) => {
      const { connection, established } = world.open();
      attempt.onConnection(connection);
      void established.then(() => {
        world.setup.task.live[STOP] = 1;
      });
    },
  });
  const { measure, connections } = report;
  expect(report.stopped).toBe(true);
  expect(measure).toMatchObject({ scheduled: 100, completed: 0, failed: 0, dropped: 0, abandoned: 100 });
  // What was started has an age, what was not has none.
  expect(countOf(report.censored)).toBe(measure.started);
  expect(connections.attempted).toBe(measure.started);
  expect(connections.teardown).toBe(connections.opened);
});

it('leaves out the series that the client cannot measure', async () => {
  const unmeasured = { connect: 'nobody knows' };
  const report = await runScript({ load: arrivals(2), start: answerOnNew, unmeasured });
  expect(report.unmeasured).toEqual(unmeasured);
  expect(countOf(report.latency.connect.new)).toBe(0);
  expect(countOf(report.latency.firstByte.new)).toBe(2);
});

it('ends with the error of a client that breaks its contract', async () => {
  const run = runScript({
    load: arrivals(1),
    start: () => {
      throw new Error('broken client');
    },
  });
  await expect(run).rejects.toThrow('broken client');
});
