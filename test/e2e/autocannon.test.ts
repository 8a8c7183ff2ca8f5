/** Autocannon through the command line: it runs beside the client in a lab, and ends with the run, however that ends. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processTree } from '../../src/kernel/proc-tree.ts';
import { hasLab } from '../lab/users.ts';
import { Bench, isAlive, until, type Running } from './connbench.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  bench.dispose();
});

function scenario(mode: 'host' | 'lab', durationSeconds: number): string {
  return `name: cannon
base:
  client: autocannon
  server: { kind: node, response: { delay: 10ms } }
  network: { mode: ${mode} }
  load: { model: closed, users: 2, warmUp: 1s, duration: ${durationSeconds}s }
`;
}

/** Every process of the run once autocannon is one of them. */
async function underWay(run: Running): Promise<{ readonly pids: readonly number[]; readonly cannon: number }> {
  let pids: readonly number[] = [];
  let cannon: number | undefined;
  await until('autocannon runs', () => {
    pids = processTree([run.child.pid!]);
    cannon = pids.find((pid) => commandLine(pid).includes('autocannon.js'));
    return cannon !== undefined;
  });
  return { pids, cannon: cannon! };
}

function commandLine(pid: number): string {
  try {
    // Behind setpriv, which is gone as soon as it has executed it.
    return /^[^\0]*node[^\0]*\0(.*)/s.exec(readFileSync(`/proc/${pid}/cmdline`, 'latin1'))?.[1] ?? '';
  } catch {
    return '';
  }
}

test('kill -9 of the controller leaves nothing of it', async () => {
  const run = bench.start('run', bench.file('cannon.yaml', scenario('host', 60)));
  const { pids } = await underWay(run);
  run.child.kill('SIGKILL');
  await run.ended;
  await until('no process is left', () => !pids.some(isAlive));
});

test('Ctrl-C ends it, and the run says that it was interrupted', async () => {
  const run = bench.start('run', bench.file('cannon.yaml', scenario('host', 60)));
  const { pids } = await underWay(run);
  run.child.kill('SIGINT');
  expect((await run.ended).code).toBe(130);
  await until('no process is left', () => !pids.some(isAlive));
  expect((await bench.results()).footer?.interrupted).toBe(true);
});

test('kill -9 of autocannon itself ends the trial, which says how it ended', async () => {
  const run = bench.start('run', bench.file('cannon.yaml', scenario('host', 60)));
  const { cannon } = await underWay(run);
  process.kill(cannon, 'SIGKILL');
  await run.ended;
  const [trial] = (await bench.results()).trials;
  expect(trial?.invalidReasons.map(({ code, message }) => `${code}: ${message}`).join()).toMatch(
    /^generator-died: .*autocannon.* was ended by SIGKILL/,
  );
});

test.skipIf(!(await hasLab()))('in a lab server, kernels and wire count its connections', async () => {
  await bench.run('run', bench.file('cannon.yaml', scenario('lab', 1)), '--blocks', '1');
  const [trial] = (await bench.results()).trials;
  // 2 connections in warm-up, and 2 in measure.
  expect(trial).toMatchObject({ mode: 'lab', connections: null, link: { flows: 4 }, server: { accepted: 4 } });
  const rows = Object.fromEntries(trial!.reconciliation.map(({ name, ok }) => [name, ok]));
  expect(rows).toEqual({
    connections: true,
    connects: true,
    requests: true,
    requestsSent: true,
    closes: true,
    'timeWait.client': true,
    'timeWait.server': true,
  });
});
