import { describe, expect, test } from 'vitest';
import type { LoopSecond } from '../../src/clients/loop-watch.ts';
import { trialSchema } from '../../src/results/record.ts';
import type { MachineReading, ServerThread } from '../../src/samplers/machine.ts';
import type { Sample } from '../../src/samplers/messages.ts';
import type { TrialConfig } from '../../src/scenario/config.ts';
import type { ServerSecond } from '../../src/server/loop-log.ts';
import { emptyEvidence, type TrialEvidence } from '../../src/trial/evidence.ts';
import { clockStepMs, machineShares } from '../../src/trial/machine-shares.ts';
import { trialRecord } from '../../src/trial/record.ts';
import { connectionsRequested } from '../../src/trial/self-check.ts';
import { shareWithin } from '../../src/trial/span.ts';
import { busiestServerThread, machineSpans, workerShares } from '../../src/trial/thread-shares.ts';
import { config, generator, sampler, server, settings } from './fixtures.ts';

const span = (startNs: number, endNs: number, ns: number | null) => ({ startNs, endNs, ns });

describe('shareWithin', () => {
  test('weighs each span by how much of it is in the window', () => {
    // 10 ns of the first second of 100, all 60 of the second, none of the third: (0.1 x 50 + 60) / 150.
    const spans = [span(0, 100, 10), span(100, 200, 60), span(200, 300, 99)];
    expect(shareWithin(spans, { startNs: 50, endNs: 200 }, ({ ns }) => ns)).toBeCloseTo(65 / 150, 12);
  });

  test('is null where nothing covers the window, or an amount is missing', () => {
    expect(shareWithin([span(0, 100, 10)], { startNs: 100, endNs: 200 }, ({ ns }) => ns)).toBeNull();
    expect(shareWithin([span(0, 100, null)], { startNs: 0, endNs: 200 }, ({ ns }) => ns)).toBeNull();
  });
});

const second = (startNs: number, change: Partial<LoopSecond> = {}): LoopSecond => ({
  startNs,
  endNs: startNs + 1e9,
  busyNs: 0.4e9,
  cpuNs: 0.3e9,
  runDelayNs: 0.2e9,
  runs: 100,
  processors: '0-1',
  gc: { count: 1, totalNs: 2e6, longestNs: 2e6 },
  ...change,
});

describe('workerShares', () => {
  test('are over the window, with the mean wait and the longest pause in it', () => {
    const before = second(0, { busyNs: 1e9, gc: { count: 1, totalNs: 9e6, longestNs: 9e6 } });
    expect(workerShares([before, second(1e9)], { startNs: 1e9, endNs: 2e9 })).toEqual({
      occupancy: 0.4,
      cpuShare: 0.3,
      runDelayShare: 0.2,
      // 0.2 s of waiting at 100 turns.
      meanWaitNs: expect.closeTo(2e6, 3) as unknown,
      processors: '0-1',
      gcShare: 0.002,
      gcLongestNs: 2e6,
    });
  });

  test('are null where the kernel keeps no account', () => {
    const blind = second(0, { cpuNs: null, runDelayNs: null, runs: null, processors: null });
    expect(workerShares([blind], { startNs: 0, endNs: 1e9 })).toMatchObject({
      occupancy: 0.4,
      cpuShare: null,
      runDelayShare: null,
      meanWaitNs: null,
    });
  });
});

const thread = (cpuNs: number, runDelayNs: number, runs: number): ServerThread => ({
  cpuNs,
  runDelayNs,
  runs,
  processors: null,
});

/** Two processors, 1 s after boot and after. */
function sample(atNs: number, change: Partial<MachineReading>): Sample {
  const processors = { processors: 2, idleUs: atNs / 1e3, ioWaitUs: 0, stealUs: 0, busyUs: 0, interruptUs: 0 };
  const machine = {
    processors,
    pressureUs: null,
    clockOffsetMs: 5,
    trialCpuUs: 0,
    clientNice: 0,
    serverThreads: new Map(),
    ...change,
  };
  return { ...sampler.samples[0]!, atNs, machine };
}

describe('a look at the machine each second', () => {
  test('finds the thread of the server that had the most to do', () => {
    const threads = (at: number) =>
      new Map([
        [1, thread(at * 0.5e9, 0, at * 10)],
        // Runs less and waits more: 0.3 + 0.6.
        [2, thread(at * 0.3e9, at * 0.6e9, at * 300)],
      ]);
    const spans = machineSpans([sample(0, { serverThreads: threads(0) }), sample(1e9, { serverThreads: threads(1) })]);
    expect(busiestServerThread(spans, { startNs: 0, endNs: 1e9 })).toEqual({
      cpuShare: 0.3,
      runDelayShare: 0.6,
      meanWaitNs: expect.closeTo(2e6, 3) as unknown,
      processors: null,
    });
  });

  test('does not take a thread that slept for the one that serves, though the kernel says that it waited', () => {
    const threads = (at: number) =>
      new Map([
        [1, thread(at * 0.02e9, at * 0.001e9, at * 40)],
        // Ran for a thousandth of what the other did.
        [2, thread(at * 0.00002e9, at * 3e9, at * 3)],
      ]);
    const spans = machineSpans([sample(0, { serverThreads: threads(0) }), sample(1e9, { serverThreads: threads(1) })]);
    expect(busiestServerThread(spans, { startNs: 0, endNs: 1e9 })).toMatchObject({
      cpuShare: 0.02,
      runDelayShare: 0.001,
    });
  });

  test('takes what is neither idle nor the trial’s for other programs’', () => {
    // Of 2 s one was idle; 0.6 s were the trial's, so 0.4 of 2 s were others'.
    const spans = machineSpans([sample(0, { pressureUs: 0 }), sample(1e9, { trialCpuUs: 0.6e6, pressureUs: 0.25e6 })]);
    const window = { startNs: 0, endNs: 1e9 };
    const shares = machineShares(spans, window, true);
    expect(shares).toEqual({
      stealShare: 0,
      otherShare: expect.closeTo(0.2, 9) as unknown,
      idleShare: 0.5,
      pressureShare: 0.25,
    });
    expect(machineShares(spans, window, false).otherShare).toBeNull();
  });

  test('takes interrupts for nobody’s', () => {
    const at = (seconds: number): Partial<MachineReading> => ({
      processors: {
        processors: 2,
        idleUs: seconds * 1e6,
        ioWaitUs: 0,
        stealUs: 0,
        busyUs: 0,
        interruptUs: seconds * 0.3e6,
      },
      trialCpuUs: seconds * 0.6e6,
    });
    const spans = machineSpans([sample(0, at(0)), sample(1e9, at(1))]);
    expect(machineShares(spans, { startNs: 0, endNs: 1e9 }, true).otherShare).toBeCloseTo(0.05, 9);
  });

  test('sums up before it cuts off what steps of 10 ms leave below 0', () => {
    const spans = machineSpans([
      sample(0, {}),
      sample(1e9, { trialCpuUs: 1.01e6 }),
      sample(2e9, { trialCpuUs: 1.99e6 }),
    ]);
    expect(machineShares(spans, { startNs: 0, endNs: 2e9 }, true).otherShare).toBeCloseTo(0.0025, 9);
  });

  test('sees the largest step of the wall clock, and no slewing', () => {
    const at = (seconds: number, clockOffsetMs: number): Sample => sample(seconds * 1e9, { clockOffsetMs });
    expect(clockStepMs(machineSpans([at(0, 5), at(1, 5.5), at(2, 6)]))).toBeCloseTo(0, 9);
    // 100 ms back in one second, of which 0.5 ms could be slewing.
    expect(clockStepMs(machineSpans([at(0, 5), at(1, -95), at(2, -95)]))).toBeCloseTo(99.5, 9);
    expect(clockStepMs([])).toBeNull();
  });
});

describe('connections that the load should open', () => {
  const closed = (
    users: number,
    size: number,
    change: Partial<Extract<TrialConfig['load'], { model: 'closed' }>> = {},
  ): TrialConfig => ({
    ...config,
    strategy: { ...config.strategy, pool: { ...config.strategy.pool, size } },
    load: { ...config.load, model: 'closed', users, thinkTimeMs: 0, ...change },
  });
  const prefetching = {
    ...config,
    strategy: { ...config.strategy, pool: { ...config.strategy.pool, prefetch: true } },
  };
  const closing = { ...closed(8, 4), strategy: { ...config.strategy, connection: 'close' as const } };

  test.each<[string, TrialConfig, number | null]>([
    ['an open load', config, null],
    ['an open load that prefetches', prefetching, 10],
    ['8 users, 4 places', closed(8, 4), 4],
    ['8 users, 10 places', closed(8, 10), 8],
    ['8 users, any number of places', closed(8, Infinity), 8],
    // Worker 0 has 2 users and 3 places, worker 1 has 1 user and 2 places.
    ['3 users, 5 places, 2 workers', closed(3, 5, { workers: 2 }), 3],
    // Worker 0 has 2 users and 1 place, worker 1 has 2 users and 1 place.
    ['4 users, 2 places, 2 workers', closed(4, 2, { workers: 2 }), 2],
    ['users that think', closed(8, 4, { thinkTimeMs: 1 }), null],
    ['users that open pages', closed(8, 4, { page: { assets: 3 } }), null],
    ['connections that close', closing, null],
  ])('%s', (_, of, count) => {
    expect(connectionsRequested(of)).toBe(count);
  });
});

describe('the section of the record', () => {
  const evidence = (change: Partial<TrialEvidence> = {}): TrialEvidence => ({
    ...emptyEvidence({ index: 0, block: 0, order: 0, variant: 'v', config, seed: 1 }, new Date(0).toISOString(), {
      mode: { name: 'host', fallback: null },
      limits: { openFiles: null, ephemeralPorts: null },
      timeWaitCounting: 'entry',
      samplerIntervalMs: 100,
    }),
    transport: { name: 'epoll', reason: null },
    serverSettings: settings,
    measureStartNs: generator.measureStartNs,
    measureEndNs: generator.measureEndNs,
    generator,
    server,
    sampler,
    ...change,
  });

  test('is absent where measure never began', () => {
    const record = trialRecord(evidence({ measureStartNs: null, generator: null }));
    expect(record).not.toHaveProperty('selfCheck');
  });

  test('gives every second its place from the start of measure, and no null without a reason', () => {
    const log: ServerSecond = {
      startNs: 1.25e9,
      endNs: 2.25e9,
      cpu: { userUs: 200_000, systemUs: 100_000 },
      busyNs: 0.35e9,
      eventLoopDelay: { count: 0, meanNs: 0, p50Ns: 0, p99Ns: 0, maxNs: 0 },
      gc: { count: 2, totalNs: 3e6, longestNs: 2e6 },
    };
    const looks = [sample(0.25e9, {}), sample(1.25e9, {}), sample(2.25e9, { trialCpuUs: 0.6e6 })];
    const record = trialRecord(
      evidence({
        generator: { ...generator, loops: [[second(0.25e9), second(1.25e9)]] },
        server: { ...server, seconds: [log] },
        sampler: { ...sampler, samples: looks },
      }),
    );
    expect(record.selfCheck).toMatchObject({
      generator: {
        occupancy: 0.4,
        meanWaitMs: 2,
        workers: [
          [
            { startMs: -1000, lengthMs: 1000 },
            { startMs: 0, lengthMs: 1000, occupancy: 0.4, cpuShare: 0.3, runDelayShare: 0.2, gcCount: 1, gcMs: 2 },
          ],
        ],
      },
      server: {
        cpuShare: null,
        gcShare: 0.003,
        gcLongestMs: 2,
        eventLoop: [{ startMs: 0, utilization: 0.35, cpuShare: 0.3, delayMeanMs: null, gcCount: 2, gcLongestMs: 2 }],
      },
      machine: { processors: 2, idleShare: 0.5, otherShare: 0.2, seconds: [{ startMs: -1000 }, { startMs: 0 }] },
      rate: [{ startMs: 0, lengthMs: 1000, offeredPerSecond: 80, startedPerSecond: 80, completedPerSecond: 80 }],
      connections: { requested: null, peakOpen: 10 },
    });
    expect(Object.keys(record.missing)).toEqual(
      expect.arrayContaining([
        'selfCheck.server',
        'selfCheck.machine.pressureShare',
        'selfCheck.connections.requested',
      ]),
    );
    expect(trialSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  test('the delay of an event loop that was never sampled is not 0', () => {
    const eventLoopDelay = { count: 0, meanNs: 0, p50Ns: 0, p99Ns: 0, maxNs: 0 };
    const record = trialRecord(evidence({ serverAtMeasureEnd: { ...server, eventLoopDelay } }));
    expect(record.server.eventLoopDelay).toBeNull();
    expect(record.missing['server.eventLoopDelay']).toMatch(/^its event loop came to no two ticks/);
    const sampled = { ...eventLoopDelay, count: 1 };
    const other = trialRecord(evidence({ serverAtMeasureEnd: { ...server, eventLoopDelay: sampled } }));
    expect(other.server.eventLoopDelay).toEqual(sampled);
  });

  test.each([
    ['127.0.0.1', null],
    ['192.0.2.1', 0.2],
  ])('what others used beside a server at %s that runs already is %s', (host, otherShare) => {
    const external: TrialConfig = { ...config, server: { kind: 'external', host, port: 9 } };
    const looks = [sample(1.25e9, {}), sample(2.25e9, { trialCpuUs: 0.6e6 })];
    const planned = { index: 0, block: 0, order: 0, variant: 'v', config: external, seed: 1 };
    const record = trialRecord({ ...evidence({ sampler: { ...sampler, samples: looks } }), planned });
    expect(record.selfCheck!.machine.otherShare).toBe(otherShare);
  });

  test('the plan of a ramp is its area under each second', () => {
    const load = {
      ...(config.load as Extract<TrialConfig['load'], { model: 'open' }>),
      shape: { kind: 'ramp', toPerSecond: 160 } as const,
    };
    const planned = { index: 0, block: 0, order: 0, variant: 'v', config: { ...config, load }, seed: 1 };
    const halves = [0, 500].map((startMs) => ({ ...generator.intervals[1]!, startMs }));
    const record = trialRecord({ ...evidence({ generator: { ...generator, intervals: halves } }), planned });
    // From 80/s to 160/s over 1 s: 100/s on average in the first half, 140/s in the second.
    expect(record.selfCheck!.rate.map(({ offeredPerSecond }) => offeredPerSecond)).toEqual([100, 140]);
  });
});
