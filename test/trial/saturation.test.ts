/**
 * Real trials in which the generator is starved of processors, or the server has too much to do, on purpose: each is called by its name
 * and not by the other's. Shares are far from their thresholds: a starved worker waits for 80 % of the time and more (threshold 25 %), in
 * the other trial for 4 %; the busy server runs for 96 % (threshold 90 %), in the other trial for 5 %.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism, constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import type { CommandServerConfig, LoadConfig, ServerConfig } from '../../src/scenario/config.ts';
import { realProcesses } from '../../src/trial/processes.ts';
import { trialRecord } from '../../src/trial/record.ts';
import { runTrial } from '../../src/trial/run-trial.ts';
import { config } from './fixtures.ts';

const circumstances = {
  mode: { name: 'host', fallback: null },
  limits: { openFiles: 20_000, ephemeralPorts: 28_232 },
  timeWaitCounting: 'unknown',
  samplerIntervalMs: 100,
} as const;
const load = { warmUpMs: 300, durationMs: 1500, workers: 1, request: { method: 'GET', path: '/' } } as const;
const open: LoadConfig = { ...load, model: 'open', ratePerSecond: 400, arrivals: 'poisson' };
const closed: LoadConfig = { ...load, model: 'closed', users: 8, thinkTimeMs: 0 };

const loops: ChildProcess[] = [];
afterEach(() => {
  for (const loop of loops.splice(0)) loop.kill('SIGKILL');
});

/** A program that wants a processor for itself; a minute at most, whatever becomes of this test. */
async function busyLoop(): Promise<void> {
  const text = "process.stdout.write('.'); const end = Date.now() + 60_000; while (Date.now() < end);";
  const loop = spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'ignore'] });
  loops.push(loop);
  await once(loop.stdout, 'data');
}

async function trialOf(server: ServerConfig, of: LoadConfig, dependencies = realProcesses): Promise<TrialRecord> {
  const { strategy } = config;
  const pool = { ...strategy.pool, size: 32, maxRequests: Infinity };
  const planned = {
    index: 0,
    block: 0,
    order: 0,
    variant: 'default',
    config: { ...config, server, load: of, strategy: { ...strategy, pool } },
    seed: 1,
  };
  return trialRecord(await runTrial({ planned, circumstances }, dependencies));
}

/** The generator with the lowest priority, every thread of it: what it starts later inherits that. */
const lowered: typeof realProcesses = {
  ...realProcesses,
  startGenerator: async (options) => {
    const generator = await realProcesses.startGenerator(options);
    for (const thread of readdirSync(`/proc/${generator.pid}/task`)) {
      setPriority(Number(thread), constants.priority.PRIORITY_LOW);
    }
    return generator;
  },
};

const codes = ({ invalidReasons, warnings }: TrialRecord): readonly string[] =>
  [...invalidReasons, ...warnings].map(({ code }) => code);

const busyServer: CommandServerConfig = {
  kind: 'command',
  command: [process.execPath, fileURLToPath(new URL('busy-server.js', import.meta.url))],
  cwd: '/',
  env: {},
  port: 28_461,
  readyPath: '/',
  readyTimeoutMs: 20_000,
};

describe.skipIf(process.platform !== 'linux')('who is too slow', () => {
  test.each<[string, LoadConfig]>([
    ['an open load', open],
    ['a closed load', closed],
  ])('a starved generator, %s', async (_, of) => {
    const record = await starved(of);
    expect(record.selfCheck!.generator.runDelayShare).toBeGreaterThan(0.25);
    expect(codes(record)).toContain('generator-limited');
    expect(codes(record)).not.toContain('server-saturated');
    expect(record.valid).toBe(false);
  });

  test.each<[string, LoadConfig]>([
    ['an open load', open],
    ['a closed load', closed],
  ])('a server with a busy loop in its handler, %s', async (_, of) => {
    const record = await undisturbed(() => trialOf(busyServer, of));
    expect(codes(record)).toContain('server-saturated');
    expect(codes(record)).not.toContain('generator-limited');
  });
});

/** Beside as many busy loops as there are processors. */
async function starved(of: LoadConfig): Promise<TrialRecord> {
  await Promise.all(Array.from({ length: availableParallelism() }, busyLoop));
  return trialOf(config.server, of, lowered);
}

/** Where other programs fill the machine, they starve the generator as well: then the trial is not what the test is about. */
async function undisturbed(run: () => Promise<TrialRecord>): Promise<TrialRecord> {
  for (let attempt = 0; ; attempt++) {
    const record = await run();
    if ((record.selfCheck!.machine.otherShare ?? 0) < 0.3 || attempt === 2) return record;
  }
}
