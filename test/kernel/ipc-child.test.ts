/** A child process as its parent sees it: messages, how it ended, its last words, and that it is gone when we say so. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { IpcChild } from '../../src/kernel/ipc-child.ts';

const directory = mkdtempSync(join(tmpdir(), 'connbench-ipc-'));
const children: IpcChild<object, unknown>[] = [];
let programs = 0;

afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function start(program: string, ...args: readonly string[]): IpcChild<object, unknown> {
  const file = join(directory, `program-${programs++}.cjs`);
  writeFileSync(file, program);
  const child = new IpcChild<object, unknown>(file, args);
  children.push(child);
  return child;
}

const next = (child: IpcChild<object, unknown>): Promise<unknown> =>
  new Promise((resolve) => {
    const unwatch = child.onMessage((message) => {
      unwatch();
      resolve(message);
    });
  });

describe('IpcChild', () => {
  it('sends and receives what a structured clone can hold', async () => {
    const child = start(
      `process.on('message', (message) => process.send({ message, args: process.argv.slice(2) }));`,
      'a',
      'b',
    );
    const sent = { limit: Infinity, bytes: new Uint8Array([1, 2]), map: new Map([[1, 'x']]), nothing: undefined };
    const answer = next(child);
    child.send(sent);
    const { message, args } = (await answer) as { message: typeof sent; args: string[] };
    expect([message.limit, [...message.bytes], message.map, args]).toEqual([Infinity, [1, 2], sent.map, ['a', 'b']]);
    expect(child.end).toBeNull();
  });

  it.each([
    ['an exit code', 'process.exit(3)', { code: 3, signal: null }, 'exited with code 3'],
    ['the end of its work', '', { code: 0, signal: null }, 'exited with code 0'],
    [
      'a signal',
      `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`,
      { code: null, signal: 'SIGTERM' },
      'was ended by SIGTERM',
    ],
    [
      'an exit code after last words',
      `process.stderr.write('it hurts\\n', () => process.exit(1))`,
      { code: 1, signal: null },
      'exited with code 1. Its last words: it hurts',
    ],
  ] as const)('ends by %s', async (_name, program, expected, words) => {
    const child = start(program);
    const end = await child.ended;
    expect([end, child.end, child.describeEnd(end)]).toEqual([expected, expected, words]);
  });

  it('keeps only the end of long last words', async () => {
    const child = start(`process.stderr.write('x'.repeat(100000) + 'the end', () => process.exit(1))`);
    await child.ended;
    expect(child.lastWords).toHaveLength(4096);
    expect(child.lastWords.endsWith('xxthe end')).toBe(true);
  });

  it('has read every message before it says that the process ended', async () => {
    const child = start(
      `for (let n = 0; n < 500; n++) process.send(n, n === 499 ? () => process.exit(0) : undefined);`,
    );
    const seen: unknown[] = [];
    child.onMessage((message) => seen.push(message));
    await child.ended;
    expect(seen).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  it('kill: the process is gone, also one that ignores signals, and a second time', async () => {
    const child = start(
      `process.on('SIGTERM', () => {}); process.on('SIGINT', () => {}); process.send('up'); setInterval(() => {}, 1000);`,
    );
    await next(child);
    child.signal('SIGTERM');
    expect(await child.isGoneWithin(50)).toBe(false);
    expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(`/proc/${child.pid}`)).toBe(false);
    expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await child.isGoneWithin(0)).toBe(true);
    child.send({ nobody: 'hears' });
    child.signal('SIGTERM');
  });

  it('a message to a process that has just gone is dropped', async () => {
    const child = start('process.exit(0)');
    for (let count = 0; count < 100; count++) child.send({ count });
    expect((await child.ended).code).toBe(0);
  });

  it('a program that is not there ends like one that fails', async () => {
    const child = new IpcChild<object, unknown>(join(directory, 'nothing.cjs'));
    expect(child.describeEnd(await child.ended)).toContain('Cannot find module');
  });

  it('a listener that unsubscribes hears no more', async () => {
    const child = start(`process.on('message', (message) => process.send(message));`);
    const seen: unknown[] = [];
    const unwatch = child.onMessage((message) => seen.push(message));
    let answer = next(child);
    child.send({ n: 1 });
    await answer;
    unwatch();
    answer = next(child);
    child.send({ n: 2 });
    await answer;
    expect(seen).toEqual([{ n: 1 }]);
  });
});
