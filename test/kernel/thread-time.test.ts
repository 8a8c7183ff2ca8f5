import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  allowedProcessors,
  OwnThreadTime,
  parseAllowedProcessors,
  parseThreadTime,
  readThreadTimes,
} from '../../src/kernel/thread-time.ts';

describe('parseThreadTime', () => {
  test('gives the three figures of a schedstat file', () => {
    expect(parseThreadTime('123456789 77051 42\n')).toEqual({ cpuNs: 123_456_789, runDelayNs: 77_051, runs: 42 });
  });

  test.each(['', '0 0 0\n', '1 2\n', '1 2 3 4\n', '-1 2 3\n', 'no such file'])('gives nothing for %j', (text) => {
    expect(parseThreadTime(text)).toBeNull();
  });
});

test('parseAllowedProcessors finds the list of a status file', () => {
  expect(parseAllowedProcessors('Name:\tnode\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1,4\nMems_allowed:\t1\n')).toBe(
    '0-1,4',
  );
  expect(parseAllowedProcessors('Name:\tnode\n')).toBeNull();
});

const own = process.platform === 'linux' ? new OwnThreadTime() : null;
const isKept = own?.read() !== null && own !== null;

describe.skipIf(!isKept)('on a kernel that keeps account of threads', () => {
  test('the own thread has run, and runs on', () => {
    const before = own!.read()!;
    expect(before.cpuNs).toBeGreaterThan(0);
    // Work until the account has moved: at least one timer tick.
    let now = before;
    for (let turn = 0; turn < 1e6 && now.cpuNs === before.cpuNs; turn++) now = own!.read()!;
    expect(now.cpuNs).toBeGreaterThan(before.cpuNs);
    expect(allowedProcessors()).toMatch(/^\d/);
    own!.close();
    expect(own!.read()).toBeNull();
  });

  test('every thread of a process is there, none of one that ended', async () => {
    const threads = readThreadTimes(process.pid);
    expect(threads.has(process.pid)).toBe(true);
    expect(threads.size).toBeGreaterThan(1);
    expect(allowedProcessors({ pid: process.pid, thread: process.pid })).toMatch(/^\d/);
    const child = spawn('true');
    await once(child, 'close');
    expect(readThreadTimes(child.pid!).size).toBe(0);
    expect(allowedProcessors({ pid: child.pid!, thread: child.pid! })).toBeNull();
  });
});
