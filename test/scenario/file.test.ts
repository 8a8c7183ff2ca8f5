import { readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listShipped, loadScenario } from '../../src/scenario/file.ts';
import { formatProblem } from '../../src/scenario/problem.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'connbench-scenario-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function linesOf(pathOrName: string): Promise<readonly string[]> {
  const loaded = await loadScenario(pathOrName);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}
async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

describe('a file', () => {
  it('is loaded with the settings of the command line', async () => {
    const path = await written('sound.yaml', 'name: sound');
    const loaded = await loadScenario(path, { set: ['blocks=4'] });
    expect(loaded).toMatchObject({ ok: true, scenario: { name: 'sound', file: path, blocks: 4 } });
  });

  it('has its problems shown with file, line and column', async () => {
    const path = await written('broken.yaml', 'name: x\nbase:\n  stratgy: {}\n');
    expect(await linesOf(path)).toEqual([
      `${path}:3:3 base.stratgy: is not a known key; known here: client, strategy, via, server, network, load, attackers (did you mean "strategy"?)`,
    ]);
  });

  it('may begin with a byte order mark', async () => {
    const path = await written('bom.yaml', '\ufeffname: x');
    expect(await linesOf(path)).toEqual([]);
  });

  it.each([
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x6e, 0x00, 0x61, 0x00]), 'is not UTF-8 text'],
    ['a program', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0xff]), 'is not UTF-8 text'],
    ['zeros', new Uint8Array(4), ':1:1 contains a NUL byte, so this is not a text file'],
    ['nothing', '', ' is empty'],
  ])('that holds %s is refused', async (_name, content, message) => {
    const path = await written('odd.yaml', content);
    expect((await linesOf(path)).join()).toContain(message);
  });

  it('of 100 MB is refused by its size, without being read', async () => {
    const path = await written('huge.yaml', '');
    await truncate(path, 100_000_000);
    expect(await linesOf(path)).toEqual([`${path}: is 100000000 bytes; a scenario file may have at most 1000000`]);
  });

  it('that does not say its size is read up to the limit', async () => {
    // A file of /proc says it has 0 bytes.
    expect((await linesOf('/proc/self/status')).join()).toContain('Umask: is not a known key');
  });

  it('that is no file is refused', async () => {
    const folder = join(directory, 'folder.yaml');
    await mkdir(folder);
    expect(await linesOf(folder)).toEqual([`${folder}: is a directory; give a scenario file`]);
    // It would never end.
    expect(await linesOf('/dev/zero')).toEqual(['/dev/zero: is not a regular file']);
    const loop = join(directory, 'loop.yaml');
    await symlink(loop, loop);
    expect(await linesOf(loop)).toEqual([`${loop}: is a loop of symbolic links`]);
  });

  it('that is not there is refused', async () => {
    expect(await linesOf('no/such.yaml')).toEqual(['no/such.yaml: does not exist']);
    expect(await linesOf(`${directory}/a\0b.yaml`)).toEqual([
      `${directory}/a\\u{0}b.yaml: is not a possible file name`,
    ]);
  });

  it('that may not be read is refused', async (context) => {
    const path = await written('secret.yaml', 'name: x');
    await chmod(path, 0);
    const readable = await open(path, 'r').then(
      async (handle) => handle.close().then(() => true),
      () => false,
    );
    context.skip(readable, 'this user (root) may read every file');
    expect(await linesOf(path)).toEqual([`${path}: may not be read: permission denied`]);
  });
});

/** Files of the folders, the default first. */
const shippedNames = [
  'default',
  ...['', 'cost/', 'lifetime/', 'failure/', 'protection/', 'protocol/', 'clients/'].flatMap((folder) =>
    readdirSync(new URL(`../../scenarios/${folder}`, import.meta.url))
      .filter((name) => name.endsWith('.yaml') && name !== 'default.yaml')
      .map((name) => name.replace('.yaml', ''))
      .sort(),
  ),
];

describe('a shipped scenario', () => {
  it('is found by its name', async () => {
    const loaded = await loadScenario('time-wait-owner');
    expect(loaded).toMatchObject({
      ok: true,
      scenario: { name: 'time-wait-owner', file: 'scenarios/lifetime/time-wait-owner.yaml' },
    });
  });

  it('is suggested for a misspelt name', async () => {
    expect(await linesOf('time-wait-owners')).toEqual([
      `time-wait-owners: is neither a shipped scenario (${shippedNames.join(', ')}) nor a file (did you mean "time-wait-owner"?)`,
    ]);
  });

  it('has a name of its own', () => {
    expect(new Set(shippedNames).size).toBe(shippedNames.length);
  });

  it('whose folder is given for a name is told so', async () => {
    expect((await linesOf('lifetime')).join()).toMatch(/nor a file \(did you mean "scenarios\/lifetime"\?\)$/);
  });

  it('is listed with its question and its time', async () => {
    const shipped = await listShipped();
    expect(shipped.map(({ name }) => name)).toEqual(shippedNames);
    for (const { question, look, estimatedSeconds } of shipped) {
      expect(question).toMatch(/\?$/);
      expect(look.length).toBeGreaterThan(0);
      expect(estimatedSeconds).toBeGreaterThan(20);
      expect(estimatedSeconds).toBeLessThan(100);
    }
  });
});
