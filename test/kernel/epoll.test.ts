/** Epoll: tags and events of many descriptors, edges, timeouts, and what happens to descriptors that go away. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Epoll, EPOLLET, EPOLLIN, EPOLLOUT } from '../../src/kernel/epoll.ts';
import { EventFd, raiseEvent } from '../../src/kernel/event-fd.ts';
import { loadNative } from '../../src/kernel/native.ts';
import { nowNs } from '../../src/kernel/clock.ts';

const EBADF = 9;
const EEXIST = 17;
const ENOENT = 2;

const loaded = loadNative();
const opened: { close(): void }[] = [];

afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

function keep<T extends { close(): void }>(one: T): T {
  opened.push(one);
  return one;
}

/** O_CLOEXEC in the flags that the kernel shows (proc(5), fdinfo), octal. */
function closesOnExec(fd: number): boolean {
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
  return (Number.parseInt(flags, 8) & 0o2000000) !== 0;
}

describe.skipIf(!loaded.ok)(`Epoll${loaded.ok ? '' : ` (skipped: ${loaded.reason})`}`, () => {
  it('gives the tags of those that are ready, over the whole range of 32 bits', () => {
    const epoll = keep(new Epoll());
    const tags = [0, 1, 12_345, 0x7fffffff, 0x80000000, 0xffffffff];
    const events = tags.map(() => keep(new EventFd()));
    events.forEach((event, index) => {
      expect(epoll.add(event.fd, EPOLLIN, tags[index]!)).toBe(0);
    });
    expect(epoll.wait(0)).toBe(0);
    for (const event of events) raiseEvent(event.fd);
    const count = epoll.wait(0);
    expect(Array.from({ length: count }, (_, index) => epoll.tag(index)).sort((a, b) => a - b)).toEqual(tags);
    expect(Array.from({ length: count }, (_, index) => epoll.events(index))).toEqual(tags.map(() => EPOLLIN));
  });

  it('gives at most as many as it has room for, and the others the next time', () => {
    const epoll = keep(new Epoll(2));
    const seen = new Set<number>();
    for (let tag = 0; tag < 5; tag++) {
      const event = keep(new EventFd());
      epoll.add(event.fd, EPOLLIN | EPOLLET, tag);
      raiseEvent(event.fd);
    }
    const counts = [1, 2, 3, 4].map(() => {
      const count = epoll.wait(0);
      for (let index = 0; index < count; index++) seen.add(epoll.tag(index));
      return count;
    });
    expect([counts, seen.size]).toEqual([[2, 2, 1, 0], 5]);
  });

  it('level: again and again until it is taken; edge: once for each', () => {
    const epoll = keep(new Epoll());
    const event = keep(new EventFd());
    epoll.add(event.fd, EPOLLIN, 1);
    raiseEvent(event.fd);
    expect([epoll.wait(0), epoll.wait(0)]).toEqual([1, 1]);
    event.clear();
    expect(epoll.wait(0)).toBe(0);
    expect(epoll.modify(event.fd, EPOLLIN | EPOLLET, 2)).toBe(0);
    raiseEvent(event.fd);
    expect([epoll.wait(0), epoll.tag(0), epoll.wait(0)]).toEqual([1, 2, 0]);
    raiseEvent(event.fd);
    expect(epoll.wait(0)).toBe(1);
  });

  it('errors are errno values, not exceptions', () => {
    const epoll = keep(new Epoll());
    const event = keep(new EventFd());
    expect(epoll.add(event.fd, EPOLLIN | EPOLLOUT, 1)).toBe(0);
    expect(epoll.add(event.fd, EPOLLIN, 1)).toBe(EEXIST);
    expect(epoll.remove(event.fd)).toBe(0);
    expect([epoll.remove(event.fd), epoll.modify(event.fd, EPOLLIN, 1)]).toEqual([ENOENT, ENOENT]);
    expect(epoll.add(1_000_000, EPOLLIN, 1)).toBe(EBADF);
  });

  it('a closed descriptor is watched no more', () => {
    const epoll = keep(new Epoll());
    const event = new EventFd();
    epoll.add(event.fd, EPOLLIN, 1);
    raiseEvent(event.fd);
    event.close();
    expect(epoll.wait(0)).toBe(0);
  });

  it.each([1, 1000, 999_999, 5e6, 5e6 + 0.7])('waits at least %d ns when nothing comes', (timeoutNs) => {
    const epoll = keep(new Epoll());
    const before = nowNs();
    expect(epoll.wait(timeoutNs)).toBe(0);
    // The kernel counts whole nanoseconds, and two clocks' readings are rounded.
    expect(nowNs() - before).toBeGreaterThanOrEqual(timeoutNs - 1000);
  });

  it('does not wait at all for a time that is over', () => {
    const epoll = keep(new Epoll());
    expect([epoll.wait(-5), epoll.wait(0), epoll.wait(-Infinity)]).toEqual([0, 0, 0]);
  });

  it.each([Infinity, 10e9])('does not wait for its timeout of %d ns where there is an event', (timeoutNs) => {
    const epoll = keep(new Epoll());
    const event = keep(new EventFd());
    epoll.add(event.fd, EPOLLIN, 7);
    raiseEvent(event.fd);
    expect([epoll.wait(timeoutNs), epoll.tag(0)]).toEqual([1, 7]);
  });

  it('throws where it cannot wait at all', () => {
    const epoll = new Epoll();
    epoll.close();
    expect(() => epoll.wait(0)).toThrow('epoll wait: EBADF');
  });

  it('its descriptors are not inherited', () => {
    const epoll = keep(new Epoll());
    const event = keep(new EventFd());
    expect([closesOnExec(epoll.fd), closesOnExec(event.fd)]).toEqual([true, true]);
  });
});
