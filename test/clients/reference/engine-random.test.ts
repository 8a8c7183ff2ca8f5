/** The engine under random strategies, loads and server faults in virtual time: nothing is lost, nothing is left open, sums agree. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectConsistent, requestsOn, sum } from '../consistency.ts';
import { closedLoad, openLoad, type StrategyChanges } from '../trial-config.ts';
import { type Action, type Behaviour, response, runWorld, type WorldResult, type WorldSetup } from './fake-network.ts';

const ms = 1e6;
/** Never at once: users without think time would send for ever at one moment. */
const soonNs = fc.integer({ min: 1, max: 40 }).map((tenths) => (tenths * ms) / 10);

/** One exchange as the server plays it: mostly answers, sometimes every fault there is. */
const answer: fc.Arbitrary<readonly Action[]> = fc.oneof(
  { weight: 6, arbitrary: soonNs.map((afterNs) => [{ afterNs, send: response() }]) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(soonNs, soonNs, fc.constantFrom<Action[]>([], [{ afterNs: 0, do: 'fin' }]))
      .map(([first, gapNs, end]): readonly Action[] => [
        { afterNs: first, send: response(4).slice(0, 20) },
        { afterNs: first + gapNs, send: response(4).slice(20) },
        ...end.map((action) => ({ ...action, afterNs: first + gapNs + 1 })),
      ]),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        soonNs,
        soonNs,
        fc.constantFrom<readonly Action[]>([], [{ afterNs: 0, do: 'fin' }], [{ afterNs: 0, do: 'reset' }]),
      )
      .map(([first, gapNs, end]): readonly Action[] => [
        { afterNs: first, send: response(2, 'Connection: close') },
        ...end.map((action) => ({ ...action, afterNs: first + gapNs })),
      ]),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(soonNs, fc.constantFrom('fin', 'reset'), fc.nat({ max: 40 }))
      .map(([afterNs, end, cut]): readonly Action[] => [
        ...(cut > 0 ? [{ afterNs, send: response(4).slice(0, cut) }] : []),
        { afterNs: afterNs + 1, do: end },
      ]),
  },
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: soonNs.map((afterNs) => [{ afterNs, send: 'garbage' }]) },
  { weight: 1, arbitrary: soonNs.map((afterNs) => [{ afterNs, send: `${response()}more` }]) },
  {
    weight: 1,
    arbitrary: soonNs.map((afterNs) => [
      { afterNs, send: response() },
      { afterNs: afterNs + 2 * ms, send: 'nobody asked' },
    ]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(soonNs, fc.constantFrom('fin', 'bytes', 'reset', 'notify'))
      .map(([afterNs, queued]): readonly Action[] => [
        { afterNs, send: response(2, 'Keep-Alive: timeout=1, max=3') },
        { afterNs, queued: queued },
      ]),
  },
);

const connect = fc.oneof(
  { weight: 8, arbitrary: soonNs },
  { weight: 1, arbitrary: fc.constant({ errno: 24 }) },
  { weight: 1, arbitrary: soonNs.map((afterNs) => ({ afterNs, code: 'ECONNREFUSED' })) },
  { weight: 1, arbitrary: fc.constant(Infinity) },
);

const anyServer: fc.Arbitrary<Behaviour> = fc
  .record({
    connects: fc.array(connect, { minLength: 1, maxLength: 5 }),
    answers: fc.array(answer, { minLength: 1, maxLength: 7 }),
    errnos: fc.array(fc.constantFrom(0, 0, 0, 0, 0, 0, 32, 104), { minLength: 1, maxLength: 7 }),
    window: fc.constantFrom(undefined, undefined, { bytes: 30, drainNs: ms }),
  })
  .map(({ connects, answers, errnos, window }) => ({
    connect: (number) => connects[number % connects.length]!,
    answer: (number, request) => answers[(number * 3 + request) % answers.length]!,
    sendErrno: (number, request) => errnos[(number * 3 + request) % errnos.length]!,
    ...(window === undefined ? {} : { window }),
  }));

/** What a strategy need not have. */
const poolExtras = fc.record(
  {
    maxRequestsRange: fc.constantFrom({ min: 1, max: 3 }, { min: 2, max: 2 }),
    maxLifetimeJitter: fc.constantFrom(0.1, 1),
    validate: fc.constant(true as const),
  },
  { requiredKeys: [] },
);

/** Absent more often than not. */
const anyFlow: fc.Arbitrary<StrategyChanges> = fc.constantFrom<StrategyChanges>(
  {},
  {},
  { pipelining: 2 },
  { retry: 'reused-once' },
  { retry: 'always-once' },
  { pipelining: 3, retry: 'reused-once' },
  { pipelining: 8, retry: 'always-once' },
);

const anyRules: fc.Arbitrary<StrategyChanges> = fc.record({
  connection: fc.constantFrom('keep-alive', 'keep-alive', 'close'),
  honourHint: fc.boolean(),
  closeWith: fc.constantFrom('fin', 'fin', 'reset'),
  pool: fc
    .tuple(
      fc.record({
        size: fc.constantFrom(1, 2, 5, 20),
        scope: fc.constant<'shared'>('shared'),
        order: fc.constantFrom<'lifo' | 'fifo' | 'random'>('lifo', 'fifo', 'random'),
        idleTimeoutMs: fc.constantFrom(1, 5, Infinity),
        maxRequests: fc.constantFrom(1, 3, Infinity),
        maxLifetimeMs: fc.constantFrom(2, 20, Infinity),
        prefetch: fc.boolean(),
        queueLimit: fc.constantFrom(0, 1, 5, Infinity),
        queueTimeoutMs: fc.constantFrom(1, 5, 100),
      }),
      poolExtras,
    )
    .map(([pool, extras]) => ({ ...pool, ...extras })),
  timeouts: fc.record({ connectMs: fc.constantFrom(1, 10, 30), responseMs: fc.constantFrom(1, 10, 30) }),
});

const anyStrategy = fc.tuple(anyRules, anyFlow).map(([rules, flow]) => ({ ...rules, ...flow }));

const mix = [
  { method: 'GET', path: '/', weight: 3 },
  { method: 'POST', path: '/', weight: 1 },
] as const;
/** All of them GET, or every fourth one POST. */
const requests = fc.constantFrom({}, { requests: mix });
const times = { warmUpMs: fc.constantFrom(0, 20), durationMs: fc.integer({ min: 1, max: 60 }) };
const anyLoad = fc.oneof(
  fc
    .record({
      ...times,
      ratePerSecond: fc.constantFrom(100, 1000, 5000),
      arrivals: fc.constantFrom('constant', 'poisson'),
    })
    .chain((changes) => requests.map((more) => openLoad({ ...changes, ...more }))),
  fc
    .record({ ...times, users: fc.integer({ min: 1, max: 30 }), thinkTimeMs: fc.constantFrom(0, 0.5, 15) })
    .chain((changes) => requests.map((more) => closedLoad({ ...changes, ...more }))),
);

const anyWorld: fc.Arbitrary<WorldSetup> = fc.record({
  server: anyServer,
  strategy: anyStrategy,
  load: anyLoad,
  startNs: fc.constantFrom(0, 123_456_789_012_345),
  drainMs: fc.constantFrom(0, 10, 30_000),
});

/** Stops a trial at some point of its measure. */
const stopped = fc.tuple(anyWorld, fc.nat({ max: 100 })).map(([world, percent]): WorldSetup => {
  const { startNs = 0, load } = world;
  return { ...world, stopAtNs: startNs + (load.warmUpMs + load.durationMs) * ms * (percent / 100) };
});

/** What went over the network is what the client says that it sent, once or twice each. */
function expectTraffic({ strategy, server }: WorldSetup, { report, numbers, mostUnderWay }: WorldResult): void {
  const { sent, started } = report.wholeTrial;
  const again = report.retried?.wholeTrial ?? 0;
  expect(mostUnderWay).toBeLessThanOrEqual(strategy?.pipelining ?? 1);
  expect(sent).toBeLessThanOrEqual(started + again);
  // What is written in parts may be answered before its end: then it counts as sent.
  if (server?.window === undefined) expect(numbers.length).toBe(sent);
  else expect(numbers.length).toBeLessThanOrEqual(sent);
  expect(report.retried === undefined).toBe(strategy?.retry === undefined);
  if (report.retried === undefined) {
    expect(numbers.every((number) => number === -1)).toBe(true);
    return;
  }
  expect(sum(report.retried.causes!.map(({ count }) => count))).toBe(report.retried.measure);
  const times = new Map<number, number>();
  for (const number of numbers) times.set(number, (times.get(number) ?? 0) + 1);
  expect(Math.max(0, ...times.values())).toBeLessThanOrEqual(2);
  expect(numbers.length - times.size).toBeLessThanOrEqual(again);
  expect(Math.max(-1, ...numbers)).toBeLessThan(started);
  expect(Math.min(0, ...numbers)).toBe(0);
}

function expectSound(world: WorldSetup): WorldResult {
  const result = runWorld(world);
  const { report, connections, stillOpen, ledgerOpen, pooled } = result;
  expectConsistent(report);
  expectTraffic(world, result);
  expect({ stillOpen, ledgerOpen, pooled }).toEqual({ stillOpen: 0, ledgerOpen: 0, pooled: 0 });
  expect(requestsOn(connections)).toBe(report.wholeTrial.answered);
  // No timeout here is longer than the drain, so everything settles by itself.
  if (world.stopAtNs === undefined && world.drainMs === 30_000) {
    expect(report.wholeTrial.abandoned).toBe(0);
  }
  return result;
}

describe('Engine', () => {
  it('conserves requests and connections whatever the server does', () => {
    fc.assert(
      fc.property(anyWorld, (world) => void expectSound(world)),
      { numRuns: 400 },
    );
  });

  it('conserves them with connections per user', () => {
    const session = fc
      .tuple(anyWorld, fc.integer({ min: 1, max: 30 }), fc.constantFrom(1, 2))
      .map(([world, users, size]): WorldSetup => ({
        ...world,
        strategy: { ...world.strategy, pool: { ...world.strategy?.pool, scope: 'session', size } },
        load: closedLoad({ warmUpMs: world.load.warmUpMs, durationMs: world.load.durationMs, users }),
      }));
    fc.assert(
      fc.property(session, (world) => void expectSound(world)),
      { numRuns: 200 },
    );
  });

  it('conserves them when several are under way on a connection, and keeps their order', () => {
    const flow = fc.record({
      pipelining: fc.integer({ min: 2, max: 8 }),
      size: fc.integer({ min: 1, max: 3 }),
      retry: fc.constantFrom(undefined, 'reused-once' as const, 'always-once' as const),
      good: fc.integer({ min: 0, max: 3 }),
    });
    let most = 0;
    const busy = fc
      .tuple(anyWorld, flow, soonNs)
      .map(([world, { pipelining, size, retry, good }, afterNs]): WorldSetup => {
        const { answer = (): readonly Action[] => [] } = world.server ?? {};
        const server: Behaviour = {
          ...world.server,
          // Most requests are answered, so that connections live long enough to carry several.
          answer: (connection, request, alternative) =>
            (connection + request) % 4 <= good
              ? [{ afterNs, send: response() }]
              : answer(connection, request, alternative),
        };
        const pool = { ...world.strategy?.pool, size, maxRequests: Infinity, queueLimit: Infinity };
        return {
          ...world,
          server,
          strategy: { ...world.strategy, connection: 'keep-alive', pool, pipelining, ...(retry && { retry }) },
        };
      });
    fc.assert(
      fc.property(busy, (world) => {
        most = Math.max(most, expectSound(world).mostUnderWay);
      }),
      { numRuns: 400 },
    );
    expect(most).toBeGreaterThan(2);
  });

  it('conserves them when it is stopped in the middle', () => {
    fc.assert(
      fc.property(stopped, (world) => void expectSound(world)),
      { numRuns: 200 },
    );
  });
});
