import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatProblem } from '../../src/scenario/problem.ts';
import { shippedFiles, withoutFolders } from '../../src/scenario/shipped.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'connbench-folders-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function namesOf(...given: readonly string[]): Promise<readonly string[]> {
  const found = await withoutFolders(given);
  return found.ok ? found.names : found.problems.map(formatProblem);
}

it('the scenarios of a folder stand in its place, in alphabetical order, without other files', async () => {
  const folder = join(directory, 'mine');
  await mkdir(folder);
  for (const name of ['b.yaml', 'a.yaml', 'trace.txt', 'b-folder']) await writeFile(join(folder, name), '');
  expect(await namesOf('first.yaml', folder, 'hol')).toEqual([
    'first.yaml',
    join(folder, 'a.yaml'),
    join(folder, 'b.yaml'),
    'hol',
  ]);
});

it('a folder without scenarios is a problem', async () => {
  const folder = join(directory, 'empty');
  await mkdir(folder);
  expect(await namesOf('hol', folder)).toEqual([`${folder}: is a folder without scenario files (*.yaml)`]);
});

it('a shipped folder is found from any directory, and a name never becomes a folder', async () => {
  const before = process.cwd();
  process.chdir(directory);
  try {
    const shipped = await shippedFiles();
    const lifetime = shipped.filter(({ group }) => group === 'lifetime').map(({ name }) => name);
    expect(lifetime).toContain('idle-race');
    expect(await namesOf('scenarios/lifetime')).toEqual(lifetime);
    expect(await namesOf('scenarios/lifetime/')).toEqual(lifetime);
    expect(await namesOf('clients', 'lifetime', 'scenarios/none')).toEqual(['clients', 'lifetime', 'scenarios/none']);
  } finally {
    process.chdir(before);
  }
});
