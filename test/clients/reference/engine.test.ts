/** The engine path by path, in virtual time and without sockets: what each end of a request or connection is counted as, and when. */
import { describe, expect, it } from 'vitest';
import type { ClientCloseReason, ConnectionReport, FailureCount } from '../../../src/clients/observations.ts';
import { indexOf } from '../../../src/stats/histogram.ts';
import { countOf, expectConsistent, expectExactPhases, totalOf } from '../consistency.ts';
import { closedLoad, openLoad, type StrategyChanges } from '../trial-config.ts';
import { type Action, type Behaviour, response, runWorld, type WorldResult, type WorldSetup } from './fake-network.ts';

const ms = 1e6;

/** Runs a world and checks what must hold of every one. */
function run(setup: WorldSetup): WorldResult {
  const result = runWorld(setup);
  expectConsistent(result.report);
  expect([result.stillOpen, result.ledgerOpen, result.pooled]).toEqual([0, 0, 0]);
  return result;
}

/** `count` requests, 1 ms apart, the first at 0. */
function arrivals(count: number): WorldSetup['load'] {
  return openLoad({ ratePerSecond: 1000, durationMs: count });
}

const answers =
  (...texts: readonly string[]): NonNullable<Behaviour['answer']> =>
  (_connection, request) => [{ afterNs: 0.1 * ms, send: texts[Math.min(request, texts.length - 1)]! }];

const reasonsOf = ({ closesByReason }: ConnectionReport): Partial<Record<ClientCloseReason, number>> =>
  Object.fromEntries(Object.entries(closesByReason).filter(([, count]) => count > 0));

interface Row {
  readonly name: string;
  readonly requests: number;
  readonly strategy?: StrategyChanges;
  readonly server: Behaviour;
  readonly method?: 'HEAD';
  readonly completed: number;
  readonly errors?: readonly Omit<FailureCount, 'count'>[];
  readonly opened: number;
  readonly reasons: Partial<Record<ClientCloseReason, number>>;
  readonly first: Partial<ConnectionReport['firstCloser']>;
  readonly perConnection: Readonly<Record<number, number>>;
  readonly resets?: { readonly received?: number; readonly sent?: number };
}

const close = response(2, 'Connection: close');
const then = (text: string, ...more: readonly Action[]): readonly Action[] => [
  { afterNs: 0.1 * ms, send: text },
  ...more.map((action) => ({ ...action, afterNs: action.afterNs + 0.1 * ms })),
];
/** Only the first request of the first connection is treated so; all others are answered. */
const onlyFirst =
  (actions: readonly Action[]): NonNullable<Behaviour['answer']> =>
  (connection, request) =>
    connection === 0 && request === 0 ? actions : [{ afterNs: 0.1 * ms, send: response() }];

const failed = (phase: FailureCount['phase'], code: string, socketAgeMs: number | null): Omit<FailureCount, 'count'> => ({
  phase,
  code,
  reused: false,
  socketAgeMs,
});

const rows: readonly Row[] = [
  {
    name: 'keep-alive: one connection serves all, and is closed at teardown',
    requests: 3,
    server: { answer: answers(response()) },
    completed: 3,
    opened: 1,
    reasons: { teardown: 1 },
    first: {},
    perConnection: { 3: 1 },
  },
  {
    name: 'connection: close, the server closes in time',
    requests: 2,
    strategy: { connection: 'close' },
    server: { answer: () => then(close, { afterNs: 50 * ms, do: 'fin' }) },
    completed: 2,
    opened: 2,
    reasons: { connectionClose: 2 },
    first: { server: 2 },
    perConnection: { 1: 2 },
  },
  {
    name: 'connection: close, the server leaves the close to the client',
    requests: 2,
    strategy: { connection: 'close' },
    server: { answer: () => then(close) },
    completed: 2,
    opened: 2,
    reasons: { connectionClose: 2 },
    first: { client: 2 },
    perConnection: { 1: 2 },
  },
  {
    name: 'connection: close, the server resets while its FIN is awaited',
    requests: 1,
    strategy: { connection: 'close' },
    server: { answer: () => then(close, { afterNs: 10 * ms, do: 'reset' }) },
    completed: 1,
    opened: 1,
    reasons: { serverReset: 1 },
    first: { reset: 1 },
    perConnection: { 1: 1 },
    resets: { received: 1 },
  },
  {
    name: 'bytes that follow an answer with close change nothing',
    requests: 1,
    server: { answer: () => then(close, { afterNs: 10 * ms, send: 'more' }, { afterNs: 20 * ms, do: 'fin' }) },
    completed: 1,
    opened: 1,
    reasons: { connectionClose: 1 },
    first: { server: 1 },
    perConnection: { 1: 1 },
  },
  {
    name: 'keep-alive wanted, the server says close',
    requests: 2,
    server: { answer: () => then(close, { afterNs: 0.1 * ms, do: 'fin' }) },
    completed: 2,
    opened: 2,
    reasons: { connectionClose: 2 },
    first: { server: 2 },
    perConnection: { 1: 2 },
  },
  {
    name: 'HTTP/1.0 without keep-alive ends after each answer',
    requests: 2,
    strategy: { protocol: 'http/1.0' },
    server: { answer: () => then('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', { afterNs: 0.1 * ms, do: 'fin' }) },
    completed: 2,
    opened: 2,
    reasons: { connectionClose: 2 },
    first: { server: 2 },
    perConnection: { 1: 2 },
  },
  {
    name: 'HTTP/1.0 with keep-alive goes on',
    requests: 2,
    strategy: { protocol: 'http/1.0' },
    server: { answer: answers('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n') },
    completed: 2,
    opened: 1,
    reasons: { teardown: 1 },
    first: {},
    perConnection: { 2: 1 },
  },
  {
    name: 'HEAD: no body follows, whatever the length says',
    requests: 2,
    method: 'HEAD',
    server: { answer: answers('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n') },
    completed: 2,
    opened: 1,
    reasons: { teardown: 1 },
    first: {},
    perConnection: { 2: 1 },
  },
  {
    name: 'a body until close ends with the FIN',
    requests: 1,
    server: { answer: () => then('HTTP/1.1 200 OK\r\n\r\nbody', { afterNs: 0.1 * ms, do: 'fin' }) },
    completed: 1,
    opened: 1,
    reasons: { connectionClose: 1 },
    first: { server: 1 },
    perConnection: { 1: 1 },
  },
  {
    name: 'a 1xx response comes first',
    requests: 1,
    server: { answer: () => then('HTTP/1.1 100 Continue\r\n\r\n', { afterNs: 0.1 * ms, send: response() }) },
    completed: 1,
    opened: 1,
    reasons: { teardown: 1 },
    first: {},
    perConnection: { 1: 1 },
  },
  {
    name: 'maxRequests: every second request opens anew',
    requests: 5,
    strategy: { pool: { maxRequests: 2 } },
    server: { answer: answers(response()) },
    completed: 5,
    opened: 3,
    reasons: { maxRequests: 2, teardown: 1 },
    first: { client: 2 },
    perConnection: { 1: 1, 2: 2 },
  },
  {
    name: 'maxLifetime: retired at the release after 1.5 ms',
    requests: 4,
    strategy: { pool: { maxLifetimeMs: 1.5 } },
    server: { answer: answers(response()) },
    completed: 4,
    opened: 2,
    reasons: { maxLifetime: 1, teardown: 1 },
    first: { client: 1 },
    perConnection: { 1: 1, 3: 1 },
  },
  {
    name: 'idleTimeout: closed after half a millisecond without use',
    requests: 3,
    strategy: { pool: { idleTimeoutMs: 0.5 } },
    server: { answer: answers(response()) },
    completed: 3,
    opened: 3,
    reasons: { idleTimeout: 2, teardown: 1 },
    first: { client: 2 },
    perConnection: { 1: 3 },
  },
  {
    name: 'idleTimeout, with the FIN of the server already in the queue',
    requests: 2,
    strategy: { pool: { idleTimeoutMs: 0.5 } },
    server: { answer: onlyFirst(then(response(), { afterNs: 0.1 * ms, queued: 'fin' })) },
    completed: 2,
    opened: 2,
    reasons: { serverFin: 1, teardown: 1 },
    first: { server: 1 },
    perConnection: { 1: 2 },
  },
  {
    name: 'idleTimeout, with unread bytes in the queue: the close becomes a reset',
    requests: 2,
    strategy: { pool: { idleTimeoutMs: 0.5 } },
    server: { answer: onlyFirst(then(response(), { afterNs: 0.1 * ms, queued: 'bytes' })) },
    completed: 2,
    opened: 2,
    reasons: { idleTimeout: 1, teardown: 1 },
    first: { reset: 1 },
    perConnection: { 1: 2 },
    resets: { sent: 1 },
  },
  {
    name: 'idleTimeout, with a reset in the queue',
    requests: 2,
    strategy: { pool: { idleTimeoutMs: 0.5 } },
    server: { answer: onlyFirst(then(response(), { afterNs: 0.1 * ms, queued: 'reset' })) },
    completed: 2,
    opened: 2,
    reasons: { serverReset: 1, teardown: 1 },
    first: { reset: 1 },
    perConnection: { 1: 2 },
    resets: { received: 1 },
  },
  {
    name: 'the hint timeout=0 ends reuse; max=2 allows two',
    requests: 4,
    server: {
      answer: (connection) => then(response(2, connection === 0 ? 'Keep-Alive: timeout=0' : 'Keep-Alive: max=2')),
    },
    completed: 4,
    opened: 3,
    reasons: { idleTimeout: 1, maxRequests: 1, teardown: 1 },
    first: { client: 2 },
    perConnection: { 1: 2, 2: 1 },
  },
  {
    name: 'hints that are not honoured',
    requests: 3,
    strategy: { honourHint: false },
    server: { answer: answers(response(2, 'Keep-Alive: timeout=0, max=1')) },
    completed: 3,
    opened: 1,
    reasons: { teardown: 1 },
    first: {},
    perConnection: { 3: 1 },
  },
  {
    name: 'closeWith reset: every close of ours is an RST, and nothing waits for a FIN',
    requests: 3,
    strategy: { closeWith: 'reset', pool: { maxRequests: 2 } },
    server: { answer: answers(response(), close) },
    completed: 3,
    opened: 2,
    reasons: { connectionClose: 1, teardown: 1 },
    first: { reset: 1 },
    perConnection: { 1: 1, 2: 1 },
    resets: { sent: 2 },
  },
  {
    name: 'the server closes an idle connection',
    requests: 2,
    server: { answer: onlyFirst(then(response(), { afterNs: 0.5 * ms, do: 'fin' })) },
    completed: 2,
    opened: 2,
    reasons: { serverFin: 1, teardown: 1 },
    first: { server: 1 },
    perConnection: { 1: 2 },
  },
  {
    name: 'the server resets an idle connection',
    requests: 2,
    server: { answer: onlyFirst(then(response(), { afterNs: 0.5 * ms, do: 'reset' })) },
    completed: 2,
    opened: 2,
    reasons: { serverReset: 1, teardown: 1 },
    first: { reset: 1 },
    perConnection: { 1: 2 },
    resets: { received: 1 },
  },
  {
    name: 'bytes that nobody asked for',
    requests: 2,
    server: { answer: onlyFirst(then(response(), { afterNs: 0.5 * ms, send: 'HTTP/1.1 408' })) },
    completed: 2,
    opened: 2,
    reasons: { badResponse: 1, teardown: 1 },
    first: { client: 1 },
    perConnection: { 1: 2 },
  },
  {
    name: 'bytes beyond the end of the answer: it counts, the connection does not',
    requests: 2,
    server: { answer: onlyFirst(then(`${response()}more`)) },
    completed: 2,
    opened: 2,
    reasons: { badResponse: 1, teardown: 1 },
    first: { client: 1 },
    perConnection: { 1: 2 },
  },
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
    server: { answer: onlyFirst(then('HTTP/1.1 200', { afterNs: 0.1 * ms, do: 'fin' })) },
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
    server: { answer: onlyFirst(then(response(9).slice(0, -1), { afterNs: 0.1 * ms, do: 'fin' })) },
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
    server: { answer: onlyFirst(then(response(9).slice(0, -1), { afterNs: 0.1 * ms, do: 'reset' })) },
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
    server: { answer: onlyFirst(then('garbage')) },
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
    server: { answer: onlyFirst(then(response(9).slice(0, -1))) },
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
  {
    name: 'the kernel takes the request piece by piece',
    requests: 2,
    server: { answer: answers(response()), window: { bytes: 30, drainNs: 0.05 * ms } },
    completed: 2,
    opened: 1,
    reasons: { teardown: 1 },
    first: {},
    perConnection: { 2: 1 },
  },
];

describe('Engine: one path at a time', () => {
  it.each(rows)('$name', (row) => {
    const load = { ...arrivals(row.requests), request: { method: row.method ?? 'GET', path: '/' } } as const;
    const { report, connections } = run({ load, server: row.server, strategy: row.strategy ?? {} });
    expect(report.measure).toMatchObject({ scheduled: row.requests, completed: row.completed, dropped: 0, abandoned: 0 });
    expect(report.errors).toEqual((row.errors ?? []).map((error) => ({ ...error, count: 1 })));
    expect(connections.opened).toBe(row.opened);
    expect(reasonsOf(connections)).toEqual(row.reasons);
    expect(connections.firstCloser).toEqual({ client: 0, server: 0, reset: 0, ...row.first });
    expect(connections.requestsPerConnection).toEqual(row.perConnection);
    expect([connections.resetsReceived, connections.resetsSent]).toEqual([
      row.resets?.received ?? 0,
      row.resets?.sent ?? 0,
    ]);
  });
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
      server: { connect: (number) => (number === 0 ? 0 : ms), answer: () => [{ afterNs: 0.06 * ms, send: response() }] },
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
    expect([countOf(report.latency.response.new), countOf(report.latency.response.reused)]).toEqual([0, 3]);
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
          connection === 0 ? then(close, { afterNs: afterMs * ms, do: 'fin' }) : then(close, { afterNs: 0, do: 'fin' }),
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
      server: { answer: (connection) => (connection === 0 ? then(close) : []) },
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
    expect([totalOf(latency.connect.new), totalOf(latency.firstByte.new), totalOf(latency.download.new)]).toEqual([50, 100, 30]);
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
