/** `connbench check` in this process: what it says of gates that the planned blocks cannot decide. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addScenarioCommands } from '../../src/cli/scenario-commands.ts';

/** Two variants, so one pair, and two gates that chance has a part in. */
function check(blocks: number): Promise<Checked> {
  const gates = 'gates: [{ metric: p50, margin: 5% }, { metric: errors, margin: 0.1% }]';
  return checkText(
    `name: gated\nbase: {}\naxes: { strategy.pool.size: [1, 4] }\nbaseline: { strategy.pool.size: 1 }\nblocks: ${blocks}\n${gates}\n`,
  );
}

interface Checked {
  readonly code: number | null;
  readonly said: string;
  readonly printed: string;
}

async function checkText(text: string, more: readonly string[] = []): Promise<Checked> {
  const dir = mkdtempSync(join(tmpdir(), 'connbench-check-'));
  try {
    const path = join(dir, 'gated.yaml');
    writeFileSync(path, text);
    let code: number | null = null;
    let said = '';
    let printed = '';
    const output = {
      print: (line: string) => (printed += `${line}\n`),
      say: (line: string) => (said += `${line}\n`),
      draw: () => undefined,
    };
    const program = new Command();
    addScenarioCommands(program, output, (finished) => {
      code = finished;
    });
    await program.parseAsync(['check', path, ...more], { from: 'user' });
    return { code, said, printed };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test('gates need blocks: 2/2^6 is more than half of 5 %, 2/2^7 is less', async () => {
  expect(await check(6)).toMatchObject({
    code: 0,
    said: 'gated: 2 gates at an error rate of 5 % in all cannot be decided with 6 blocks: it takes --blocks 7, or fewer gates or variants.\n',
  });
  expect(await check(7)).toMatchObject({ code: 0, said: '' });
});

test('trials that may end their warm-up early: the longest that they may take', async () => {
  const load = (more: string): string => `name: x\nbase: { load: { warmUp: 2s, duration: 10s${more} } }\nblocks: 2\n`;
  const { printed } = await checkText(load(', steady: 40s'));
  // Twice 2 + 40 + 10 s, and what it takes to start and stop.
  expect(printed).toContain(
    'ok, 1 variant, 2 trials, at most about 1:46; a trial warms up and measures for at most 0:52\n',
  );
  expect((await checkText(load(''))).printed).toContain('2 trials, about 0:26\n');
});

test('a gate on a program that no variant has on the way is a mistake', async () => {
  const text = (via: string): string => `name: x\nbase: { ${via}strategy: { pool: { size: 1 } } }\nblocks: 2\n`;
  const gate = ['--gate', 'hops.edge.failed.502:1%'];
  await expect(checkText(text(''), gate)).rejects.toMatchObject({
    code: 'NO_SUCH_HOP',
    message: expect.stringContaining(
      'the gate on hops.edge.failed.502 is of a program on the way, but no variant has any',
    ) as string,
  });
  const proxied = text('via: [{ kind: reverse-proxy, name: edges }], ');
  await expect(checkText(proxied, gate)).rejects.toMatchObject({ hint: 'Did you mean hops.edges.failed.502?' });
  expect(await checkText(proxied, ['--gate', 'hops.edges.failed.502:1%'])).toMatchObject({ code: 0 });
});
