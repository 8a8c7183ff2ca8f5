/** The pool against a naive one under random commands: several owners, every order, every limit, hints, and numbers used again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/load/random.ts';
import {
  IDLE,
  OPEN,
  Pool,
  type PoolRules,
  QUEUED,
  REFUSED,
  RETIRE_AGE,
  RETIRE_HINT,
  RETIRE_REQUESTS,
  REUSE,
  SERVE,
} from '../../src/strategy/pool.ts';
import { limitsSeed, type NaiveConnection, NaivePool, type Outcome, type Released } from './naive-pool.ts';

interface Real {
  readonly pool: Pool;
  /** What the pool's random generator says next. */
  unit: number;
}

const outcomes: Readonly<Record<Outcome, number>> = { reuse: REUSE, open: OPEN, queued: QUEUED, refused: REFUSED };
const releases: Readonly<Record<Released, number>> = {
  idle: IDLE,
  serve: SERVE,
  'retire-requests': RETIRE_REQUESTS,
  'retire-age': RETIRE_AGE,
  'retire-hint': RETIRE_HINT,
};

/** One line of text for each side, because it is compared after every command. */
function sameState(model: NaivePool, { pool }: Real): void {
  const owners = Array.from({ length: model.owners }, (_, owner) => owner);
  const seen = [
    ...[pool.waiting, pool.total, ...owners.map((owner) => pool.idleCount(owner))],
    ...model.connections.map(({ number }) => `${pool.isIdle(number)} ${pool.ownerOf(number)} ${pool.uses(number)}`),
  ].join();
  const expected = [
    ...[model.waiting.length, model.connections.length - model.inState('leaving').length],
    ...owners.map((owner) => model.idleOf(owner).length),
    ...model.connections.map(({ state, owner, uses }) => `${state === 'idle'} ${owner} ${uses}`),
  ].join();
  expect(seen).toBe(expected);
  const most = Math.max(0, ...owners.map((owner) => model.counted(owner)));
  expect(most).toBeLessThanOrEqual(model.rules.size);
  const deadlines = [...model.idle.map((one) => one.idleUntilNs), ...model.waiting.map((one) => one.untilNs)];
  expect(pool.nextDeadlineNs()).toBeLessThanOrEqual(Math.min(Infinity, ...deadlines));
}

/** A new connection's number is free, and the smallest range of numbers is used that holds all connections at once. */
function takeNumber(model: NaivePool, { pool }: Real, owner: number, prefetched: boolean): void {
  const number = pool.connection;
  expect(model.connections.map((one) => one.number)).not.toContain(number);
  model.add(number, owner, prefetched);
  expect(number).toBeLessThan(model.mostNumbers);
  expect(number).toBeLessThan(pool.capacity);
}

abstract class Step implements fc.Command<NaivePool, Real> {
  readonly pick: number;
  constructor(pick: number) {
    this.pick = pick;
  }
  check(): boolean {
    return true;
  }
  run(model: NaivePool, real: Real): void {
    this.act(model, real);
    sameState(model, real);
  }
  protected abstract act(model: NaivePool, real: Real): void;

  protected one<T>(among: readonly T[]): T | undefined {
    return among[this.pick % Math.max(1, among.length)];
  }
  protected owner(model: NaivePool): number {
    return this.pick % model.owners;
  }
  toString(): string {
    return `${this.constructor.name} ${this.pick}`;
  }
}

class Acquire extends Step {
  protected act(model: NaivePool, real: Real): void {
    const owner = this.owner(model);
    let request = 0;
    while (model.requests.has(request)) request++;
    const expected = model.acquire(owner);
    real.unit = (this.pick % 97) / 97;
    expect(real.pool.acquire(owner, request, model.nowNs)).toBe(outcomes[expected]);
    if (expected === 'reuse') {
      const chosen = model.choose(owner, real.unit);
      expect(real.pool.connection).toBe(chosen.number);
      model.takeIdle(chosen);
    }
    if (expected === 'open') takeNumber(model, real, owner, false);
    if (expected === 'queued') model.enqueue(owner, request);
  }
}

class Prefetch extends Step {
  protected act(model: NaivePool, real: Real): void {
    const owner = this.owner(model);
    const room = model.counted(owner) < model.rules.size;
    expect(real.pool.prefetch(owner, model.nowNs)).toBe(room);
    if (room) takeNumber(model, real, owner, true);
  }
}

function release(model: NaivePool, { pool }: Real, connection: NaiveConnection, hintNs: number, hintMax: number): void {
  const head = model.waitingOf(connection.owner)[0];
  const expected = model.release(connection, hintNs, hintMax);
  expect(pool.release(connection.number, model.nowNs, hintNs, hintMax)).toBe(releases[expected]);
  if (expected === 'serve') expect(pool.request).toBe(head?.request);
}

class Opened extends Step {
  protected act(model: NaivePool, real: Real): void {
    const connection = this.one(model.inState('opening'));
    if (connection === undefined) return;
    real.pool.opened(connection.number, model.nowNs);
    connection.state = 'busy';
    connection.openedNs = model.nowNs;
    if (connection.prefetched) release(model, real, connection, -1, -1);
    connection.prefetched = false;
  }
}

class Release extends Step {
  readonly hintNs: number;
  readonly hintMax: number;
  constructor(pick: number, hintNs: number, hintMax: number) {
    super(pick);
    this.hintNs = hintNs;
    this.hintMax = hintMax;
  }
  protected act(model: NaivePool, real: Real): void {
    const connection = this.one(model.inState('busy'));
    if (connection !== undefined) release(model, real, connection, this.hintNs, this.hintMax);
  }
  override toString(): string {
    return `${super.toString()} hint ${this.hintNs} max ${this.hintMax}`;
  }
}

class Leave extends Step {
  protected act(model: NaivePool, real: Real): void {
    const connection = this.one(model.connections);
    if (connection === undefined) return;
    real.pool.leave(connection.number);
    model.leave(connection);
  }
}

class Forget extends Step {
  protected act(model: NaivePool, real: Real): void {
    const connection = this.one(model.connections);
    if (connection === undefined) return;
    real.pool.forget(connection.number);
    if (connection.state === 'leaving') model.forget(connection);
  }
}

class TakeQueued extends Step {
  protected act(model: NaivePool, real: Real): void {
    const owner = this.owner(model);
    const head = model.waitingOf(owner)[0];
    const room = head !== undefined && model.counted(owner) < model.rules.size;
    expect(real.pool.takeQueued(owner, model.nowNs)).toBe(room);
    if (!room) return;
    expect(real.pool.request).toBe(head.request);
    model.dequeue(head.request);
    takeNumber(model, real, owner, false);
  }
}

class CancelQueued extends Step {
  protected act(model: NaivePool, real: Real): void {
    const request = real.pool.cancelQueued();
    if (request < 0) {
      expect(model.waiting).toEqual([]);
      return;
    }
    const one = model.waiting.find((waiting) => waiting.request === request)!;
    expect(model.waitingOf(one.owner)[0]).toBe(one);
    model.dequeue(request);
  }
}

/** Time passes; all that ran out is taken, and nothing else. Requests of one owner run out in the order in which they came. */
class Pass extends Step {
  protected act(model: NaivePool, { pool }: Real): void {
    model.nowNs += (this.pick % 13) * 0.25e9;
    const { nowNs } = model;
    const expectedIdle = model.idle.filter((one) => one.idleUntilNs <= nowNs).map((one) => one.number);
    const expired: number[] = [];
    for (let number = pool.expireIdle(nowNs); number >= 0; number = pool.expireIdle(nowNs)) {
      expired.push(number);
      model.leave(model.connections.find((one) => one.number === number)!);
    }
    expect(expired.toSorted((a, b) => a - b)).toEqual(expectedIdle.toSorted((a, b) => a - b));
    const expectedWaiting = model.waiting.filter((one) => one.untilNs <= nowNs).length;
    let expiredWaiting = 0;
    for (let request = pool.expireQueued(nowNs); request >= 0; request = pool.expireQueued(nowNs)) {
      expiredWaiting++;
      const owner = model.waiting.find((one) => one.request === request)?.owner ?? -1;
      expect(model.waitingOf(owner)[0]?.request).toBe(request);
      model.dequeue(request);
    }
    expect(expiredWaiting).toBe(expectedWaiting);
    expect(pool.nextDeadlineNs()).toBeGreaterThan(nowNs);
  }
}

const limit = fc.constantFrom(1, 2, 3, 5, Infinity);
const timeNs = fc.constantFrom(0.5e9, 1e9, 2e9, 4e9, Infinity);
const anyLimits = fc.record(
  {
    maxRequestsRange: fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.nat({ max: 4 }))
      .map(([min, more]) => ({ min, max: min + more })),
    maxLifetimeJitter: fc.constantFrom(0, 0.1, 0.5, 1),
  },
  { requiredKeys: [] },
);
const fixedRules = fc.record({
  size: fc.constantFrom(1, 2, 3, 40, Infinity),
  order: fc.constantFrom<PoolRules['order']>('lifo', 'fifo', 'random'),
  idleTimeoutNs: timeNs,
  maxRequests: limit,
  maxLifetimeNs: timeNs,
  queueLimit: fc.oneof(limit, fc.constantFrom(0, 100)),
  queueTimeoutNs: timeNs,
  honourHint: fc.boolean(),
});
const anyRules: fc.Arbitrary<PoolRules> = fc
  .tuple(fixedRules, anyLimits)
  .map(([fixed, limits]) => ({ ...fixed, ...limits }));
const poolOf = (rules: PoolRules, owners: number, unit: () => number): Pool =>
  new Pool(rules, owners, unit, new Random(limitsSeed));
const pick = fc.nat({ max: 1000 });
const acquire = pick.map((at) => new Acquire(at));
const anyRelease = fc
  .tuple(pick, fc.constantFrom(-1, 0, 0.5e9, 1e9, 2e9, 3e9, 60e9), fc.constantFrom(-1, -1, 0, 1, 2, 5))
  .map(([at, hintNs, hintMax]) => new Release(at, hintNs, hintMax));
const commands = fc.commands(
  [
    acquire,
    acquire,
    acquire,
    anyRelease,
    anyRelease,
    pick.map((at) => new Opened(at)),
    pick.map((at) => new Opened(at)),
    pick.map((at) => new Prefetch(at)),
    pick.map((at) => new Leave(at)),
    pick.map((at) => new Forget(at)),
    pick.map((at) => new Forget(at)),
    pick.map((at) => new TakeQueued(at)),
    pick.map((at) => new CancelQueued(at)),
    pick.map((at) => new Pass(at)),
  ],
  { maxCommands: 150, size: '+2' },
);

describe('Pool', () => {
  it('answers as a naive pool does, whatever is asked', () => {
    fc.assert(
      fc.property(anyRules, fc.integer({ min: 1, max: 4 }), commands, (rules, owners, sequence) => {
        const real: Real = { pool: poolOf(rules, owners, () => real.unit), unit: 0 };
        fc.modelRun(() => ({ model: new NaivePool(rules, owners), real }), sequence);
      }),
      { numRuns: 300 },
    );
  });

  it('answers as a naive pool does when bursts of requests meet a small pool', () => {
    const burst = fc.array(acquire, { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(
        anyRules,
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.tuple(burst, pick, fc.array(anyRelease, { maxLength: 5 })), { minLength: 1, maxLength: 4 }),
        (rules, owners, rounds) => {
          const real: Real = { pool: poolOf(rules, owners, () => real.unit), unit: 0 };
          const steps = rounds.flatMap(([requests, at, ends]) => [...requests, new Opened(at), ...ends, new Pass(at)]);
          fc.modelRun(() => ({ model: new NaivePool(rules, owners), real }), [...steps, new Pass(12), new Pass(12)]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
