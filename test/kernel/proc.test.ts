import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { release } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ProcFile,
  ProcessReader,
  directorySizeCounts,
  pageSizeBytes,
  parseProcessStat,
  parseStatm,
  parseStatusBytes,
} from '../../src/kernel/proc.ts';
import { startFileOpeningChild, type FileOpeningChild } from '../samplers/child.ts';

// Fields 3 to 22 of proc_pid_stat(5): ppid (4) is 1, utime (14) is 12, stime (15) is 34, cutime (16) is 7, cstime (17) is 8, starttime (22) is 5678.
const fields = 'S 1 2 3 0 -1 4194304 103 0 0 0 12 34 7 8 20 0 11 0 5678';

describe('parseProcessStat', () => {
  const expected = { state: 'S', parentPid: 1, userTicks: 12, systemTicks: 34, childrenTicks: 15, startTicks: 5678 };
  it.each([
    ['a current kernel', `42 (node) ${fields} 107736 388 18446744073709551615 0 0\n`, expected],
    ['a line that ends at the start time', `42 (node) ${fields}\n`, expected],
    ['a command with spaces and parentheses', `42 (a) R (b ) 1) ${fields} 0\n`, expected],
    ['a zombie', `42 (node) ${fields.replace('S', 'Z')} 0\n`, { ...expected, state: 'Z' }],
    ['too few fields', '42 (node) S 1 2 3\n', null],
    ['words for numbers', `42 (node) ${fields.replace('5678', 'soon')}\n`, null],
    ['no command', `42 ${fields}\n`, null],
    ['nothing', '', null],
  ])('%s', (_name, text, parsed) => {
    expect(parseProcessStat(text)).toEqual(parsed);
  });
});

describe('memory', () => {
  it.each([
    ['seven fields', '765 432 404 5 0 123 0\n', { sizePages: 765, residentPages: 432 }],
    ['two fields', '765 432\n', { sizePages: 765, residentPages: 432 }],
    ['one field', '765\n', null],
    ['nothing', '', null],
  ])('statm with %s', (_name, text, parsed) => {
    expect(parseStatm(text)).toEqual(parsed);
  });

  it('finds a line of status by its whole name', () => {
    const status = 'Name:\tnode\nVmSize:\t    3060 kB\nVmRSS:\t      12 kB\nRssAnon:\t       5 kB\n';
    expect(parseStatusBytes(status, 'VmRSS')).toBe(12 * 1024);
    expect(parseStatusBytes(status, 'Rss')).toBeNull();
    expect(parseStatusBytes('Name:\tkthreadd\n', 'VmRSS')).toBeNull();
  });

  it.each([
    ['4 KiB pages', '765 1', 3060, 4096], // 3060 kB / 765 = 4 kB
    ['a process that grew by 9 % in between', '765 1', 3335, 4096],
    ['16 KiB pages', '1000 1', 16000, 16384],
    ['64 KiB pages', '1000 1', 64000, 65536],
    ['a ratio no page has', '1000 1', 1000, null],
    ['an empty process', '0 0', 0, null],
  ])('page size: %s', (_name, statm, kilobytes, bytes) => {
    expect(pageSizeBytes(statm, `VmSize:\t${kilobytes} kB\n`)).toBe(bytes);
  });
});

async function untilState(pid: number, state: string): Promise<void> {
  const stat = new ProcFile(`/proc/${pid}/stat`);
  while (parseProcessStat(stat.read())?.state !== state) await new Promise(setImmediate);
  stat.close();
}

describe.skipIf(process.platform !== 'linux')('ProcessReader (Linux)', () => {
  const children: FileOpeningChild[] = [];
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
  });

  it('counts open files as readdir does, before and after fifty more', async () => {
    const child = await startFileOpeningChild();
    children.push(child);
    const reader = new ProcessReader(child.pid);
    const listed = readdirSync(`/proc/${child.pid}/fd`).length;
    expect(reader.read()).toMatchObject({ ended: false, openFiles: listed });
    await child.open(50);
    expect(reader.read()).toMatchObject({ ended: false, openFiles: listed + 50 });
    reader.close();
  });

  it('gives memory and CPU time of its own process within what Node says of it', () => {
    const reader = new ProcessReader(process.pid);
    const before = process.cpuUsage();
    const reading = reader.read();
    reader.close();
    const after = process.cpuUsage();
    if (reading.ended) throw new Error('this process is said to have ended');
    // /proc counts whole ticks of 10 ms, user and system apart.
    expect(reading.cpuUs).toBeGreaterThanOrEqual(before.user + before.system - 20_000);
    expect(reading.cpuUs).toBeLessThanOrEqual(after.user + after.system + 20_000);
    const ratio = (reading.rssBytes as number) / process.memoryUsage.rss();
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });

  it('says that a process ended, also while it is not reaped yet', async () => {
    const child = await startFileOpeningChild();
    const reader = new ProcessReader(child.pid);
    expect(reader.read().ended).toBe(false);
    await child.kill();
    expect(reader.read()).toEqual({ ended: true });
    reader.close();
    expect(new ProcessReader(child.pid).read()).toEqual({ ended: true });
  });

  it('says so also while the process is not reaped yet', async () => {
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(line.toString());
    const reader = new ProcessReader(child);
    expect(reader.read().ended).toBe(false);
    // A stopped parent reaps nobody.
    parent.kill('SIGSTOP');
    await untilState(parent.pid!, 'T');
    process.kill(child, 'SIGKILL');
    await untilState(child, 'Z');
    expect(reader.read()).toEqual({ ended: true });
    reader.close();
    const closed = once(parent, 'close');
    parent.kill('SIGKILL');
    await closed;
  });

  it('gives the same start time for the same process', () => {
    const first = new ProcessReader(process.pid);
    const second = new ProcessReader(process.pid);
    const reading = first.read();
    if (reading.ended) throw new Error('this process is said to have ended');
    expect(second.read()).toMatchObject({ startTicks: reading.startTicks });
    first.close();
    second.close();
  });

  it('closes every descriptor it opened', () => {
    const before = readdirSync('/proc/self/fd').length;
    const readers = Array.from({ length: 20 }, () => new ProcessReader(process.pid));
    expect(readdirSync('/proc/self/fd').length).toBe(before + 60);
    for (const reader of readers) reader.close();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  it('takes the size of the directory from Linux 6.2 on', () => {
    const [major = 0, minor = 0] = release().split('.').map(Number);
    expect(directorySizeCounts()).toBe(major > 6 || (major === 6 && minor >= 2));
  });
});

describe.skipIf(process.platform !== 'linux')('ProcFile (Linux)', () => {
  it('reads a file larger than its buffer, and reads it again', () => {
    const file = new ProcFile('/proc/self/smaps');
    for (const text of [file.read(), file.read()]) {
      expect(text.length).toBeGreaterThan(4096);
      expect(text.match(/^VmFlags:/gm)?.length).toBe(text.match(/^Rss:/gm)?.length);
      expect(text.endsWith('\n')).toBe(true);
    }
    file.close();
  });
});
