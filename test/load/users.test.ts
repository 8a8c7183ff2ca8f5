/** The closed model: who is due when, sessions, the split over workers, and a comparison with a plain list of users. */
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
const lognormal = { distribution: 'lognormal', medianMs: 1, sigma: 1 } as const;

/** Takes everything that is due by `nowNs`: whose it is, and since when. */
function takeAll(users: ClosedUsers, nowNs: number): [number, number][] {
  const due: [number, number][] = [];
  while (users.nextNs <= nowNs) {
    due.push([users.next, users.nextNs]);
    users.take();
  }
  return due;
}
const whose = (due: readonly (readonly [number, number])[]): number[] => due.map(([user]) => user);

describe('ClosedUsers', () => {
  it('without think time: all are due at the start, and again when settled', () => {
    const users = new ClosedUsers(base);
    expect([users.count, users.nextNs, users.next]).toEqual([3, 1000, 0]);
    expect(takeAll(users, 999)).toEqual([]);
    expect(whose(takeAll(users, 1000))).toEqual([0, 1, 2]);
    expect([users.nextNs, users.next]).toEqual([Infinity, -1]);
    users.settled(2, 1100, false);
    users.settled(0, 1200, false);
    expect(takeAll(users, 1150)).toEqual([[2, 1100]]);
    expect(takeAll(users, 1300)).toEqual([[0, 1200]]);
  });

  it('with think time: due that long after the answer', () => {
    const users = new ClosedUsers({ ...base, users: 1, thinkTimeNs: 100 });
    expect(whose(takeAll(users, 1100))).toEqual([0]);
    users.settled(0, 1150, false);
    expect(users.nextNs).toBe(1250);
  });

  it('a user who thinks longer lets others pass', () => {
    const users = new ClosedUsers({ ...base, users: 40, drawnThinkTime: lognormal, startNs: 0, stopNs: 1e12 });
    const answeredNs = takeAll(users, 1e11).at(-1)![1];
    for (let user = 0; user < 40; user++) users.settled(user, answeredNs, false);
    const due = takeAll(users, 1e12);
    expect(whose(due)).not.toEqual(whose(due).toSorted((a, b) => a - b));
    const times = due.map(([, dueNs]) => dueNs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times.map((dueNs) => dueNs - answeredNs)).size).toBe(40);
  });

  it.each([
    ['constant', { thinkTimeNs: 1e9 }],
    ['drawn', { drawnThinkTime: lognormal }],
  ])('the plan of a user does not depend on the number of workers: %s think times', (_name, think) => {
    const config = { ...base, ...think, users: 20, startNs: 5e9, stopNs: 60e9, seed: 4 };
    /** The first three starts of every user where each answer takes 1 ms. */
    const plan = (workers: number): Map<number, number[]> => {
      const starts = new Map<number, number[]>();
      for (let worker = 0; worker < workers; worker++) {
        const users = new ClosedUsers({ ...config, worker, workers });
        while (users.next >= 0) {
          const { next, nextNs } = users;
          const own = starts.get(users.userAt(next)) ?? [];
          starts.set(users.userAt(next), [...own, nextNs]);
          users.take();
          if (own.length < 2) users.settled(next, nextNs + 1e6, false);
        }
      }
      return starts;
    };
    const whole = plan(1);
    expect([...whole.values()].every((starts) => starts.length === 3)).toBe(true);
    for (const workers of [2, 3, 7]) {
      const parts = plan(workers);
      for (let user = 0; user < 20; user++) expect(parts.get(user)).toEqual(whole.get(user));
    }
  });

  it('with think time: the first starts are spread over one think time', () => {
    const users = new ClosedUsers({ ...base, users: 1000, thinkTimeNs: 1e9, startNs: 5e9, stopNs: 60e9, seed: 4 });
    const due = takeAll(users, 6e9);
    expect(due).toHaveLength(1000);
    // Uniform: 250 in each quarter, standard deviation 14.
    for (const quarter of [0, 1, 2, 3]) {
      const count = due.filter(([, dueNs]) => Math.floor((dueNs - 5e9) / 0.25e9) === quarter).length;
      expect(Math.abs(count - 250)).toBeLessThan(56);
    }
  });

  it('holds a million users, each of whom comes in turn', () => {
    const users = new ClosedUsers({ ...base, users: 1e6, drawnThinkTime: lognormal, startNs: 0, stopNs: 1e12 });
    const seen = new Uint8Array(1e6);
    let inOrder = true;
    let lastNs = 0;
    while (users.next >= 0) {
      inOrder &&= users.nextNs >= lastNs;
      lastNs = users.nextNs;
      seen[users.next]!++;
      users.take();
    }
    expect([inOrder, seen.every((times) => times === 1)]).toEqual([true, true]);
  });

  it('splits users exactly: user u belongs to worker u mod W', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 10 }),
        (total, workers, thinkTimeNs) => {
          const seen: number[] = [];
          for (let worker = 0; worker < workers; worker++) {
            const users = new ClosedUsers({ ...base, users: total, thinkTimeNs, worker, workers });
            const places = whose(takeAll(users, 1500));
            expect(places.toSorted((a, b) => a - b)).toEqual(Array.from({ length: users.count }, (_, place) => place));
            seen.push(...places.map((place) => users.userAt(place)));
          }
          expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, user) => user));
        },
      ),
    );
  });

  it('starts nothing at the stop or later', () => {
    const users = new ClosedUsers({ ...base, users: 2, thinkTimeNs: 100 });
    expect(takeAll(users, 1100)).toHaveLength(2);
    users.settled(0, 1899, false);
    users.settled(1, 1900, false);
    expect(takeAll(users, 5000)).toEqual([[0, 1999]]);
    expect(users.nextNs).toBe(Infinity);
    expect(new ClosedUsers({ ...base, stopNs: 1000 }).nextNs).toBe(Infinity);
  });

  it('takes an earlier reading of the clock as the latest one', () => {
    const users = new ClosedUsers(base);
    takeAll(users, 1000);
    users.settled(0, 1500, false);
    users.settled(1, 1400, false);
    expect(takeAll(users, 1500)).toEqual([[0, 1500], [1, 1500]]); // prettier-ignore
  });

  it('after a failure a user waits as long as it thinks, and at least for the pause', () => {
    for (const [thinkTimeNs, dueNs] of [
      [0, 1130],
      [20, 1130],
      [50, 1150],
    ] as const) {
      // prettier-ignore
      const users = new ClosedUsers({ ...base, users: 1, thinkTimeNs, pauseAfterFailureNs: 30 });
      takeAll(users, 1100);
      users.settled(0, 1100, true);
      expect(users.nextNs).toBe(dueNs);
      takeAll(users, 1200);
      users.settled(0, 1200, false);
      expect(users.nextNs).toBe(1200 + thinkTimeNs);
    }
  });

  it('names misuse', () => {
    const users = new ClosedUsers({ ...base, worker: 1, workers: 2 });
    expect(() => {
      users.settled(0, 1100, false);
    }).toThrow('user 1 has no request under way');
    users.take();
    expect(() => {
      users.take();
    }).toThrow('no user is due');
    users.settled(0, 1100, false);
    expect(() => {
      users.settled(0, 1100, false);
    }).toThrow('user 1 has no request under way');
  });

  it.each([
    ['users', { users: -1 }, 'a population of -1'],
    ['half a user', { users: 0.5 }, 'a population of 0.5'],
    ['think time', { thinkTimeNs: Infinity }, 'a think time of Infinity'],
    ['stop', { stopNs: 999 }, 'users from 1000 to 999'],
    ['page', { assets: 65_536 }, 'a page with 65536 assets'],
    ['worker', { worker: 1 }, 'worker 1 is not one of'],
  ])('refuses an impossible %s', (_name, wrong, message) => {
    expect(() => new ClosedUsers({ ...base, ...wrong })).toThrow(message);
  });
});

describe('sessions', () => {
  const session = { ...base, users: 1, thinkTimeNs: 100, assets: 3, stopNs: 1e6 };

  it("a page's assets are due at once when it is there, and the user thinks when all are settled", () => {
    const users = new ClosedUsers(session);
    expect(takeAll(users, 1100)).toHaveLength(1);
    users.settled(0, 1200, false);
    expect(takeAll(users, 1200)).toEqual([[0, 1200], [0, 1200], [0, 1200]]); // prettier-ignore
    users.settled(0, 1250, false);
    users.settled(0, 1300, false);
    expect(users.nextNs).toBe(Infinity);
    users.settled(0, 1400, false);
    expect(takeAll(users, 1500)).toEqual([[0, 1500]]);
    users.settled(0, 1600, false);
    expect(takeAll(users, 1600)).toHaveLength(3);
  });

  it('assets that are answered before the last of them was taken do not end the visit', () => {
    const users = new ClosedUsers(session);
    takeAll(users, 1100);
    users.settled(0, 1200, false);
    users.take();
    users.settled(0, 1210, false);
    expect([users.next, users.nextNs]).toEqual([0, 1200]);
    users.take();
    users.settled(0, 1220, false);
    users.take();
    users.settled(0, 1230, false);
    expect(users.nextNs).toBe(1330);
  });

  it('a page that failed is followed by the think time', () => {
    const users = new ClosedUsers(session);
    takeAll(users, 1100);
    users.settled(0, 1200, true);
    expect(takeAll(users, 2000)).toEqual([[0, 1300]]);
    users.settled(0, 2000, false);
    expect(takeAll(users, 2000)).toHaveLength(3);
  });

  it('an asset that failed makes the user pause, once the others are settled', () => {
    const users = new ClosedUsers({ ...session, thinkTimeNs: 0, pauseAfterFailureNs: 50 });
    takeAll(users, 1000);
    users.settled(0, 1200, false);
    takeAll(users, 1200);
    users.settled(0, 1210, true);
    users.settled(0, 1220, false);
    users.settled(0, 1230, false);
    expect(takeAll(users, 1280)).toEqual([[0, 1280]]);
    users.settled(0, 1300, false);
    expect(takeAll(users, 1300)).toHaveLength(3);
  });

  it('a page that comes at the stop or later has no assets', () => {
    const users = new ClosedUsers({ ...session, stopNs: 1200 });
    takeAll(users, 1100);
    users.settled(0, 1200, false);
    expect(users.nextNs).toBe(Infinity);
  });
});

/** A user of the model that the next test compares with. */
interface PlainUser {
  toTake: number;
  underWay: number;
  dueNs: number;
  inAssets: boolean;
  failed: boolean;
}

describe('ClosedUsers beside a plain list of users', () => {
  it('does the same', () => {
    const step = fc.record({
      passNs: fc.nat({ max: 120 }),
      settle: fc.boolean(),
      failed: fc.boolean(),
      pick: fc.nat(),
    });
    const setting = fc.record({
      thinkTimeNs: fc.nat({ max: 150 }),
      assets: fc.constantFrom(0, 0, 1, 4),
      pauseAfterFailureNs: fc.constantFrom(0, 70),
    });
    fc.assert(
      fc.property(setting, fc.array(step, { maxLength: 150 }), (changes, steps) => {
        const config = { ...base, users: 5, stopNs: 6000, ...changes };
        const users = new ClosedUsers(config);
        const first = new ClosedUsers(config);
        const plain = new Map<number, PlainUser>();
        for (const [user, dueNs] of takeAll(first, 6000)) {
          plain.set(user, { toTake: 1, underWay: 0, dueNs, inAssets: false, failed: false });
        }
        const inFlight: number[] = [];
        let nowNs = 1000;
        for (const { passNs, settle, failed, pick } of steps) {
          nowNs += passNs;
          if (settle && inFlight.length > 0) {
            const [user] = inFlight.splice(pick % inFlight.length, 1) as [number];
            users.settled(user, nowNs, failed);
            settlePlainly(plain.get(user)!, nowNs, failed, config);
          } else if (users.nextNs <= nowNs) {
            const { next } = users;
            users.take();
            const user = plain.get(next)!;
            user.toTake--;
            user.underWay++;
            inFlight.push(next);
          }
          const due = [...plain.values()].filter(({ toTake, dueNs }) => toTake > 0 && dueNs < 6000);
          expect(users.nextNs).toBe(Math.min(...due.map(({ dueNs }) => dueNs)));
          if (users.next >= 0) expect(plain.get(users.next)!).toMatchObject({ dueNs: users.nextNs });
        }
      }),
      { numRuns: 300 },
    );
  });
});

function settlePlainly(
  user: PlainUser,
  nowNs: number,
  failed: boolean,
  { thinkTimeNs, assets, pauseAfterFailureNs }: { thinkTimeNs: number; assets: number; pauseAfterFailureNs: number },
): void {
  user.underWay--;
  user.failed ||= failed;
  if (user.underWay > 0 || user.toTake > 0) return;
  if (assets > 0 && !user.inAssets && !user.failed) {
    Object.assign(user, { inAssets: true, toTake: assets, dueNs: nowNs });
  } else {
    const waitNs = user.failed ? Math.max(thinkTimeNs, pauseAfterFailureNs) : thinkTimeNs;
    Object.assign(user, { inAssets: false, failed: false, toTake: 1, dueNs: nowNs + waitNs });
  }
}
