/** Runs a part of a shipped scenario, as it is or with something changed, and judges its claims. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { judgeClaims, type ClaimResult } from '../../src/compare/claims.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { shippedFiles } from '../../src/scenario/shipped.ts';
import { Bench } from './connbench.ts';
import { sound } from './disturbance.ts';

/** What is replaced wherever it stands; it has to stand somewhere. */
export type Change = readonly [from: string, to: string];

export function changed(text: string, changes: readonly Change[]): string {
  return changes.reduce((before, [from, to]) => {
    expect(before).toContain(from);
    return before.replaceAll(from, to);
  }, text);
}

export interface PartialRun {
  /** Variants; all unless given. */
  readonly only?: readonly string[];
  /** As many as the scenario says unless given. */
  readonly blocks?: number;
  /** Of the scenario's text. */
  readonly changes?: readonly Change[];
  /** What the files in the scenario's folder become, by their path from the scenario. */
  readonly files?: Readonly<Record<string, (shipped: string) => string>>;
  /** More arguments of the command line. */
  readonly args?: readonly string[];
}

export interface Judged {
  readonly trials: readonly TrialRecord[];
  /** Those that the run has variants for. Judged by their counts only: a busy machine is no reason against a trial here. */
  readonly claims: readonly ClaimResult[];
}

/** Runs it in a directory of its own, which is gone when it ends. */
export async function judged(name: string, run: PartialRun): Promise<Judged> {
  const shipped = (await shippedFiles()).find((file) => file.name === name);
  if (shipped === undefined) throw new Error(`no scenario ${name}`);
  const bench = new Bench();
  try {
    const scenario = bench.file(`${name}.yaml`, changed(readFileSync(shipped.path, 'utf8'), run.changes ?? []));
    const folder = join(dirname(shipped.path), name);
    if (existsSync(folder)) cpSync(folder, join(bench.dir, name), { recursive: true });
    for (const [file, become] of Object.entries(run.files ?? {}))
      bench.file(file, become(readFileSync(join(bench.dir, file), 'utf8')));
    const blocks = run.blocks === undefined ? [] : ['--blocks', String(run.blocks)];
    const only = (run.only ?? []).flatMap((variant) => ['--only', variant]);
    const { stderr } = await bench.run('run', scenario, ...only, ...blocks, ...(run.args ?? []));
    expect(stderr).not.toContain('error:');
    const { header, trials } = await bench.results();
    const claims = judgeClaims({ header, trials: trials.map(sound) }).filter(({ cases }) => cases.length > 0);
    return { trials, claims };
  } finally {
    bench.dispose();
  }
}
