/** The built program in a lab: what the link does to a handshake, four witnesses of every count, a server of the user's, and no trace. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import { hasLab } from '../lab/users.ts';
import { Bench, childrenOf, isAlive, until } from './connbench.ts';

const lab = `name: lab
question: What does a handshake cost at 20 ms?
base:
  server: { kind: reference }
  network: { mode: lab, rtt: 20ms, sysctls: { client: { tcp_tw_reuse: 0 } } }
  load: { model: open, rate: 50/s, arrivals: constant, warmUp: 500ms, duration: 1s }
axes:
  strategy:
    close: { strategy: { connection: close } }
    keep-alive: { strategy: { pool: { size: 64, idleTimeout: unlimited } } }
`;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  bench.dispose();
});

/** Rows by name: client, server, kernel, wire. */
function witnesses(trial: TrialRecord, name: string): readonly (number | null)[] {
  const found = trial.reconciliation.find((row) => row.name === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return [found.client, found.server, found.kernel, found.wire];
}

const notReconciled = (trial: TrialRecord): unknown[] => trial.reconciliation.filter(({ ok }) => ok !== true);

/** What makes a trial invalid, but for what a busy machine does to a sound one: its link or generator fell behind. */
const faults = (trial: TrialRecord): unknown[] =>
  trial.invalidReasons.filter(({ code }) => code !== 'link-late' && code !== 'generator-limited');

/** The network namespaces of processes, without this one's. */
function namespacesOf(pids: readonly (number | string)[]): Set<string> {
  const links = pids.flatMap((pid) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/net`)];
    } catch {
      return [];
    }
  });
  const own = readlinkSync('/proc/self/ns/net');
  return new Set(links.filter((link) => link !== own));
}

/** Records of a capture: a header of 24 bytes, then each packet behind 16 of its own, the third word of which is the length kept. */
function packetsIn(capture: Buffer): number {
  let count = 0;
  for (let at = 24; at < capture.length; at += 16 + capture.readUInt32LE(at + 8)) count++;
  return count;
}

describe.skipIf(!(await hasLab()))('a run in a lab', () => {
  test('20 ms of round trip show in every handshake, and client, server, kernels and wire agree', async () => {
    const { code, stderr } = await bench.run('run', bench.file('lab.yaml', lab), '--pcap', 'captures');
    const { trials, path } = await bench.results();
    expect(trials.flatMap(faults)).toEqual([]);
    expect(stderr).not.toContain('error:');
    expect(code).toBe(trials.every(({ valid }) => valid) ? 0 : 6);
    const close = trials.find(({ variant }) => variant === 'strategy=close')!;
    const keepAlive = trials.find(({ variant }) => variant === 'strategy=keep-alive')!;
    for (const trial of trials) {
      expect(trial).toMatchObject({ mode: 'lab', kernel: { scope: 'separate' }, timeWait: { method: 'sockstat' } });
      expect(trial.network?.client.sysctls['net.ipv4.tcp_tw_reuse']).toBe('0');
      expect(trial.network?.server.congestionControl).toBe('cubic');
      expect(notReconciled(trial)).toEqual([]);
    }
    // 75 requests in 1.5 s. 20 ms is what the link adds; less would be a fault, more is the machine's.
    expect(close.latency.connect?.p50).toBeGreaterThanOrEqual(20e6);
    expect(close.latencyByConnection.new.response?.p50).toBeGreaterThanOrEqual(40e6);
    expect(keepAlive.latencyByConnection.reused.response?.p50).toBeGreaterThanOrEqual(20e6);
    expect(witnesses(close, 'connections')).toEqual([75, 75, 75, 75]);
    expect(witnesses(close, 'connects')).toEqual([75, null, 75, 75]);
    expect(witnesses(close, 'timeWait.client')).toEqual([0, 0, 0, 0]);
    expect(witnesses(close, 'timeWait.server')).toEqual([75, 75, 75, 75]);
    const { link, timeWait } = close;
    expect({ syn: link!.syn >= 75, synAck: link!.synAck >= 75, fin: link!.fin >= 150, rst: link!.rst }).toEqual({
      syn: true,
      synAck: true,
      fin: true,
      rst: 0,
    });
    expect(link?.dropped).toEqual({ loss: 0, queue: 0, middlebox: 0, device: 0 });
    expect({ entered: timeWait.server.entered, end: timeWait.server.end }).toEqual({ entered: 75, end: 75 });
    const opened = keepAlive.connections!.opened;
    expect(witnesses(keepAlive, 'connections')).toEqual([opened, opened, opened, opened]);
    const base = path.slice(path.lastIndexOf('/') + 1).replace('.ndjson', '');
    const captures = readdirSync(join(bench.dir, 'captures')).toSorted();
    expect(captures).toEqual([`${base}-000.pcap`, `${base}-001.pcap`]);
    for (const trial of trials) {
      const capture = readFileSync(join(bench.dir, 'captures', `${base}-00${trial.index}.pcap`));
      expect(packetsIn(capture)).toBe(trial.link!.packets);
    }
  });

  test("a program of the user's serves on the server host, and what it does not report is counted by the others", async () => {
    const script = `const { createServer } = require('node:http');
createServer((request, response) => response.end('hello')).listen(Number(process.env.PORT), process.env.HOST);`;
    bench.file('server.cjs', script);
    const scenario = `name: own
base:
  server: { kind: command, command: ['${process.execPath}', server.cjs], port: 8080, readyPath: / }
  strategy: { connection: close }
  load: { model: open, rate: 50/s, arrivals: constant, warmUp: 500ms, duration: 1s }
`;
    const { code, stdout } = await bench.run('run', bench.file('own.yaml', scenario));
    const [trial] = (await bench.results()).trials;
    expect(faults(trial!)).toEqual([]);
    expect(code).toBe(trial!.valid ? 0 : 6);
    expect(stdout).toContain('Results:');
    // `auto` is a lab here.
    expect(trial).toMatchObject({ mode: 'lab', server: { kind: 'command', accepted: null, executed: null } });
    expect(trial!.missing['server.accepted']).toBe('a command server does not report its counts');
    expect(trial!.fds.server.peak).toBeGreaterThan(0);
    expect(notReconciled(trial!)).toEqual([]);
    expect(witnesses(trial!, 'connections')).toEqual([75, null, 75, 75]);
    expect(witnesses(trial!, 'timeWait.server')).toEqual([75, null, 75, 75]);
  });

  test('kill -9 of the controller leaves no process and no namespace', async () => {
    const run = bench.start('run', bench.file('lab.yaml', lab.replace('duration: 1s', 'duration: 30s')));
    let pids: number[] = [];
    // Two hosts, the link, the server and the generator.
    await until('all processes of a trial', () => {
      pids = childrenOf(run.child.pid!);
      return pids.length === 5 && pids.every((pid) => namespacesOf([pid]).size === 1);
    });
    const namespaces = namespacesOf(pids);
    expect(namespaces.size).toBe(3);
    run.child.kill('SIGKILL');
    await run.ended;
    await until('no process is left', () => !pids.some(isAlive));
    const left = namespacesOf(readdirSync('/proc').filter((name) => /^\d+$/.test(name)));
    expect([...namespaces].filter((namespace) => left.has(namespace))).toEqual([]);
  });

  test('a refused sysctl is told by name before anything is measured', async () => {
    const scenario = bench.file('lab.yaml', lab.replace('tcp_tw_reuse: 0', 'tcp_tw_reuse: 9'));
    const { code, stderr } = await bench.run('run', scenario);
    expect(stderr).toContain('sysctl net.ipv4.tcp_tw_reuse = "9" was refused on host "client": Invalid argument');
    expect(code).toBe(2);
    expect(bench.resultFiles()).toEqual([]);
  });
});

test('an external server elsewhere needs --allow-remote, and nothing is run without', async () => {
  const scenario = `name: elsewhere
base: { server: { kind: external, url: 'http://192.0.2.1/' } }
`;
  const { code, stderr } = await bench.run('run', bench.file('elsewhere.yaml', scenario));
  expect(stderr).toContain('error: the server 192.0.2.1 is not on this machine');
  expect(code).toBe(2);
  expect(bench.resultFiles()).toEqual([]);
});
