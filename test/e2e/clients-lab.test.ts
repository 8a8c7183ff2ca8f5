/** Every client in a lab, plain and over TLS, keeping connections and closing them: client, server, both kernels and the wire count the same. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import { hasLab } from '../lab/users.ts';
import { Bench } from './connbench.ts';

/** 40 requests, 10 ms apart; ports are not used again while they are in TIME_WAIT. */
const base = `base:
  server: { kind: node }
  network: { mode: lab, sysctls: { client: { tcp_tw_reuse: 0 } } }
  load: { model: open, rate: 100/s, arrivals: constant, warmUp: 0s, duration: 400ms }
`;
const ways = `  way:
    plain: {}
    tls: { strategy: { tls: { version: 1.3, resumption: session } } }
`;
const http1 = `name: http1
${base}axes:
  client: [reference, node-http, agentkeepalive, fetch, undici]
${ways}  connection:
    keep-alive: {}
    close: { strategy: { connection: close } }
`;
/** A session is for many requests: it has no way of closing after each. */
const http2 = `name: http2
${base}axes:
  client: [http2]
${ways}`;
/** A program of its own: it takes whole seconds, and 25 of a hundred requests for each connection. */
const autocannon = `name: autocannon
base:
  client: autocannon
  server: { kind: node }
  network: { mode: lab, sysctls: { client: { tcp_tw_reuse: 0 } } }
  strategy: { pool: { size: 4 } }
  load: { model: open, rate: 100/s, arrivals: constant, warmUp: 0s, duration: 1s }
axes:
  way:
    plain: {}
    tls: { strategy: { tls: { version: 1.3 } } }
    close: { strategy: { connection: close } }
`;
const requests = 40;

const variants = [
  ...['reference', 'node-http', 'agentkeepalive', 'fetch', 'undici'].flatMap((client) =>
    ['plain', 'tls'].flatMap((way) =>
      ['keep-alive', 'close'].map((connection) => `client=${client} way=${way} connection=${connection}`),
    ),
  ),
  'client=http2 way=plain',
  'client=http2 way=tls',
];

/**
 * Whether the requests that autocannon says it sent are those of the server. It counts those of a second in advance, which leaves bounds; and
 * with Connection: close it counts one more at each end of a connection, which it never sends.
 */
const exceptions = [
  ['plain', null],
  ['tls', null],
  ['close', false],
] as const;

const ofTheMachine: readonly string[] = ['link-late', 'generator-limited', 'machine-busy'];

describe.skipIf(!(await hasLab()))('in a lab', () => {
  const bench = new Bench();
  const byVariant = new Map<string, TrialRecord>();

  beforeAll(async () => {
    vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
    for (const [name, scenario] of Object.entries({ http1, http2, autocannon })) {
      const { stderr } = await bench.run('run', bench.file(`${name}.yaml`, scenario), '--out', name);
      expect(stderr).not.toContain('error:');
      const { trials } = await bench.results(name);
      for (const trial of trials) byVariant.set(trial.variant, trial);
    }
    vi.unstubAllEnvs();
  }, 180_000);
  afterAll(() => {
    bench.dispose();
  });

  /** Rows by name: client, server, kernel, wire. */
  function witnesses({ reconciliation }: TrialRecord, name: string): readonly (number | null)[] {
    const found = reconciliation.find((row) => row.name === name);
    if (found === undefined) throw new Error(`no row ${name}`);
    return [found.client, found.server, found.kernel, found.wire];
  }

  test('every one was run', () => {
    const ofPrograms = exceptions.map(([way]) => `way=${way}`);
    expect([...byVariant.keys()].toSorted()).toEqual([...variants, ...ofPrograms].toSorted());
  });

  test.each(variants)('%s', (variant) => {
    const trial = byVariant.get(variant)!;
    const { connections, requests: counts, link, latencyByConnection, server } = trial;
    // A phase that does not add up would be among them.
    expect(trial.invalidReasons.filter(({ code }) => !ofTheMachine.includes(code))).toEqual([]);
    expect(trial.reconciliation.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(counts).toMatchObject({ scheduled: requests, completed: requests });
    const { opened, tls } = connections!;
    expect(witnesses(trial, 'connections')).toEqual([opened, opened, opened, opened]);
    expect(witnesses(trial, 'connects')).toEqual([opened, null, opened, opened]);
    expect(witnesses(trial, 'closes').slice(0, 2)).toEqual([opened, opened]);
    if (variant.endsWith('=close')) expect(opened).toBe(requests);
    else if (!variant.includes('fetch')) expect(opened).toBeLessThan(requests);
    // A connection is new to exactly one request.
    expect(latencyByConnection.new.connect?.count).toBe(opened);
    expect(latencyByConnection.reused.firstByte?.count ?? 0).toBe(requests - opened);
    expect(latencyByConnection.new.tls?.count ?? null).toBe(tls === null ? null : opened);
    expect(tls === null ? undefined : { full: tls.full, resumed: tls.resumed }).toEqual(
      server.tls == null ? undefined : { full: server.tls.full, resumed: server.tls.resumed },
    );
    expect(tls === null ? opened : tls.full + tls.resumed).toBe(opened);
    // Node's TLS answers a close_notify, which resets the side that has closed: how many it may be is said in the row.
    if (tls === null || variant.includes('reference')) expectTimeWaits(trial);
    expect(link!.firstFin.client + link!.firstFin.server + link!.resetFlows).toBe(opened);
  });

  /** Each side's kernel holds those whose first FIN the side sent, both kernels those whose FINs crossed on the way. */
  function expectTimeWaits({ link, timeWait, connections, server }: TrialRecord): void {
    const { opened, firstCloser, teardown } = connections!;
    const { firstFin, rst } = link!;
    expect([rst, firstFin.client + firstFin.server]).toEqual([0, opened]);
    const entered = { client: 0, server: 0 };
    for (const side of ['client', 'server'] as const) {
      entered[side] = timeWait[side].entered! + timeWait[side].teardown!;
      expect(timeWait[side].end).toBe(entered[side]);
      expect(entered[side]).toBeGreaterThanOrEqual(firstFin[side]);
    }
    // No side can have sent more first FINs than it thinks.
    expect(entered.client).toBeLessThanOrEqual(firstCloser.client + teardown);
    expect(entered.server).toBeLessThanOrEqual(server.firstCloser!.server);
  }

  /** It counts no connections: the server, both kernels and the wire do, and agree. What it counts itself is another matter. */
  test.each(exceptions)('autocannon, %s', (way, ofRequestsSent) => {
    const trial = byVariant.get(`way=${way}`)!;
    const [client, accepted, kernel, wire] = witnesses(trial, 'connections');
    expect(client).toBeNull();
    // Those that it opened as it ended may be on the wire only; each of its four has one at most.
    expect([kernel! - accepted!, wire! - kernel!].every((more) => more >= 0 && more <= 4)).toBe(true);
    expect(witnesses(trial, 'connects')).toEqual([null, null, wire, wire]);
    expect(trial.connections).toBeNull();
    const others = trial.reconciliation.filter(({ name, ok }) => name !== 'requestsSent' && ok !== true);
    expect(others).toEqual([]);
    expect(trial.reconciliation.find(({ name }) => name === 'requestsSent')!.ok).toBe(ofRequestsSent);
  });

  /** It waits for the FIN that the server announces: so there is no race. */
  test.each(['plain', 'tls'])('reference, %s: after Connection: close the server closes first', (way) => {
    const { link, connections } = byVariant.get(`client=reference way=${way} connection=close`)!;
    expect(link!.firstFin).toEqual({ client: 0, server: requests });
    expect(connections!.firstCloser).toEqual({ client: 0, server: requests, reset: 0 });
  });
});
