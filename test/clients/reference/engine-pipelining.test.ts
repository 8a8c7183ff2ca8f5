/** Several requests under way on one connection: which connection takes one more, in which order, and what an end of it does. Virtual time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countOf } from '../consistency.ts';
import { closedLoad, type StrategyChanges } from '../trial-config.ts';
import { type Action, type Behaviour, response, type WorldResult } from './fake-network.ts';
import { arrivals, close, ms, reply, run } from './worlds.ts';

const soon = reply(response());
const after = (afterMs: number, send = response()): readonly Action[] => [{ afterNs: afterMs * ms, send }];

/** The first request of each connection is answered after 0.1 ms, and the others 10 ms after their turn has come. */
const slowly: Behaviour = { answer: (_connection, place) => (place === 0 ? soon : after(10)) };

const one: StrategyChanges = { pipelining: 3, pool: { size: 1 } };

/** By intended start: ms until the request got its connection, how, and ms from then until its first byte. */
function ways({ report }: WorldResult): readonly unknown[] {
  return report.slowest
    .toSorted((a, b) => a.dueMs - b.dueMs)
    .map(({ phasesNs, connection }) => [phasesNs.connectionWait / ms, connection.origin, phasesNs.firstByte / ms]);
}

describe('pipelining', () => {
  it('sends behind others up to its depth, the next one waits, and answers come in order', () => {
    const result = run({ load: arrivals(5), strategy: one, server: slowly });
    // Sent at 1, 2, 3 ms and answered at 11, 21, 31; the fifth waits for the answer at 11, and has its own at 41.
    expect(ways(result)).toEqual([
      [0, 'opened', 0.1],
      [0, 'reused', 10],
      [0, 'pipelined', 19],
      [0, 'pipelined', 28],
      [7, 'pipelined', 30],
    ]);
    expect(result.connections).toMatchObject({ opened: 1, requestsPerConnection: { 5: 1 } });
    expect(result.mostUnderWay).toBe(3);
  });

  it('takes an idle connection first, then a new one, and sends behind others when the pool is full', () => {
    // The connections are opened at 0 and 2 ms, and the third request still runs at 3 ms. From 4 ms on both are busy, the first one less.
    const answer = (connection: number, place: number): readonly Action[] =>
      place === 0 ? after(connection === 0 ? 0.1 : 0.5) : after(100);
    const strategy = { pipelining: 3, pool: { size: 2 } };
    const result = run({ load: arrivals(6), strategy, server: { answer } });
    expect(ways(result).map((way) => (way as unknown[])[1])).toEqual([
      'opened', // at 0, idle from 0.1 on
      'reused', // at 1
      'opened', // at 2, idle from 2.5 on
      'reused', // at 3
      'pipelined',
      'pipelined',
    ]);
    // Two on each before, three on each after them: they went to different connections.
    expect([result.connections.requestsPerConnection, result.mostUnderWay]).toEqual([{ 3: 2 }, 2]);
  });

  it('sends nothing behind the first request of a connection', () => {
    const answer = (_connection: number, place: number): readonly Action[] => (place === 0 ? after(5) : soon);
    const result = run({ load: arrivals(3), strategy: one, server: { answer } });
    // All three wait for the answer at 5 ms; then the second and the third go at once.
    expect(ways(result)).toEqual([
      [0, 'opened', 5],
      [4, 'handedOver', 0.1],
      [3, 'pipelined', 0.2],
    ]);
  });

  it('a connection that has its number of requests takes no more', () => {
    const strategy = { pipelining: 8, pool: { size: 1, maxRequests: 3 } };
    const result = run({ load: arrivals(6), strategy, server: slowly });
    expect(result.report.measure.completed).toBe(6);
    expect(result.connections).toMatchObject({ opened: 2, requestsPerConnection: { 3: 2 } });
    expect(result.connections.closesByReason).toMatchObject({ maxRequests: 2 });
  });

  it('nor does one whose time is over', () => {
    const strategy = { pipelining: 8, pool: { size: 1, maxLifetimeMs: 3 } };
    const result = run({ load: arrivals(6), strategy, server: slowly });
    // It takes requests at 1 and 2 ms, and at 3 ms it is 3 ms old. The next one is opened at 21 ms and has all others 0.1 ms later.
    expect(result.connections).toMatchObject({ opened: 2, requestsPerConnection: { 3: 2 } });
    expect(result.connections.closesByReason).toMatchObject({ maxLifetime: 2 });
  });

  it('keeps the connections of each owner apart', () => {
    const strategy: StrategyChanges = { pipelining: 4, pool: { size: 1, scope: 'session' } };
    const load = closedLoad({ users: 3, thinkTimeMs: 1, page: { assets: 3 }, durationMs: 20 });
    const result = run({ load, strategy, server: slowly });
    // Each user opens one connection, and has its three assets under way on it.
    expect([result.connections.opened, result.mostUnderWay]).toEqual([3, 3]);
  });
});

describe('the end of a connection with requests behind the one in front', () => {
  /** The answer to the second request ends the connection while two others wait behind it. */
  const ending = (end: readonly Action[]): Behaviour => ({
    answer: (connection, place) => (connection > 0 || place === 0 ? soon : place === 1 ? end : after(10)),
  });
  const behind = { phase: 'firstByte', code: 'PIPELINE_CLOSED', reused: true, socketAgeMs: 10, count: 2 } as const;
  const front = { reused: true, socketAgeMs: 10, count: 1 } as const;

  it.each([
    ['an answer that says close', after(10, close), 2, []],
    ['FIN', [{ afterNs: 10 * ms, do: 'fin' }], 1, [{ phase: 'firstByte', code: 'NO_RESPONSE', ...front }]],
    ['RST', [{ afterNs: 10 * ms, do: 'reset' }], 1, [{ phase: 'firstByte', code: 'ECONNRESET', ...front }]],
    [
      'half an answer',
      [...after(9, 'HTTP'), { afterNs: 10 * ms, do: 'fin' }],
      1,
      [{ phase: 'download', code: 'TRUNCATED_HEAD', ...front }],
    ],
    ['no answer', after(10, 'garbage'), 1, [{ phase: 'download', code: 'BAD_STATUS_LINE', ...front }]],
  ] as const)('%s: all of them fail, and what they waited for is said', (_name, end, completed, errors) => {
    const { report, connections } = run({ load: arrivals(4), strategy: one, server: ending(end) });
    expect(report.measure).toMatchObject({ completed, failed: 4 - completed });
    expect(report.errors).toEqual([...errors, behind]);
    expect(connections).toMatchObject({ opened: 1, requestsPerConnection: { [completed]: 1 } });
  });

  it('the one in front runs out of time: the others have not', () => {
    const strategy = { ...one, timeouts: { responseMs: 5 } };
    const { report } = run({ load: arrivals(4), strategy, server: ending([]) });
    expect(report.errors).toEqual([
      { phase: 'firstByte', code: 'RESPONSE_TIMEOUT', reused: true, socketAgeMs: 5, count: 1 },
      { ...behind, socketAgeMs: 5 },
    ]);
    expect(countOf(report.censored)).toBe(1);
  });

  it('each has its own time, from when it was sent', () => {
    // Sent at 1 and 2 ms; answered at 11 and due by 14, not answered by then.
    const answer = (_connection: number, place: number): readonly Action[] => [soon, after(10), []][place] ?? [];
    const strategy = { ...one, timeouts: { responseMs: 12 } };
    const { report, closed } = run({ load: arrivals(3), strategy, server: { answer } });
    expect(report.errors.map(({ code }) => code)).toEqual(['RESPONSE_TIMEOUT']);
    expect(closed).toEqual([{ connection: 0, atNs: 14 * ms, reset: false }]);
  });

  it('retry sends them again, the first one on a new connection and the others when that has answered', () => {
    const strategy: StrategyChanges = { ...one, retry: 'reused-once', pool: { size: 1, queueLimit: 0 } };
    const { report, numbers, connections } = run({ load: arrivals(4), strategy, server: ending(after(10, close)) });
    expect(report.measure).toMatchObject({ completed: 4, failed: 0, dropped: 0 });
    expect(report.retried).toEqual({ measure: 2, wholeTrial: 2, causes: [behind] });
    expect(numbers).toEqual([0, 1, 2, 3, 2, 3]);
    expect(connections).toMatchObject({ opened: 2, requestsPerConnection: { 2: 2 } });
  });

  it('a stopped trial gives all of them up, the slowest with how far it came', () => {
    const { report } = run({ load: arrivals(4), strategy: one, server: slowly, stopAtNs: 3.5 * ms });
    expect(report.measure).toMatchObject({ completed: 1, abandoned: 3 });
    expect(report.slowest.map(({ code, connection }) => [code, connection.use])).toEqual([
      ['ABANDONED', 2],
      ['ABANDONED', 3],
      ['ABANDONED', 4],
      [null, 1],
    ]);
  });
});

it('answers may be cut and joined anywhere', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  const bodies = fc.array(fc.nat({ max: 20 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(bodies, cuts, (sizes, places) => {
      const text = sizes.map((size) => response(size)).join('');
      const borders = [0, ...places.map((place) => place % text.length).toSorted((a, b) => a - b), text.length];
      const pieces = borders.slice(1).map((end, index) => text.slice(borders[index], end));
      const all = pieces.map((send, index) => ({ afterNs: 1000 + index, send })).filter(({ send }) => send !== '');
      // Nothing is said before the last one is there, and then everything.
      const answer = (_connection: number, place: number): readonly Action[] =>
        place === 0 ? soon : place === sizes.length ? all : [];
      const strategy = { pipelining: 10, pool: { size: 1 } };
      const { report, connections } = run({ load: arrivals(sizes.length + 1), strategy, server: { answer } });
      expect(report.measure).toMatchObject({ completed: sizes.length + 1, failed: 0 });
      expect(connections.opened).toBe(1);
    }),
    { numRuns: 200 },
  );
});
