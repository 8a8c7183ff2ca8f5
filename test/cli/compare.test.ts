/** `connbench compare` with real files in a folder of its own: exit codes, what it prints, what it refuses. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addCompareCommand } from '../../src/cli/compare-command.ts';
import { exitCodes, type ExitCode } from '../../src/cli/exit-codes.ts';
import { gateExitCode, gravest } from '../../src/cli/gate-options.ts';
import type { ComparisonDocument, GateOutcome } from '../../src/compare/document.ts';
import { runOf, type Results } from '../compare/runs.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'connbench-compare-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function write(name: string, { header, trials, footer }: Results, change: object = {}): string {
  const path = join(dir, name);
  const lines = [{ ...header, ...change }, ...trials, footer];
  writeFileSync(path, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  return path;
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process. A refusal is thrown, as the program gets it. */
async function compare(...args: readonly string[]): Promise<Outcome> {
  let code: number | null = null;
  const texts = { stdout: '', stderr: '' };
  const output = {
    print: (text: string) => (texts.stdout += text),
    say: (text: string) => (texts.stderr += `${text}\n`),
    draw: (text: string) => (texts.stderr += text),
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addCompareCommand(program, output, (finished) => {
    code = finished;
  });
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(['compare', ...args], { from: 'user' });
  return { code, ...texts };
}

describe('exit codes', () => {
  test('0 without gates, whatever differs', async () => {
    const { code, stdout, stderr } = await compare(
      write(
        'a.ndjson',
        runOf(() => ({ p50Ns: 1200 })),
      ),
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Worse: response p50 (1.20 times)');
  });

  test('0 where all gates pass, 4 where one fails', async () => {
    const path = write(
      'a.ndjson',
      runOf(() => ({ p50Ns: 1200 })),
    );
    expect((await compare(path, '--gate', 'p50:25%', '--gate', 'errors:0%')).code).toBe(0);
    const failed = await compare(path, '--gate', 'p50:5%', '--fail-on', 'inconclusive');
    expect(failed.code).toBe(4);
    expect(failed.stdout).toContain('The gate failed: response p50.');
  });

  test('5 where one is inconclusive, but only if that is asked for', async () => {
    const path = write(
      'a.ndjson',
      runOf((block) => ({ p50Ns: block % 2 === 0 ? 1300 : 950 })),
    );
    const gate = ['--gate', 'p50:5%'];
    expect((await compare(path, ...gate)).code).toBe(0);
    expect((await compare(path, ...gate, '--fail-on', 'inconclusive')).code).toBe(5);
  });

  test("the scenario's gates hold unless others are given", async () => {
    const gates = [{ metric: 'latency.response.p50', margin: 0.05 }];
    const path = write(
      'a.ndjson',
      runOf(() => ({ p50Ns: 1200 })),
      { gates },
    );
    expect((await compare(path)).code).toBe(4);
    expect((await compare(path, '--gate', 'fds.client.peak:0%')).code).toBe(0);
  });

  // The smallest two-sided p of three blocks is 2 / 2^3 = 0.25; six give 0.031.
  test('5 where no result could have failed the gates, first of all', async () => {
    const few = await compare(
      write(
        'a.ndjson',
        runOf(() => ({ p50Ns: 1200 }), 3),
      ),
      '--gate',
      'p50:5%',
    );
    expect(few.code).toBe(5);
    expect(few.stdout).toMatch(/^The gate needs a test, and cannot fail: with 3 blocks .* It takes --blocks 6\.\n/);
  });

  test('6 where invalid trials leave nothing of a pair', async () => {
    const results = runOf(() => ({ p50Ns: 1200 }));
    const trials = results.trials.map((trial) => ({ ...trial, valid: trial.variant === 's=a' }));
    const { code, stdout } = await compare(write('a.ndjson', { ...results, trials }), '--gate', 'p50:5%');
    expect(code).toBe(6);
    expect(stdout).toMatch(/^Invalid trials leave nothing to judge of s=b against s=a\./);
  });

  test('never 4 for one trial a side', async () => {
    const path = write(
      'a.ndjson',
      runOf(() => ({ p50Ns: 9000 }), 1),
    );
    expect((await compare(path)).code).toBe(0);
    expect((await compare(path, '--gate', 'p50:5%')).code).toBe(5);
  });
});

describe('what is refused', () => {
  test('a run with itself, and a variant that is none: a mistake of the user', async () => {
    const path = write(
      'a.ndjson',
      runOf(() => ({})),
    );
    await expect(compare(path, path)).rejects.toMatchObject({ code: 'SAME_RUN' });
    await expect(compare(path, '--baseline', 's=c')).rejects.toMatchObject({ code: 'UNKNOWN_VARIANT' });
    await expect(compare(join(dir, 'none.ndjson'))).rejects.toMatchObject({ name: 'UserError' });
  });

  test.each([
    [['--gate', 'p50'], '"p50" is not a gate; write for example p99:10%.'],
    [['--gate', 'p50:0%'], 'must be more than 0%'],
    [['--gate', 'p50:5%', '--gate', 'latency.response.p50:6%'], 'There is a gate on latency.response.p50 already.'],
    [['--metric', 'fds.client.peek'], 'did you mean "fds.client.peak"?'],
    [['--fail-on', 'regression'], 'Allowed choices are inconclusive'],
  ])('%j', async (args, message) => {
    await expect(compare('x', ...args)).rejects.toThrow(message);
  });
});

test('--json prints the document, safe on a terminal too', async () => {
  const results = runOf(() => ({}));
  const path = write('a.ndjson', {
    ...results,
    header: { ...results.header, scenario: { ...results.header.scenario, name: '\u009b31m' } },
  });
  const { stdout } = await compare(path, '--json', '--metric', 'p75');
  const document = JSON.parse(stdout) as ComparisonDocument;
  expect(document).toMatchObject({ type: 'comparison', schemaVersion: 1, alpha: 0.05, gates: [], warnings: [] });
  expect(document.sources[0]?.scenario).toBe('\u009b31m');
  expect(stdout).not.toContain('\u009b');
  expect(document.pairs[0]?.metrics.map(({ metric }) => metric)).toContain('latency.response.p75');
});

test('a killed run is compared as far as it goes', async () => {
  const path = write(
    'a.ndjson',
    runOf(() => ({})),
  );
  writeFileSync(path, `${JSON.stringify(runOf(() => ({})).header)}\n{"type":"tri`);
  const { code, stdout, stderr } = await compare(path);
  expect(code).toBe(0);
  expect(stderr).toContain('line 2 is half written');
  expect(stdout).toContain('a.ndjson was killed after 0 of 16 trials');
});

describe('precedence', () => {
  const gates = (...outcomes: readonly GateOutcome[]): Pick<ComparisonDocument, 'gates'> => ({
    gates: outcomes.map((outcome) => ({ pair: 'p', metric: 'm', margin: 0.1, outcome, reason: '' })),
  });

  test('a failed gate over an inconclusive one', () => {
    expect(gateExitCode(gates('passed', 'inconclusive', 'failed'), 'inconclusive')).toBe(4);
    expect(gateExitCode(gates('passed', 'inconclusive'), 'inconclusive')).toBe(5);
    expect(gateExitCode(gates('passed', 'inconclusive'), undefined)).toBe(0);
  });

  test('an invalid trial over a regression over a refuted claim over an open gate', () => {
    const order: readonly ExitCode[] = [0, 5, 3, 4, 6];
    order.forEach((code, index) => {
      expect(gravest(order.slice(0, index + 1))).toBe(code);
      expect(gravest(order.slice(0, index + 1).toReversed())).toBe(code);
    });
    expect(gravest([])).toBe(exitCodes.ok);
  });
});
