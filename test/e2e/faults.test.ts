/** Faults of the real world, caused for real: each ends in time, is named in the record, and leaves no process behind. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import { Bench, childrenOf, collect, isAlive, until, type Ended, type Running } from './connbench.ts';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  bench.dispose();
});

/** A closed load of 8 users for long enough to be interrupted; `more` is appended to `base`. */
function scenario(more = '', load = 'users: 8, thinkTime: 1ms, warmUp: 0s, duration: 20s'): string {
  return bench.file(
    's.yaml',
    `name: fault\nbase:\n  network: { mode: host }\n  load: { model: closed, ${load} }\n${more}`,
  );
}

/** The child of the controller that runs this entry file, once it exists. */
async function childRunning(running: Running, entry: string): Promise<number> {
  let found: number | undefined;
  await until(`a child that runs ${entry}`, () => {
    found = childrenOf(running.child.pid!).find((pid) => commandLine(pid).includes(entry));
    return found !== undefined;
  });
  return found!;
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** Bytes that a process has written, to sockets too. */
function writtenBytes(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))![1]);
}

/** Waits until the server holds eight sockets more than now and has answered on them: the load is under way. */
async function loadUnderWay(pid: number): Promise<void> {
  const openFiles = (): number => readdirSync(`/proc/${pid}/fd`).length;
  const before = openFiles();
  await until('connections at the server', () => openFiles() >= before + 8);
  const written = writtenBytes(pid);
  // Answers of 1 kB, many more of them than the eight that a generator may not have read yet.
  await until('answers of the server', () => writtenBytes(pid) >= written + 50_000);
}

async function onlyTrial(): Promise<TrialRecord> {
  const { trials, footer } = await bench.results();
  expect(trials).toHaveLength(1);
  expect(footer).toMatchObject({ completedTrials: 1, interrupted: false });
  return trials[0]!;
}

async function endsAfterKilling(entry: string): Promise<{ ended: Ended; trial: TrialRecord }> {
  const running = bench.start('run', scenario());
  const server = await childRunning(running, 'server/main.js');
  const generator = await childRunning(running, 'generator/main.js');
  await loadUnderWay(server);
  process.kill(entry === 'server/main.js' ? server : generator, 'SIGKILL');
  const ended = await running.ended;
  expect([server, generator].filter(isAlive)).toEqual([]);
  return { ended, trial: await onlyTrial() };
}

test('kill -9 of the server ends the trial, which is invalid and says so', async () => {
  const { ended, trial } = await endsAfterKilling('server/main.js');
  expect(ended.code).toBe(6);
  expect(trial.valid).toBe(false);
  expect(trial.invalidReasons).toContainEqual({
    code: 'server-died',
    message: 'the server process ended by SIGKILL',
  });
  // What the generator had measured is kept, and its requests are all accounted for.
  const { scheduled, completed, failed, dropped, abandoned } = trial.requests!;
  expect(completed).toBeGreaterThan(0);
  expect(completed + failed + dropped! + abandoned!).toBe(scheduled);
});

test('kill -9 of the generator ends the trial, which is invalid and says so', async () => {
  const { ended, trial } = await endsAfterKilling('generator/main.js');
  expect(ended.code).toBe(6);
  expect(trial.valid).toBe(false);
  expect(trial.invalidReasons.map(({ code }) => code)).toContain('generator-died');
  expect(trial.invalidReasons.map(({ message }) => message).join()).toMatch(/SIGKILL/);
  expect(trial.requests).toBeNull();
  // The server was stopped in order and its counts are kept.
  expect(trial.server.accepted).toBeGreaterThanOrEqual(8);
});

/** Runs the program under a shell that prepares its surroundings. */
function runIn(shell: string, prefix: readonly string[], ...args: readonly string[]): Promise<Ended> {
  const [command, ...options] = [...prefix, 'sh', '-c', `${shell} exec "$@"`, 'sh', process.execPath, program, ...args];
  const child = spawn(command!, options, {
    cwd: bench.dir,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return collect(child);
}

test('out of file descriptors: EMFILE is counted as a failed connect, and the trial goes on', async () => {
  const path = scenario(
    '  strategy: { pool: { size: 400 } }\n',
    'users: 400, thinkTime: 5ms, warmUp: 0s, duration: 1s',
  );
  const ended = await runIn('ulimit -n 200;', [], 'run', path);
  expect(ended.stderr + ended.stdout).toMatch(/EMFILE/);
  const trial = await onlyTrial();
  const emfile = trial.errors.filter(({ code, phase }) => code === 'EMFILE' && phase === 'connect');
  expect(emfile.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(0);
  expect(trial.requests!.completed).toBeGreaterThan(0);
  expect(trial.reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
});

const ownNamespace = process.getuid?.() === 0 ? ['unshare', '-n'] : ['unshare', '-Urn'];
const canHaveNamespace =
  spawnSync(ownNamespace[0]!, [...ownNamespace.slice(1), 'ip', 'link', 'set', 'lo', 'up']).status === 0;
if (!canHaveNamespace && process.env['CI'] !== undefined) throw new Error('CI must be able to make network namespaces');

test.skipIf(!canHaveNamespace)(
  'out of ports (needs unshare and ip): EADDRNOTAVAIL is counted as a failed connect',
  async () => {
    // The client closes first after every request and so keeps its port in TIME_WAIT: 100 ports are soon gone.
    const path = scenario(
      '  strategy: { pool: { maxRequests: 1 } }\n',
      'users: 4, thinkTime: 5ms, warmUp: 0s, duration: 1s',
    );
    const setUp = [
      'ip link set lo up;',
      'echo 40000 40099 > /proc/sys/net/ipv4/ip_local_port_range;',
      'echo 0 > /proc/sys/net/ipv4/tcp_tw_reuse;',
    ];
    const ended = await runIn(setUp.join(' '), ownNamespace, 'run', path);
    expect(ended.stderr + ended.stdout).toMatch(/EADDRNOTAVAIL/);
    const trial = await onlyTrial();
    // The server's own port is one of the 100.
    expect(trial.connections!.opened).toBeLessThanOrEqual(99);
    expect(trial.connections!.notAttempted).toBeGreaterThan(0);
    expect(trial.timeWait.client.entered).toBe(trial.connections!.opened);
    const refused = trial.errors.filter(({ code, phase }) => code === 'EADDRNOTAVAIL' && phase === 'connect');
    expect(refused.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(0);
    expect(trial.reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
  },
);
