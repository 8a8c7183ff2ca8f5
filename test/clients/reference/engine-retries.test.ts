/** The engine's second tries: what goes again, on which connection, how long it took in all, and what is counted of it. Virtual time. */
import { describe, expect, it } from 'vitest';
import type { FailureCount } from '../../../src/clients/observations.ts';
import type { StrategyConfig } from '../../../src/scenario/config.ts';
import { countOf } from '../consistency.ts';
import { openLoad } from '../trial-config.ts';
import { type Action, type Behaviour, response, type WorldResult } from './fake-network.ts';
import { arrivals, ms, reply, run } from './worlds.ts';

const good = reply(response());

/** Request `request` of connection `connection` meets `actions`; every other one is answered after 0.1 ms. */
const bad =
  (actions: readonly Action[], connection = 0, request = 1): NonNullable<Behaviour['answer']> =>
  (onConnection, place) =>
    onConnection === connection && place === request ? actions : good;

const fin: readonly Action[] = [{ afterNs: 0.1 * ms, do: 'fin' }];
const reset: readonly Action[] = [{ afterNs: 0.1 * ms, do: 'reset' }];

function cause(phase: FailureCount['phase'], code: string, reused: boolean, socketAgeMs: number | null): FailureCount {
  return { phase, code, reused, socketAgeMs, count: 1 };
}

/** Two requests, 1 ms apart, to `server`. */
function two(
  retry: NonNullable<StrategyConfig['retry']>,
  server: Behaviour,
  method: 'GET' | 'POST' = 'GET',
): WorldResult {
  return run({ load: { ...arrivals(2), request: { method, path: '/' } }, strategy: { retry }, server });
}

describe('retry: reused-once', () => {
  const epipe: Behaviour = {
    answer: () => good,
    sendErrno: (connection, place) => (connection + place === 1 && place === 1 ? 32 : 0),
  };
  it.each([
    ['by FIN', { answer: bad(fin) }, cause('firstByte', 'NO_RESPONSE', true, 1), [0, 1, 1]],
    ['by RST', { answer: bad(reset) }, cause('firstByte', 'ECONNRESET', true, 1), [0, 1, 1]],
    ['before it could be written to', epipe, cause('send', 'EPIPE', true, 1), [0, 1]],
  ] as const)('a request whose reused connection died %s is answered by another one', (_name, server, why, numbers) => {
    const result = two('reused-once', server);
    expect(result.report.measure).toMatchObject({ completed: 2, failed: 0 });
    expect(result.report.errors).toEqual([]);
    expect(result.report.retried).toEqual({ measure: 1, wholeTrial: 1, causes: [why] });
    expect(result.numbers).toEqual(numbers);
    expect(result.connections.opened).toBe(2);
  });

  it('its response time has both tries in it: the first one is a wait for a connection', () => {
    const { report } = two('reused-once', { answer: bad(fin) });
    const again = report.slowest.find(({ dueMs }) => dueMs === 1);
    // Due at 1 ms, dead at 1.1, answered 0.1 ms after it was sent on a connection that takes no time to open.
    expect(again).toMatchObject({
      responseNs: 0.2 * ms,
      phasesNs: { lag: 0, connectionWait: 0.1 * ms, connect: 0, firstByte: 0.1 * ms, download: 0 },
      status: 200,
    });
    expect(countOf(report.latency.response.new)).toBe(2);
  });

  it.each([
    ['a POST', 'POST', { answer: bad(fin) }, 'NO_RESPONSE'],
    ['the first request of a connection', 'GET', { answer: bad(fin, 0, 0) }, 'NO_RESPONSE'],
    ['a request of whose response a byte has come', 'GET', { answer: bad(reply('H', ...fin)) }, 'TRUNCATED_HEAD'],
    ['an answer that is none', 'GET', { answer: bad(reply('garbage')) }, 'BAD_STATUS_LINE'],
  ] as const)('does not send again %s', (_name, method, server, code) => {
    const { report, numbers } = two('reused-once', server, method);
    expect(report.measure).toMatchObject({ completed: 1, failed: 1 });
    expect(report.errors.map((error) => error.code)).toEqual([code]);
    expect(report.retried).toEqual({ measure: 0, wholeTrial: 0, causes: [] });
    expect(numbers).toEqual([0, 1]);
  });

  it('nor one whose time is up', () => {
    const load = arrivals(2);
    const { report } = run({
      load,
      strategy: { retry: 'reused-once', timeouts: { responseMs: 5 } },
      server: { answer: bad([]) },
    });
    expect(report.errors.map(({ code }) => code)).toEqual(['RESPONSE_TIMEOUT']);
    expect(report.retried?.wholeTrial).toBe(0);
  });
});

describe('retry: always-once', () => {
  it.each([
    [
      'a POST on its first connection',
      'POST',
      { answer: bad(reset, 0, 0) },
      cause('firstByte', 'ECONNRESET', false, 0),
    ],
    [
      'half a response',
      'GET',
      { answer: bad(reply('HTTP/1.1 2', ...fin)) },
      cause('download', 'TRUNCATED_HEAD', true, 1),
    ],
    [
      'a refused connect',
      'GET',
      {
        answer: () => good,
        connect: (number: number) => (number === 0 ? { afterNs: 0.1 * ms, code: 'ECONNREFUSED' } : 0),
      },
      cause('connect', 'ECONNREFUSED', false, null),
    ],
  ] as const)('sends again %s', (_name, method, server, why) => {
    const { report } = two('always-once', server, method);
    expect(report.measure).toMatchObject({ completed: 2, failed: 0 });
    expect(report.retried).toEqual({ measure: 1, wholeTrial: 1, causes: [why] });
  });

  it('what timed out, each try with a time of its own, and the age counts from the intended start', () => {
    const load = arrivals(1);
    const strategy = { retry: 'always-once', timeouts: { responseMs: 5 } } as const;
    const silent = run({ load, strategy, server: { answer: () => [] } });
    expect(silent.report.errors).toEqual([cause('firstByte', 'RESPONSE_TIMEOUT', false, 5)]);
    expect(silent.report.retried?.causes).toEqual([cause('firstByte', 'RESPONSE_TIMEOUT', false, 5)]);
    expect(silent.report.slowest.map(({ responseNs }) => responseNs)).toEqual([10 * ms]);
    expect(silent.numbers).toEqual([0, 0]);
  });

  it('what waited too long for a connection: it waits once more, whatever the limit of the queue', () => {
    // The only connection is busy until 7.6 ms. The second request waits from 1 ms on, its time is up at 4, and again at 7.
    const answer = (): readonly Action[] => [{ afterNs: 7.6 * ms, send: response() }];
    const strategy = { retry: 'always-once', pool: { size: 1, queueLimit: 1, queueTimeoutMs: 3 } } as const;
    const { report } = run({ load: arrivals(2), strategy, server: { answer } });
    expect(report.errors).toEqual([cause('queue', 'QUEUE_TIMEOUT', false, null)]);
    expect(report.retried?.causes).toEqual([cause('queue', 'QUEUE_TIMEOUT', false, null)]);
  });
});

describe('a second try', () => {
  it.each(['reused-once', 'always-once'] as const)('that fails is the last: %s', (retry) => {
    // The second request dies with the connection that it reuses, and so does its second try on a new one.
    const answer: Behaviour['answer'] = (connection, place) => (connection + place === 0 ? good : fin);
    const { report, numbers, connections } = two(retry, { answer });
    expect(report.measure).toMatchObject({ completed: 1, failed: 1 });
    expect(report.errors).toEqual([cause('firstByte', 'NO_RESPONSE', false, 0)]);
    expect(report.retried?.wholeTrial).toBe(1);
    expect(numbers).toEqual([0, 1, 1]);
    expect(connections.opened).toBe(2);
  });

  it('comes before those that wait: it takes the place of the connection that it lost', () => {
    const server = { answer: bad([{ afterNs: 2.5 * ms, do: 'reset' }]) };
    const { report, numbers } = run({
      load: arrivals(4),
      strategy: { retry: 'reused-once', pool: { size: 1 } },
      server,
    });
    expect(report.measure.completed).toBe(4);
    expect(numbers).toEqual([0, 1, 1, 2, 3]);
  });

  it('in warm-up is counted in the whole trial only', () => {
    const load = openLoad({ ratePerSecond: 1000, warmUpMs: 2, durationMs: 2 });
    const { report } = run({ load, strategy: { retry: 'reused-once' }, server: { answer: bad(fin) } });
    expect(report.wholeTrial.completed).toBe(4);
    expect(report.retried).toEqual({ measure: 0, wholeTrial: 1, causes: [] });
  });
});

it('without retry requests have no numbers, and nothing is said of it', () => {
  const { report, numbers } = run({ load: arrivals(2), server: { answer: bad(fin) } });
  expect([report.retried, numbers]).toEqual([undefined, [-1, -1]]);
  expect(report.measure.failed).toBe(1);
});
