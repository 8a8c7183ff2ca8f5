/** What a file that is named as the client's Node is found to be, before anything is run by it. */
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { askRuntime } from '../../src/generator/runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'connbench-runtime-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A program that prints a text, whatever it is asked. */
function printing(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`);
  chmodSync(path, 0o755);
  return path;
}

it('a Node gives its version', async () => {
  const path = join(folder, 'node');
  symlinkSync(process.execPath, path);
  expect(await askRuntime(path)).toBe(process.version);
});

it.each([
  ['a program that says something else', () => printing('hello', 'hello'), 'RUNTIME_NOT_NODE', 'is not Node'],
  ['one that prints no version', () => printing('other', '{"version":1}'), 'RUNTIME_NOT_NODE', 'is not Node'],
  ['one that fails', () => '/bin/false', 'RUNTIME_NOT_NODE', 'is not Node'],
  [
    'another runtime',
    () => printing('bun', '{"version":"v24.3.0","versions":{"node":"24.3.0","bun":"1.2.3"}}'),
    'RUNTIME_NOT_NODE',
    'is bun, not Node',
  ],
  [
    'a Node that is too old',
    () => printing('old', '{"version":"v18.20.4","versions":{"node":"18.20.4"}}'),
    'RUNTIME_TOO_OLD',
    'is Node v18.20.4, and connbench needs 20 or later',
  ],
  ['a file that is no program', () => textFile(), 'RUNTIME_NOT_STARTED', 'cannot be run'],
  ['nothing', () => join(folder, 'absent'), 'RUNTIME_NOT_STARTED', 'cannot be run'],
])('%s is refused', async (_what, make, code, words) => {
  await expect(askRuntime(make())).rejects.toMatchObject({
    name: 'UserError',
    code,
    message: expect.stringContaining(words) as string,
    hint: expect.stringContaining('Name the binary of a Node') as string,
  });
});

function textFile(): string {
  const path = join(folder, 'text');
  writeFileSync(path, 'text');
  chmodSync(path, 0o644);
  return path;
}
