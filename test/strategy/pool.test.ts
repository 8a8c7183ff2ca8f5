/** The pool's rules one by one, and its size: named cases with exact answers. */
import { describe, expect, it } from 'vitest';
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
import { idleTimeForHintNs } from '../../src/strategy/hint.ts';

const lax: PoolRules = {
  size: Infinity,
  order: 'lifo',
  idleTimeoutNs: Infinity,
  maxRequests: Infinity,
  maxLifetimeNs: Infinity,
  queueLimit: Infinity,
  queueTimeoutNs: Infinity,
  honourHint: true,
};

function poolOf(rules: Partial<PoolRules>, owners = 1, random = (): number => 0): Pool {
  return new Pool({ ...lax, ...rules }, owners, random);
}

/** Opens a connection for `request` at `nowNs`. */
function open(pool: Pool, request: number, nowNs = 0, owner = 0): number {
  expect(pool.acquire(owner, request, nowNs)).toBe(OPEN);
  pool.opened(pool.connection, nowNs);
  return pool.connection;
}

/** Opens `count` connections and releases them in the order of their numbers. */
function idlePool(rules: Partial<PoolRules>, count: number, random?: () => number): Pool {
  const pool = poolOf(rules, 1, random);
  const connections = Array.from({ length: count }, (_, request) => open(pool, request));
  for (const connection of connections) expect(pool.release(connection, 0, -1, -1)).toBe(IDLE);
  return pool;
}

function allExpired(expire: (nowNs: number) => number, nowNs: number): number[] {
  const expired: number[] = [];
  for (let one = expire(nowNs); one >= 0; one = expire(nowNs)) expired.push(one);
  return expired;
}

describe('idleTimeForHintNs', () => {
  it.each([
    ['a long hint loses a second', 5e9, 4e9],
    ['two seconds: both rules say one', 2e9, 1e9],
    ['a second and a half keeps half of it', 1.5e9, 0.75e9],
    ['one second keeps half of it', 1e9, 0.5e9],
    ['nothing stays nothing', 0, 0],
  ])('%s', (_name, hintNs, expectedNs) => {
    expect(idleTimeForHintNs(hintNs)).toBe(expectedNs);
  });
});

describe('the choice of an idle connection', () => {
  it.each([
    ['lifo', [4, 3, 2, 1, 0]],
    ['fifo', [0, 1, 2, 3, 4]],
  ] as const)('%s', (order, expected) => {
    const pool = idlePool({ order }, 5);
    const chosen = expected.map((_, request) => {
      expect(pool.acquire(0, request, 1)).toBe(REUSE);
      return pool.connection;
    });
    expect(chosen).toEqual(expected);
    expect(pool.idleCount(0)).toBe(0);
  });

  it('random: the place in the order of release is floor(unit x idle)', () => {
    // Idle 0..4; 0.99 takes place 4, then of 0..3 0.5 takes place 2, of 0,1,3 0 takes 0, of 1,3 0.5 takes 3, then 1 is left.
    const units = [0.99, 0.5, 0, 0.5, 0.7];
    const pool = idlePool({ order: 'random' }, 5, () => units.shift()!);
    const chosen = [0, 1, 2, 3, 4].map((request) => {
      expect(pool.acquire(0, request, 1)).toBe(REUSE);
      return pool.connection;
    });
    expect(chosen).toEqual([4, 2, 0, 3, 1]);
  });
});

describe('retirement at release', () => {
  it('after maxRequests, counting the first', () => {
    const pool = poolOf({ maxRequests: 2 });
    const connection = open(pool, 0);
    expect(pool.release(connection, 1, -1, -1)).toBe(IDLE);
    expect(pool.acquire(0, 0, 2)).toBe(REUSE);
    expect(pool.release(connection, 3, -1, -1)).toBe(RETIRE_REQUESTS);
    expect(pool.total).toBe(0);
  });

  it('a prefetched connection has served nothing yet', () => {
    const pool = poolOf({ size: 1, maxRequests: 1 });
    expect(pool.prefetch(0, 0)).toBe(true);
    expect(pool.prefetch(0, 0)).toBe(false);
    pool.opened(0, 1);
    expect(pool.release(0, 1, -1, -1)).toBe(IDLE);
    expect([pool.acquire(0, 0, 2), pool.connection]).toEqual([REUSE, 0]);
    expect(pool.release(0, 3, -1, -1)).toBe(RETIRE_REQUESTS);
  });

  it('at maxLifetime, from the moment it was opened, not from when opening began', () => {
    const pool = poolOf({ maxLifetimeNs: 10 });
    expect(pool.acquire(0, 0, 0)).toBe(OPEN);
    pool.opened(0, 5);
    expect(pool.release(0, 14, -1, -1)).toBe(IDLE);
    expect(pool.acquire(0, 0, 14)).toBe(REUSE);
    expect(pool.release(0, 15, -1, -1)).toBe(RETIRE_AGE);
  });

  it.each([
    ['timeout=0 leaves no time', true, 0, RETIRE_HINT],
    ['timeout=0 is not obeyed', false, 0, IDLE],
    ['timeout=1 leaves half a second', true, 1e9, IDLE],
  ])('hint: %s', (_name, honourHint, hintNs, expected) => {
    const pool = poolOf({ honourHint });
    expect(pool.release(open(pool, 0), 0, hintNs, -1)).toBe(expected);
  });

  it('max: the first answer says how many in all, whether the server counts down or not', () => {
    for (const second of [2, 1]) {
      const pool = poolOf({});
      const connection = open(pool, 0);
      expect(pool.release(connection, 0, -1, 2)).toBe(IDLE);
      expect(pool.acquire(0, 0, 0)).toBe(REUSE);
      expect(pool.release(connection, 0, -1, second)).toBe(RETIRE_REQUESTS);
    }
  });

  it('max does not raise the own limit', () => {
    const pool = poolOf({ maxRequests: 1 });
    expect(pool.release(open(pool, 0), 0, -1, 100)).toBe(RETIRE_REQUESTS);
  });

  it('a connection with the number of one that had a max has none', () => {
    const pool = poolOf({});
    expect(pool.release(open(pool, 0), 0, -1, 1)).toBe(RETIRE_REQUESTS);
    pool.forget(0);
    const again = open(pool, 1);
    expect(again).toBe(0);
    expect(pool.release(again, 0, -1, -1)).toBe(IDLE);
  });
});

describe('time', () => {
  it('an idle connection expires when its own time is over, the hint of its last answer included', () => {
    const pool = poolOf({ idleTimeoutNs: 10e9 });
    const first = open(pool, 0);
    const second = open(pool, 1);
    pool.release(first, 0, -1, -1);
    pool.release(second, 0, 5e9, -1);
    const expire = (nowNs: number): number => pool.expireIdle(nowNs);
    expect(pool.nextDeadlineNs()).toBe(4e9);
    expect(allExpired(expire, 4e9 - 1)).toEqual([]);
    expect(allExpired(expire, 4e9)).toEqual([second]);
    expect(allExpired(expire, 10e9)).toEqual([first]);
    expect([pool.total, pool.nextDeadlineNs()]).toEqual([0, Infinity]);
  });

  it('a connection in use does not expire, and starts anew when released', () => {
    const pool = poolOf({ idleTimeoutNs: 10 });
    const connection = open(pool, 0);
    pool.release(connection, 0, -1, -1);
    pool.acquire(0, 0, 5);
    expect(pool.expireIdle(100)).toBe(-1);
    pool.release(connection, 100, -1, -1);
    expect([pool.expireIdle(109), pool.expireIdle(110)]).toEqual([-1, connection]);
  });

  it('requests that came at the same moment run out in the order in which they came', () => {
    const pool = poolOf({ size: 1, queueTimeoutNs: 10 });
    open(pool, 0);
    for (const request of [1, 2, 3, 4, 5, 6]) expect(pool.acquire(0, request, 0)).toBe(QUEUED);
    expect(pool.expireQueued(9)).toBe(-1);
    expect(allExpired((nowNs) => pool.expireQueued(nowNs), 10)).toEqual([1, 2, 3, 4, 5, 6]);
    expect([pool.waiting, pool.nextDeadlineNs()]).toEqual([0, Infinity]);
  });

  it('a request that was served does not run out, and its number may wait again', () => {
    const pool = poolOf({ size: 1, queueTimeoutNs: 10 });
    const connection = open(pool, 0);
    pool.acquire(0, 1, 0);
    expect([pool.release(connection, 5, -1, -1), pool.request]).toEqual([SERVE, 1]);
    expect(pool.acquire(0, 1, 8)).toBe(QUEUED);
    expect([pool.expireQueued(17), pool.expireQueued(18), pool.expireQueued(18)]).toEqual([-1, 1, -1]);
  });
});

describe('the waiting line', () => {
  it('takes as many as its limit, in order; a limit of 0 takes none', () => {
    const pool = poolOf({ size: 1, queueLimit: 2 });
    const connection = open(pool, 0);
    expect([1, 2, 3].map((request) => pool.acquire(0, request, 0))).toEqual([QUEUED, QUEUED, REFUSED]);
    expect([pool.release(connection, 1, -1, -1), pool.request]).toEqual([SERVE, 1]);
    expect(pool.acquire(0, 4, 1)).toBe(QUEUED);
    expect([pool.release(connection, 2, -1, -1), pool.request]).toEqual([SERVE, 2]);
    expect([pool.release(connection, 3, -1, -1), pool.request]).toEqual([SERVE, 4]);
    expect(pool.release(connection, 4, -1, -1)).toBe(IDLE);

    const strict = poolOf({ size: 1, queueLimit: 0 });
    open(strict, 0);
    expect(strict.acquire(0, 1, 0)).toBe(REFUSED);
  });

  it('opens a connection for the first in line when one left, and not before', () => {
    const pool = poolOf({ size: 1 });
    const connection = open(pool, 0);
    pool.acquire(0, 1, 0);
    expect(pool.takeQueued(0, 1)).toBe(false);
    pool.leave(connection);
    pool.leave(connection);
    expect(pool.takeQueued(0, 1)).toBe(true);
    // The number of the one that left is not free before it is forgotten.
    expect([pool.request, pool.connection, pool.total]).toEqual([1, 1, 1]);
    expect(pool.takeQueued(0, 1)).toBe(false);
  });

  it('is cleared owner by owner', () => {
    const pool = poolOf({ size: 0 }, 3);
    for (const [owner, request] of [
      [2, 0],
      [0, 1],
      [2, 2],
    ] as const) {
      expect(pool.acquire(owner, request, 0)).toBe(QUEUED);
    }
    expect([0, 1, 2, 3].map(() => pool.cancelQueued())).toEqual([1, 0, 2, -1]);
  });
});

describe('numbers', () => {
  it('of connections are used again only when forgotten, and stay below the capacity as it grows', () => {
    const pool = poolOf({});
    const numbers = Array.from({ length: 100 }, (_, request) => open(pool, request));
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, number) => number));
    expect(pool.capacity).toBe(128);
    pool.leave(40);
    expect(open(pool, 40)).toBe(100);
    pool.forget(40);
    pool.forget(40);
    pool.forget(41);
    expect([open(pool, 101), open(pool, 102)]).toEqual([40, 101]);
    expect([pool.total, pool.uses(40), pool.ownerOf(40)]).toEqual([102, 1, 0]);
  });

  it('of requests may be large: the line grows past 64', () => {
    const pool = poolOf({ size: 1, queueTimeoutNs: 10 });
    const connection = open(pool, 0);
    const requests = Array.from({ length: 1000 }, (_, index) => 1000 - index);
    for (const request of requests) expect(pool.acquire(0, request, 0)).toBe(QUEUED);
    const served = requests.slice(0, 500).map(() => {
      expect(pool.release(connection, 1, -1, -1)).toBe(SERVE);
      return pool.request;
    });
    expect(served).toEqual(requests.slice(0, 500));
    expect(allExpired((nowNs) => pool.expireQueued(nowNs), 10)).toEqual(requests.slice(500));
  });

  it('of 20,000 owners share one pool, and none touches the connections of another', () => {
    const owners = 20_000;
    const pool = poolOf({ size: 1, idleTimeoutNs: 100 }, owners);
    const connections = Array.from({ length: owners }, (_, owner) => open(pool, owner, owner, owner));
    expect(new Set(connections).size).toBe(owners);
    connections.forEach((connection, owner) => {
      expect(pool.release(connection, owners + owner, -1, -1)).toBe(IDLE);
    });
    expect([pool.total, pool.capacity]).toEqual([owners, 32_768]);
    for (const owner of [0, 1, 9_999, 19_999]) {
      expect([pool.acquire(owner, 0, 3 * owners), pool.connection]).toEqual([REUSE, connections[owner]]);
      expect(pool.acquire(owner, 1, 3 * owners)).toBe(QUEUED);
    }
    expect(allExpired((nowNs) => pool.expireIdle(nowNs), 3 * owners)).toHaveLength(owners - 4);
    expect([pool.total, pool.waiting]).toEqual([4, 4]);
  });
});
