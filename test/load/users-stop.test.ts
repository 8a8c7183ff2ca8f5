/** The closed model whose end is brought forward. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClosedUsers } from '../../src/load/users.ts';

const base = { users: 3, thinkTimeNs: 0, startNs: 1000, stopNs: 2000, seed: 1, worker: 0, workers: 1 } as const;

/** Takes everything that is due by `nowNs`: whose it is, and since when. */
function takeAll(users: ClosedUsers, nowNs: number): [number, number][] {
  const due: [number, number][] = [];
  while (users.nextNs <= nowNs) {
    due.push([users.next, users.nextNs]);
    users.take();
  }
  return due;
}

describe('a stop that comes earlier than planned', () => {
  it('whoever is due only then does not come, and nobody after it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 1000, max: 2000 }),
        (count, thinkTimeNs, stopNs) => {
          const config = { ...base, users: count, thinkTimeNs };
          const all = takeAll(new ClosedUsers(config), 1e9);
          const users = new ClosedUsers(config);
          const early = takeAll(users, Math.floor((1000 + stopNs) / 2));
          users.stopAt(stopNs);
          const rest = takeAll(users, 1e9);
          expect([...early, ...rest]).toEqual(all.filter(([, dueNs]) => dueNs < stopNs));
          expect([users.nextNs, users.next]).toEqual([Infinity, -1]);
          expect(() => {
            users.take();
          }).toThrow('no user is due');
          const [first] = [...early, ...rest];
          if (first === undefined) return;
          users.settled(first[0], stopNs - 1, false);
          expect(users.nextNs).toBe(Infinity);
        },
      ),
    );
  });

  it('cannot be put off', () => {
    const users = new ClosedUsers(base);
    expect(() => {
      users.stopAt(2001);
    }).toThrow('the stop cannot be moved from 2000 to 2001 ns');
  });
});
