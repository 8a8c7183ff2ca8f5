/** Whole trials over TLS and h2, in a lab and on this host: every count is reconciled; and what kill -9 of a part leaves behind. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import { hasLab } from '../lab/users.ts';
import { Bench, childrenOf, isAlive, until } from './connbench.ts';

const scenario = (mode: 'lab' | 'host'): string => `name: over-tls
base:
  network: { mode: ${mode} }
  strategy: { tls: { version: 1.3, resumption: session } }
  load: { model: open, rate: 100/s, arrivals: constant, warmUp: 200ms, duration: 1s }
axes:
  pair:
    reference: { client: reference, server: { kind: reference } }
    reference-close: { client: reference, server: { kind: reference }, strategy: { connection: close } }
    node: { client: node-http, server: { kind: node } }
    node-close: { client: node-http, server: { kind: node }, strategy: { connection: close } }
    fetch: { client: fetch, server: { kind: node } }
    undici-close: { client: undici, server: { kind: node }, strategy: { connection: close } }
    h2: { client: http2, server: { kind: node } }
`;
const pairs = ['reference', 'reference-close', 'node', 'node-close', 'fetch', 'undici-close', 'h2'];
/** 20 in warm-up, 100 in measure. */
const requests = 120;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  vi.unstubAllEnvs();
  bench.dispose();
});

const ofTheMachine: readonly string[] = ['link-late', 'generator-limited', 'machine-busy'];

/** Which rows cannot be agreed on: on a host the kernel's counters are also other programs'. */
function notReconciled({ mode, reconciliation }: TrialRecord): readonly unknown[] {
  const shared = /other programs share the counter|a client port used again/;
  return reconciliation.filter(
    ({ ok, note }) => ok !== true && (mode === 'lab' || !(ok === null && shared.test(note!))),
  );
}

async function everyCountAgrees(mode: 'lab' | 'host'): Promise<void> {
  const { stderr } = await bench.run('run', bench.file('over-tls.yaml', scenario(mode)));
  expect(stderr).not.toContain('error:');
  const { trials } = await bench.results();
  expect(trials.map(({ variant }) => variant).toSorted()).toEqual(pairs.map((pair) => `pair=${pair}`).toSorted());
  for (const trial of trials) {
    const { variant, connections, latencyByConnection, server, requests: counted } = trial;
    expect({ variant, mode: trial.mode, not: notReconciled(trial) }).toEqual({ variant, mode, not: [] });
    expect(trial.invalidReasons.filter(({ code }) => !ofTheMachine.includes(code))).toEqual([]);
    expect(counted).toMatchObject({ completed: 100, wholeTrial: { answered: requests } });
    const { full, resumed } = connections!.tls!;
    expect([variant, server.tls]).toMatchObject([variant, { full, resumed, earlyData: 0 }]);
    expect(full + resumed).toBe(connections!.opened);
    if (variant.endsWith('-close')) {
      expect(connections!.opened).toBe(requests);
      expect(resumed).toBeGreaterThan(0);
      // Each measured request has a handshake of its own.
      expect(latencyByConnection.new.tls!.count).toBe(100);
      expect(latencyByConnection.new.tls!.min).toBeGreaterThan(0);
    }
    expect(latencyByConnection.reused.tls).toBeNull();
  }
}

test('on this host every count agrees', async () => {
  await everyCountAgrees('host');
});

test.skipIf(!(await hasLab()))('in a lab every count agrees', async () => {
  await everyCountAgrees('lab');
});

describe('kill -9', () => {
  /** A load that lasts, of a client whose process is told of the authority by a file. */
  const long = `name: killed
base:
  client: fetch
  server: { kind: node }
  network: { mode: host }
  strategy: { tls: { version: 1.3 } }
  load: { model: closed, users: 8, thinkTime: 1ms, warmUp: 0s, duration: 20s }
`;
  let temporary: string;

  /** The server and the generator of a run, once requests are under way. */
  async function underWay(): Promise<{ run: ReturnType<Bench['start']>; server: number; generator: number }> {
    temporary = join(bench.dir, 'temporary');
    mkdirSync(temporary);
    vi.stubEnv('TMPDIR', temporary);
    const run = bench.start('run', bench.file('killed.yaml', long));
    let server: number | undefined;
    let generator: number | undefined;
    await until('requests are under way', () => {
      const children = childrenOf(run.child.pid!);
      server = children.find((pid) => commandLine(pid).includes('server/main.js'));
      generator = children.find((pid) => commandLine(pid).includes('generator/main.js'));
      return server !== undefined && generator !== undefined && writtenBytes(server) > 100_000;
    });
    return { run, server: server!, generator: generator! };
  }

  /** No file of the run is left in the temporary folder, and no key or certificate anywhere. */
  function expectNoTrace(): void {
    expect(readdirSync(temporary)).toEqual([]);
    for (const path of bench.resultFiles()) {
      const text = readFileSync(path, 'utf8');
      expect(text).not.toMatch(/BEGIN (CERTIFICATE|[A-Z ]*PRIVATE KEY)/);
      // Whole lines only.
      expect(text.endsWith('\n')).toBe(true);
      for (const line of text.trimEnd().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
    }
  }

  test('of a server over TLS ends the trial, which says so', async () => {
    const { run, server, generator } = await underWay();
    process.kill(server, 'SIGKILL');
    const { code } = await run.ended;
    expect(code).toBe(6);
    expect([server, generator].filter(isAlive)).toEqual([]);
    const [trial] = (await bench.results()).trials;
    expect(trial!.invalidReasons).toContainEqual({
      code: 'server-died',
      message: 'the server process ended by SIGKILL',
    });
    expect(trial!.connections!.opened).toBeGreaterThan(0);
    expectNoTrace();
  });

  test('of the controller leaves no process, no file of a certificate and no half of a result', async () => {
    const { run, server, generator } = await underWay();
    run.child.kill('SIGKILL');
    await run.ended;
    await until('no process is left', () => ![server, generator].some(isAlive));
    expectNoTrace();
    const { trials, footer } = await bench.results();
    expect([trials, footer]).toEqual([[], null]);
  });

  function commandLine(pid: number): string {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    } catch {
      return '';
    }
  }

  function writtenBytes(pid: number): number {
    try {
      return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))![1]);
    } catch {
      return 0;
    }
  }
});
