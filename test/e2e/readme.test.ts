/** Every command of the README does what it says, and its example is a valid scenario that runs. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench } from './connbench.ts';
import { undisturbed, type Outcome } from './disturbance.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The content of every fenced block of a language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1]!);
}

/** These would install, build or test while a test runs; the tests run after all three. */
const notFromHere = new Set(['npm ci', 'npm run build', 'npm test']);
const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));

const resultsDir = join(root, 'results');
let resultsBefore: ReadonlySet<string>;
beforeAll(() => {
  resultsBefore = new Set(readdirSync(resultsDir));
});
afterAll(() => {
  for (const name of readdirSync(resultsDir)) {
    if (!resultsBefore.has(name)) rmSync(join(resultsDir, name));
  }
});

test('the commands that are not run here are scripts of package.json, or npm itself', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['build', 'test', 'start', 'check']));
  expect(commands).toEqual(expect.arrayContaining([...notFromHere, 'npm start']));
});

async function outcomeOf(program: string, args: readonly string[]): Promise<Outcome> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd: root, maxBuffer: 1 << 24 });
    return { code: 0, text: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number | null; stdout: string; stderr: string };
    return { code, text: `${stdout}${stderr}` };
  }
}

describe('commands', () => {
  test.each(commands.filter((command) => !notFromHere.has(command)))(
    '%s',
    async (command) => {
      const [program = '', ...args] = command.split(' ');
      const { code, text } = await undisturbed(
        () => outcomeOf(program, args),
        (outcome) => outcome,
      );
      expect(code === 0 ? '' : `exit code ${code}\n${text}`).toBe('');
      expect(text.length).toBeGreaterThan(100);
    },
    // The default scenario takes a minute.
    300_000,
  );
});

describe('the example', () => {
  const bench = new Bench();
  afterAll(() => {
    bench.dispose();
  });

  test('is a valid scenario that runs', async () => {
    const [example, more] = blocks('yaml');
    expect(more).toBeUndefined();
    const file = bench.file('example.yaml', example!);
    const { code, stdout, stderr } = await undisturbed(
      () => bench.run('run', file),
      (ended) => ({ code: ended.code, text: ended.stdout }),
    );
    expect(stderr).toContain('small-pools: 2 variants, 6 blocks, 12 trials');
    expect(stdout).toContain('confirmed: Four connections answer in less than half the time of one');
    expect(stdout).toContain('1 gate, 0 failed, 1 passed, 0 inconclusive');
    expect(code).toBe(0);
  }, 150_000);
});
