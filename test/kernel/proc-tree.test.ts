/** Sums over a tree of real processes that come, work and go. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { ProcessTreeReader, childrenByParent, processTree } from '../../src/kernel/proc-tree.ts';
import { ProcessReader, parseProcessStat, type ProcessReading } from '../../src/kernel/proc.ts';

/** Obeys: `fork N`, `busy MS` (the last child burns CPU), `end` (the last child ends), each answered when done. */
const program = `
  const { spawn } = require('node:child_process');
  const { once } = require('node:events');
  const children = [];
  const code = "process.on('message', (ms) => { const end = process.cpuUsage().user + ms * 1000; while (process.cpuUsage().user < end); process.send('done'); }); process.on('disconnect', () => process.exit(0)); process.send('ready')";
  process.on('message', async ([what, value]) => {
    if (what === 'fork') {
      for (let made = 0; made < value; made++) {
        const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
        await once(child, 'message');
        children.push(child);
      }
    }
    if (what === 'busy') { children.at(-1).send(value); await once(children.at(-1), 'message'); }
    if (what === 'end') { const child = children.pop(); child.disconnect(); await once(child, 'exit'); }
    process.send(children.map((child) => child.pid));
  });
  process.on('disconnect', () => process.exit(0));
  process.send([]);
`;

const roots: ChildProcess[] = [];

async function startParent(): Promise<{ pid: number; tell: (...order: [string, number]) => Promise<number[]> }> {
  const root = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  roots.push(root);
  await once(root, 'message');
  return {
    pid: root.pid!,
    async tell(...order) {
      root.send(order);
      const [pids] = (await once(root, 'message')) as [number[]];
      return pids;
    },
  };
}

afterEach(async () => {
  for (const root of roots.splice(0)) {
    const ended = once(root, 'exit');
    root.kill('SIGKILL');
    await ended;
  }
});

function living(reading: ProcessReading): Record<'openFiles' | 'rssBytes' | 'cpuUs', number> {
  if (reading.ended) throw new Error('ended');
  const { openFiles, rssBytes, cpuUs } = reading;
  for (const figure of [openFiles, rssBytes, cpuUs]) expect(figure).toEqual(expect.any(Number));
  return { openFiles: openFiles as number, rssBytes: rssBytes as number, cpuUs: cpuUs as number };
}

describe.skipIf(process.platform !== 'linux')('process trees (Linux)', () => {
  it('finds children and grandchildren, by either way', async () => {
    const parent = await startParent();
    const children = await parent.tell('fork', 2);
    expect(processTree([parent.pid])).toEqual([parent.pid, ...children]);
    expect(
      childrenByParent()
        .get(parent.pid)
        ?.toSorted((a, b) => a - b),
    ).toEqual(children.toSorted((a, b) => a - b));
    expect(processTree([process.pid])).toEqual(expect.arrayContaining([parent.pid, ...children]));
    expect(processTree([2 ** 22 + 1])).toEqual([2 ** 22 + 1]);
  });

  it('adds up files and memory of those that live', async () => {
    const parent = await startParent();
    const tree = new ProcessTreeReader(parent.pid);
    const alone = living(tree.read());
    const children = await parent.tell('fork', 2);
    const all = living(tree.read());
    const files = [parent.pid, ...children].map((pid) => readdirSync(`/proc/${pid}/fd`).length);
    expect(all.openFiles).toBe(files.reduce((total, count) => total + count, 0));
    expect(all.rssBytes).toBeGreaterThan(alone.rssBytes * 2);
    await parent.tell('end', 0);
    expect(living(tree.read()).openFiles).toBe(readdirSync(`/proc/${parent.pid}/fd`).length + files[1]!);
  });

  it('keeps the CPU time of children that ended, once', async () => {
    const parent = await startParent();
    const tree = new ProcessTreeReader(parent.pid);
    await parent.tell('fork', 1);
    await parent.tell('busy', 300);
    const before = living(tree.read()).cpuUs;
    expect(before).toBeGreaterThanOrEqual(290_000);
    await parent.tell('end', 0);
    const after = living(tree.read()).cpuUs;
    expect(after).toBeGreaterThanOrEqual(before);
    // Counted a second time it would be 300 ms more; ending a child costs far less.
    expect(after).toBeLessThan(before + 250_000);
  });

  it('knows the CPU time of a child that came and went between two readings', async () => {
    const parent = await startParent();
    const tree = new ProcessTreeReader(parent.pid);
    const before = living(tree.read()).cpuUs;
    await parent.tell('fork', 1);
    await parent.tell('busy', 300);
    await parent.tell('end', 0);
    expect(living(tree.read()).cpuUs).toBeGreaterThanOrEqual(before + 290_000);
  });

  it('keeps a process that lost its parent, and ends with the last', async () => {
    // The child is a shell that says its pid once it waits for a line: one that is still being loaded opens and closes files.
    const waiting = "sh -c 'echo $$; read line' <&3 & wait";
    const shell = spawn('sh', ['-c', waiting], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    const [line] = (await once(shell.stdout!, 'data')) as [Buffer];
    const child = Number(line.toString());
    const tree = new ProcessTreeReader(shell.pid!);
    living(tree.read());
    const ended = once(shell, 'exit');
    shell.kill('SIGKILL');
    await ended;
    expect(living(tree.read()).openFiles).toBe(readdirSync(`/proc/${child}/fd`).length);
    process.kill(child, 'SIGKILL');
    while (!new ProcessReader(child).read().ended) await new Promise(setImmediate);
    expect(tree.read()).toEqual({ ended: true });
  });

  it('of a process that never was is ended', () => {
    expect(new ProcessTreeReader(2 ** 22 + 1).read()).toEqual({ ended: true });
  });

  it('parses the parent of this very process', () => {
    expect(parseProcessStat(readFileSync('/proc/self/stat', 'latin1'))?.parentPid).toBe(process.ppid);
  });
});
