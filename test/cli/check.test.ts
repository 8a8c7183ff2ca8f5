/** `connbench check` in this process: what it says of gates that the planned blocks cannot decide. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addScenarioCommands } from '../../src/cli/scenario-commands.ts';

/** Two variants, so one pair, and two gates that chance has a part in. */
async function check(blocks: number): Promise<{ readonly code: number | null; readonly said: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'connbench-check-'));
  try {
    const path = join(dir, 'gated.yaml');
    const gates = 'gates: [{ metric: p50, margin: 5% }, { metric: errors, margin: 0.1% }]';
    writeFileSync(
      path,
      `name: gated\nbase: {}\naxes: { strategy.pool.size: [1, 4] }\nbaseline: { strategy.pool.size: 1 }\nblocks: ${blocks}\n${gates}\n`,
    );
    let code: number | null = null;
    let said = '';
    const output = {
      print: () => undefined,
      say: (text: string) => (said += `${text}\n`),
      draw: () => undefined,
    };
    const program = new Command();
    addScenarioCommands(program, output, (finished) => {
      code = finished;
    });
    await program.parseAsync(['check', path], { from: 'user' });
    return { code, said };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test('gates need blocks: 2/2^6 is more than half of 5 %, 2/2^7 is less', async () => {
  expect(await check(6)).toEqual({
    code: 0,
    said: 'gated: 2 gates at an error rate of 5 % in all cannot be decided with 6 blocks: it takes --blocks 7, or fewer gates or variants.\n',
  });
  expect(await check(7)).toEqual({ code: 0, said: '' });
});
