/** A trial in which anything fails still gives a record that fits the schema, says what failed, and leaves nothing running. */
import { describe, expect, test } from 'vitest';
import { unexplainedNulls } from '../../src/results/missing.ts';
import { trialSchema, type TrialRecord } from '../../src/results/record.ts';
import type { BundledServerConfig } from '../../src/scenario/config.ts';
import type { TrialSampler } from '../../src/trial/dependencies.ts';
import type { PlannedTrial } from '../../src/trial/evidence.ts';
import { trialRecord } from '../../src/trial/record.ts';
import { runTrial } from '../../src/trial/run-trial.ts';
import { fakeTrial, never, type FakeBehaviour } from './fakes.ts';
import { config, sampler, server as serverReport } from './fixtures.ts';

const planned: PlannedTrial = { index: 3, block: 1, order: 0, variant: 'strategy=close', config, seed: 7 };
const fixtureServer = config.server as BundledServerConfig;
const circumstances = {
  mode: { name: 'host', fallback: null },
  limits: { openFiles: 1024, ephemeralPorts: 28_232 },
  timeWaitCounting: 'entry',
  samplerIntervalMs: 100,
} as const;

async function run(behaviour: FakeBehaviour = {}, signal?: AbortSignal): Promise<TrialRecord> {
  const { dependencies, server, generator } = fakeTrial(behaviour);
  const record = trialRecord(await runTrial({ planned, circumstances, signal }, dependencies));
  trialSchema.parse(record);
  expect(unexplainedNulls(record)).toEqual([]);
  if (behaviour.dependencies?.startServer === undefined) expect(server.killed).toBe(true);
  if (behaviour.dependencies === undefined) expect(generator.killed).toBe(true);
  return record;
}
const codes = (record: TrialRecord): string[] => record.invalidReasons.map(({ code }) => code);

test('a trial in which nothing fails is valid and carries every figure', async () => {
  const record = await run();
  expect(record).toMatchObject({
    index: 3,
    variant: 'strategy=close',
    block: 1,
    valid: true,
    invalidReasons: [],
    measureSeconds: 1,
    mode: 'host',
    client: { name: 'reference', transport: 'epoll', transportReason: null },
    requests: { scheduled: 80, completed: 80, executedByServer: 100, wholeTrial: { sent: 100 } },
    // 80 of 80 due ended within the one second of measure; 30,000 bytes in the 1.5 s of the whole trial.
    throughput: { offeredPerSecond: 80, achievedPerSecond: 80, goodputPerSecond: 80, bytesPerSecond: 20_000 },
    // 10 connections for 100 answers in 1.5 s.
    connections: { opened: 10, reuseRatio: 0.9, requestsPerConnection: { mean: 10, max: 10 } },
    fds: { client: { start: 20, peak: 30, end: 21 }, server: { start: 22, peak: 32, end: 23 } },
    timeWait: {
      client: { entered: 6, teardown: 1, peak: 7, end: 7 },
      server: { entered: 3, teardown: 0, peak: 3, end: 3 },
      method: 'sock_diag',
      overflow: 0,
    },
    kernel: { client: { ActiveOpens: 10, TW: 10 }, scope: 'shared' },
    // 4000 us for 80 requests.
    cpu: { generator: { userUs: 1200, systemUs: 2800, perRequestUs: 50 } },
    server: { accepted: 10, executed: 100 },
  });
  expect(record.connections?.churnPerSecond).toBeCloseTo(10 / 1.5, 10);
  // 1 ms lies in the bucket 999,936..1,000,447 (width 512 at 2^19..2^20).
  expect(record.latency.response).toMatchObject({ count: 80, min: 999_936, p50: 1_000_447 });
  expect(record.latencyByConnection.new.response).toBeNull();
  expect(record.fds.client.series.map(([atMs]) => atMs)).toEqual([-300, 250, 1400]);
  expect(record.reconciliation.every(({ ok }) => ok === true)).toBe(true);
});

test('the server is asked for its counts at both ends of measure, and CPU is taken between them', async () => {
  const snapshots = [
    { ...serverReport, executed: 20, cpu: { userUs: 1000, systemUs: 500 } },
    { ...serverReport, executed: 100, cpu: { userUs: 8000, systemUs: 1500 } },
  ];
  // The report comes before both snapshots: it must not overtake them.
  const { dependencies, server } = fakeTrial({
    onStart: (generator) => {
      generator.report();
    },
  });
  server.snapshot = () => Promise.resolve(snapshots.shift()!);
  const record = trialRecord(await runTrial({ planned, circumstances }, dependencies));
  // 7000 + 1000 us over 80 requests.
  expect(record.cpu.server).toEqual({ userUs: 7000, systemUs: 1000, perRequestUs: 100 });
});

describe('a load that warms up until it is steady', () => {
  const load = { ...config.load, steadyMs: 30_000 };
  const waiting = { ...planned, config: { ...config, load } };

  test('is asked for at the ends of measure when these are certain, and recorded with them', async () => {
    const steps: string[] = [];
    const { dependencies, server } = fakeTrial({
      measureLater: true,
      onStart: (generator) => {
        setImmediate(() => {
          steps.push('measure is known');
          // Planned for 1.25 s, brought forward to 1.05 s.
          generator.measure({ measureStartNs: 1.05e9, measureEndNs: 2.05e9 });
          generator.report({ measureStartNs: 1.05e9, measureEndNs: 2.05e9, steadyReached: true });
        });
      },
    });
    server.snapshot = () => {
      steps.push('snapshot');
      return Promise.resolve(serverReport);
    };
    const evidence = await runTrial({ planned: waiting, circumstances }, dependencies);
    expect(steps).toEqual(['measure is known', 'snapshot', 'snapshot']);
    expect([evidence.measureStartNs, evidence.measureEndNs]).toEqual([1.05e9, 2.05e9]);
    const record = trialRecord(evidence);
    trialSchema.parse(record);
    // The load began at 1 s.
    expect(record.steady).toEqual({ atMostMs: 30_250, reached: true, warmUpMs: 50 });
    expect(record.fds.client.series[0]![0]).toBe(-100);
    expect(record.warnings.map(({ code }) => code)).not.toContain('not-steady');
  });

  test('that never became so is valid, with a warning that says so', async () => {
    const { dependencies } = fakeTrial({
      onStart: (generator) => {
        generator.report({ steadyReached: false });
      },
    });
    const record = trialRecord(await runTrial({ planned: waiting, circumstances }, dependencies));
    expect(record.steady).toEqual({ atMostMs: 30_250, reached: false, warmUpMs: 250 });
    const found = record.warnings.find(({ code }) => code === 'not-steady');
    expect(found?.message).toBe('not steady after 0.3 s of warm-up, when measure began all the same');
  });

  test('whose generator dies in warm-up does not wait for measure', async () => {
    const record = await run({
      measureLater: true,
      onStart: (generator) => {
        generator.fail(new Error('gone'));
      },
    });
    expect(codes(record)).toEqual(['generator-died']);
    expect(record).not.toHaveProperty('steady');
  });
});

test('a sample is taken after the load and before anything is stopped', async () => {
  const steps: string[] = [];
  const { dependencies, server } = fakeTrial({});
  const stop = server.stop.bind(server);
  server.stop = () => {
    steps.push('stop of the server');
    return stop();
  };
  const startSampler = (): Promise<TrialSampler> =>
    Promise.resolve({
      sample: () => Promise.resolve(void steps.push('sample')),
      stop: () => Promise.resolve(sampler),
    });
  await runTrial({ planned, circumstances }, { ...dependencies, startSampler });
  expect(steps).toEqual(['sample', 'stop of the server']);
});

describe('what fails is named and the rest is kept', () => {
  const signalled = Object.assign(new Error('the generator process was ended by SIGKILL'), { code: 'GENERATOR_DIED' });

  test('the server does not start', async () => {
    const startServer = (): Promise<never> =>
      Promise.reject(Object.assign(new Error('no port'), { code: 'EADDRINUSE' }));
    const record = await run({ dependencies: { startServer } });
    expect(record).toMatchObject({ valid: false, requests: null, connections: null, reconciliation: [] });
    expect(record.invalidReasons).toMatchObject([
      { code: 'server-unreachable', message: 'the start of the server failed: EADDRINUSE: no port' },
    ]);
  });

  test('the generator does not start: the server is stopped', async () => {
    const record = await run({ dependencies: { startGenerator: () => Promise.reject(signalled) } });
    expect(codes(record)).toEqual(['generator-died']);
    expect(record.server.accepted).toBe(10);
  });

  test('the generator dies: the counts of the server and the samples are kept', async () => {
    const record = await run({
      onStart: (generator) => {
        generator.fail(signalled);
      },
    });
    expect(record.invalidReasons).toEqual([
      {
        code: 'generator-died',
        message: 'the load failed: GENERATOR_DIED: the generator process was ended by SIGKILL',
      },
    ]);
    expect(record).toMatchObject({ requests: null, server: { accepted: 10 }, fds: { client: { peak: 30 } } });
  });

  test('the server dies: the load ends and the report of the generator is kept', async () => {
    const record = await run({
      onStart: (_, server) => {
        server.die({ code: null, signal: 'SIGKILL' });
      },
    });
    expect(record.invalidReasons).toEqual([{ code: 'server-died', message: 'the server process ended by SIGKILL' }]);
    expect(record).toMatchObject({ requests: { completed: 80, executedByServer: null }, server: { accepted: null } });
  });

  test('the sampler does not start: the trial is still good', async () => {
    const record = await run({ dependencies: { startSampler: () => Promise.reject(new Error('no thread')) } });
    expect(record.valid).toBe(true);
    expect(record.missing['fds.client']).toBe('the start of the sampler failed: no thread');
  });

  test('no kernel counters: two of three counts are compared', async () => {
    const record = await run({ dependencies: { readKernelCounters: () => ({ missing: 'needs Linux' }) } });
    expect(record).toMatchObject({ valid: true, kernel: { client: null, server: null } });
    expect(record.missing['kernel']).toBe('needs Linux');
  });

  test('no connect succeeds', async () => {
    const failure = { phase: 'connect', code: 'ECONNREFUSED', reused: false, socketAgeMs: null, count: 80 } as const;
    const measure = { scheduled: 80, started: 80, completed: 0, failed: 80, dropped: 0, abandoned: 0 };
    const { connections } = (await import('./fixtures.ts')).generator;
    const record = await run({
      onStart: (generator) => {
        generator.report({
          measure,
          errors: [failure],
          connections: { ...connections, opened: 0, attempted: 80, connectFailed: 80 },
        });
      },
    });
    expect(codes(record)).toEqual(expect.arrayContaining(['server-unreachable', 'nothing-completed']));
    expect(record.warnings.map(({ code }) => code)).toContain('errors');
  });

  test('a count that does not agree makes the trial invalid', async () => {
    const { connections } = (await import('./fixtures.ts')).generator;
    const record = await run({
      onStart: (generator) => {
        generator.report({ connections: { ...connections, opened: 9, attempted: 9 } });
      },
    });
    expect(record.valid).toBe(false);
    expect(record.invalidReasons).toContainEqual({
      code: 'not-reconciled',
      message: 'connections: the client opened 9 connections, the server accepted 10; expected 9',
    });
  });
});

describe('an interrupt', () => {
  test('during the load ends it, and the trial counts as interrupted', async () => {
    const abort = new AbortController();
    const record = await run(
      {
        onStart: () => {
          setImmediate(() => {
            abort.abort();
          });
        },
      },
      abort.signal,
    );
    expect(codes(record)).toContain('interrupted');
    expect(record.requests?.completed).toBe(80);
  });

  test('before the server is up starts nothing more', async () => {
    const abort = new AbortController();
    abort.abort();
    const record = await run({ dependencies: { startServer: () => never() } }, abort.signal);
    expect(codes(record)).toEqual(['interrupted']);
  });
});

describe('over TLS, with retries', () => {
  const tls = { sessionTickets: true, earlyDataBytes: 0, certificate: 'rsa' } as const;
  const strategy = {
    ...config.strategy,
    retry: 'always-once',
    tls: { version: '1.2', resumption: 'session' },
  } as const;
  const secure: PlannedTrial = { ...planned, config: { ...config, strategy, server: { ...fixtureServer, tls } } };

  test('the server gets its certificate, the generator the authority, and the record neither', async () => {
    const asked: unknown[] = [];
    const { dependencies, generator, server } = fakeTrial();
    const evidence = await runTrial(
      { planned: secure, circumstances },
      {
        ...dependencies,
        certificates: (kind) => {
          asked.push(kind);
          return dependencies.certificates(kind);
        },
        startServer: (_config, options) => {
          asked.push(options.tls, options.countDuplicates);
          return Promise.resolve(server);
        },
      },
    );
    const identity = { certPem: 'CERTIFICATE', keyPem: 'PRIVATE KEY', version: '1.2' };
    expect(asked).toEqual(['rsa', identity, true]);
    expect(generator.request?.caPem).toBe('CA');
    expect(JSON.stringify([evidence, trialRecord(evidence)])).not.toMatch(/PRIVATE KEY|CERTIFICATE/);
  });

  test('in clear text nobody is asked for certificates', async () => {
    const { dependencies, generator } = fakeTrial();
    const certificates = (): never => {
      throw new Error('asked');
    };
    await runTrial({ planned, circumstances }, { ...dependencies, certificates });
    expect(generator.request).not.toHaveProperty('caPem');
  });
});

test('what the server counts of TLS, faults and duplicates is in the record', async () => {
  const counted = {
    ...serverReport,
    tls: { full: 1, resumed: 9, earlyData: 0, failed: 0 },
    faults: { stall: 0 },
    duplicates: 0,
  };
  const { dependencies, server } = fakeTrial();
  server.stop = () => Promise.resolve(counted);
  const record = trialRecord(await runTrial({ planned, circumstances }, dependencies));
  trialSchema.parse(record);
  expect(record.server).toMatchObject({ tls: counted.tls, faults: { stall: 0 } });
  expect(record.requests?.duplicates).toBe(0);
  expect((await run()).requests).not.toHaveProperty('duplicates');
});
