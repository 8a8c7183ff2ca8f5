/** Prompt wake-ups: what the thread asked for is what the kernel's own table says of it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { loadNative } from '../../src/kernel/native.ts';

const loaded = loadNative();
const built = new URL('../../dist/kernel/scheduling.js', import.meta.url);

/** Fields of /proc/PID/stat by their number in proc(5), counted from the one after the name in brackets, which is the 3rd. */
const priority = 40 - 3;
const policy = 41 - 3;

describe.skipIf(!loaded.ok)(`wantPromptWakeUps${loaded.ok ? '' : ` (skipped: ${loaded.reason})`}`, () => {
  it('makes the thread that asks, and no other, real-time where that is allowed', async () => {
    // In a thread of its own, which ends: this process must not keep the priority.
    const program = `
      const { parentPort } = require('node:worker_threads');
      const { readFileSync } = require('node:fs');
      const stat = (path) => readFileSync(path, 'latin1').replace(/.*\\) /, '').split(' ');
      import('${built.href}').then(({ wantPromptWakeUps }) => {
        const isRealTime = wantPromptWakeUps();
        parentPort.postMessage({ isRealTime, thread: stat('/proc/thread-self/stat'), process: stat('/proc/self/stat') });
      });`;
    const worker = new Worker(program, { eval: true });
    const [answer] = (await once(worker, 'message')) as [{ isRealTime: boolean; thread: string[]; process: string[] }];
    await worker.terminate();
    // SCHED_FIFO is 1, SCHED_OTHER 0 (sched(7)).
    expect([answer.thread[priority], answer.thread[policy]]).toEqual(answer.isRealTime ? ['1', '1'] : ['0', '0']);
    expect([answer.process[priority], answer.process[policy]]).toEqual(['0', '0']);
    const mayBeRealTime = (BigInt(`0x${capabilities()}`) & (1n << 23n)) !== 0n;
    if (mayBeRealTime) expect(answer.isRealTime).toBe(true);
  });
});

/** The effective capabilities of this process; CAP_SYS_NICE is the 23rd (capability.h). */
function capabilities(): string {
  return /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
}
