/** The closed model: who is due when, the split over workers, and a comparison with a plain list of users. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClosedUsers, type ClosedUsersConfig } from '../../src/load/users.ts';

const base: ClosedUsersConfig = {
  users: 3,
  thinkTimeNs: 0,
  startNs: 1000,
  stopNs: 2000,
  seed: 1,
  worker: 0,
  workers: 1,
};

function allDue(users: ClosedUsers, nowNs: number): number[] {
  const due: number[] = [];
  for (let user = users.due(nowNs); user >= 0; user = users.due(nowNs)) due.push(user);
  return due;
}

describe('ClosedUsers', () => {
  it('without think time: all are due at the start, and again when completed', () => {
    const users = new ClosedUsers(base);
    expect(users.nextReadyNs()).toBe(1000);
    expect(allDue(users, 999)).toEqual([]);
    expect(allDue(users, 1000)).toEqual([0, 1, 2]);
    expect(users.nextReadyNs()).toBe(Infinity);
    users.completed(2, 1100);
    users.completed(0, 1200);
    expect([users.readyNs(2), users.readyNs(0), users.nextReadyNs()]).toEqual([1100, 1200, 1100]);
    expect(allDue(users, 1150)).toEqual([2]);
    expect(allDue(users, 1300)).toEqual([0]);
    expect(users.readyNs(0)).toBe(1200);
  });

  it('with think time: due that long after completion', () => {
    const users = new ClosedUsers({ ...base, users: 1, thinkTimeNs: 100 });
    expect(users.due(1100)).toBe(0);
    users.completed(0, 1150);
    expect(users.nextReadyNs()).toBe(1250);
    expect([users.due(1249), users.due(1250)]).toEqual([-1, 0]);
  });

  it('with think time: the first starts are spread over one think time, the same on any number of workers', () => {
    const config = { ...base, users: 1000, thinkTimeNs: 1e9, startNs: 5e9, stopNs: 60e9, seed: 4 };
    const whole = new ClosedUsers(config);
    const starts = Array.from({ length: 1000 }, (_, user) => whole.readyNs(user));
    expect(starts.every((start) => start >= 5e9 && start < 6e9)).toBe(true);
    // Uniform: 250 in each quarter, standard deviation 14.
    for (const quarter of [0, 1, 2, 3]) {
      const count = starts.filter((start) => Math.floor((start - 5e9) / 0.25e9) === quarter).length;
      expect(Math.abs(count - 250)).toBeLessThan(56);
    }
    for (const worker of [0, 1, 2]) {
      const part = new ClosedUsers({ ...config, worker, workers: 3 });
      for (let user = worker; user < 1000; user += 3) expect(part.readyNs(user)).toBe(starts[user]);
    }
    expect(allDue(whole, 6e9)).toEqual(starts.map((_, user) => user).sort((a, b) => starts[a]! - starts[b]! || a - b));
    expect(new ClosedUsers({ ...config, seed: 5 }).readyNs(0)).not.toBe(starts[0]);
  });

  it('splits users exactly: user u belongs to worker u mod W', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 10 }),
        (total, workers, think) => {
          const seen: number[] = [];
          for (let worker = 0; worker < workers; worker++) {
            const users = new ClosedUsers({ ...base, users: total, thinkTimeNs: think, worker, workers });
            const due = allDue(users, 1500);
            expect(due).toHaveLength(users.count);
            expect(due.every((user) => user % workers === worker)).toBe(true);
            seen.push(...due);
          }
          expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, user) => user));
        },
      ),
    );
  });

  it('starts nothing at the stop or later, and then has nothing to wait for', () => {
    const users = new ClosedUsers({ ...base, thinkTimeNs: 0 });
    expect(users.due(1999)).toBe(0);
    expect(users.due(2000)).toBe(-1);
    expect(users.nextReadyNs()).toBe(Infinity);
    const thinking = new ClosedUsers({ ...base, users: 2, thinkTimeNs: 100 });
    expect(allDue(thinking, 1100)).toHaveLength(2);
    thinking.completed(0, 1899);
    thinking.completed(1, 1900);
    expect(allDue(thinking, 1999)).toEqual([0]);
    expect(thinking.nextReadyNs()).toBe(Infinity);
    expect(new ClosedUsers({ ...base, stopNs: 1000 }).nextReadyNs()).toBe(Infinity);
  });

  it('takes an earlier reading of the clock as the latest one', () => {
    const users = new ClosedUsers(base);
    allDue(users, 1000);
    users.completed(0, 1500);
    users.completed(1, 1400);
    expect([users.readyNs(1), allDue(users, 1500)]).toEqual([1500, [0, 1]]);
  });

  it('names misuse', () => {
    const users = new ClosedUsers({ ...base, worker: 1, workers: 2 });
    expect(() => {
      users.completed(1, 1100);
    }).toThrow('user 1 has no request under way');
    expect(users.due(1100)).toBe(1);
    users.completed(1, 1100);
    expect(() => {
      users.completed(1, 1100);
    }).toThrow('user 1 has no request under way');
    for (const user of [0, 3, -1, 2]) expect(() => users.readyNs(user)).toThrow('does not belong to worker 1 of 2');
  });

  it.each([
    ['users', { users: -1 }, 'a population of -1'],
    ['half a user', { users: 0.5 }, 'a population of 0.5'],
    ['think time', { thinkTimeNs: Infinity }, 'a think time of Infinity'],
    ['stop', { stopNs: 999 }, 'users from 1000 to 999'],
    ['worker', { worker: 1 }, 'worker 1 is not one of'],
  ])('refuses an impossible %s', (_name, wrong, message) => {
    expect(() => new ClosedUsers({ ...base, ...wrong })).toThrow(message);
  });

  it('does what a plain list of users would do', () => {
    const step = fc.record({ passNs: fc.nat({ max: 120 }), complete: fc.boolean(), pick: fc.nat() });
    fc.assert(
      fc.property(fc.nat({ max: 150 }), fc.array(step, { maxLength: 120 }), (thinkTimeNs, steps) => {
        const config = { ...base, users: 5, thinkTimeNs, stopNs: 6000 };
        const users = new ClosedUsers(config);
        const waiting = new Map([0, 1, 2, 3, 4].map((user) => [user, users.readyNs(user)]));
        const underWay: number[] = [];
        let nowNs = 1000;
        for (const { passNs, complete, pick } of steps) {
          nowNs += passNs;
          if (complete && underWay.length > 0) {
            const [user] = underWay.splice(pick % underWay.length, 1) as [number];
            users.completed(user, nowNs);
            waiting.set(user, nowNs + thinkTimeNs);
            continue;
          }
          const readyAtBest = Math.min(...waiting.values());
          const user = users.due(nowNs);
          if (nowNs >= config.stopNs || readyAtBest > nowNs || readyAtBest >= config.stopNs) {
            expect(user).toBe(-1);
            continue;
          }
          expect([waiting.get(user), users.readyNs(user)]).toEqual([readyAtBest, readyAtBest]);
          waiting.delete(user);
          underWay.push(user);
        }
      }),
    );
  });
});
