/** The event descriptor: raised from any thread, taken once, and a wait in another thread ends. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Epoll, EPOLLIN } from '../../src/kernel/epoll.ts';
import { EventFd, raiseEvent } from '../../src/kernel/event-fd.ts';
import { loadNative } from '../../src/kernel/native.ts';

const loaded = loadNative();
const built = new URL('../../dist/kernel/', import.meta.url);

describe.skipIf(!loaded.ok)(`EventFd${loaded.ok ? '' : ` (skipped: ${loaded.reason})`}`, () => {
  it('many raises are one event, which clear takes', () => {
    const event = new EventFd();
    const epoll = new Epoll();
    epoll.add(event.fd, EPOLLIN, 0);
    for (let count = 0; count < 1000; count++) raiseEvent(event.fd);
    expect(epoll.wait(0)).toBe(1);
    event.clear();
    expect(epoll.wait(0)).toBe(0);
    // Taking nothing does not block.
    event.clear();
    epoll.close();
    event.close();
  });

  it('wakes another thread that blocks without a timeout', async () => {
    expect(existsSync(fileURLToPath(new URL('epoll.js', built)))).toBe(true);
    const program = `
      const { parentPort } = require('node:worker_threads');
      Promise.all([import('${built.href}epoll.js'), import('${built.href}event-fd.js')]).then(([{ Epoll, EPOLLIN }, { EventFd }]) => {
        const epoll = new Epoll();
        const event = new EventFd();
        epoll.add(event.fd, EPOLLIN, 9);
        parentPort.postMessage(event.fd);
        const count = epoll.wait(Infinity);
        parentPort.postMessage([count, epoll.tag(0)]);
        epoll.close();
        event.close();
      });
    `;
    const worker = new Worker(program, { eval: true });
    // Listened for from the start: the last message and the exit may come in one turn of the event loop.
    const exited = once(worker, 'exit');
    const [fd] = (await once(worker, 'message')) as [number];
    const woken = once(worker, 'message');
    raiseEvent(fd);
    expect(await woken).toEqual([[1, 9]]);
    await exited;
  });
});
