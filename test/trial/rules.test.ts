/** Each rule speaks at its threshold and is silent just below it. */
import { describe, expect, test } from 'vitest';
import { Histogram } from '../../src/stats/histogram.ts';
import type { GeneratorReport } from '../../src/generator/messages.ts';
import type { TrialConfig } from '../../src/scenario/config.ts';
import type { KernelCounters } from '../../src/samplers/messages.ts';
import type { LoopSecond } from '../../src/clients/loop-watch.ts';
import type { MachineReading, ServerThread } from '../../src/samplers/machine.ts';
import { emptyEvidence, type KernelReading, type TrialEvidence } from '../../src/trial/evidence.ts';
import { trialRecord } from '../../src/trial/record.ts';
import { invalidRules, warningRules } from '../../src/trial/rules.ts';
import * as fixtures from './fixtures.ts';

type Change = Partial<TrialEvidence> & { readonly config?: TrialConfig };

/** One kernel, seen from both sides. */
const shared = (counters: KernelCounters): KernelReading => ({ client: counters, server: counters });

function judged(change: Change = {}): { warnings: string[]; invalid: string[] } {
  const { config = fixtures.config, ...rest } = change;
  const planned = { index: 0, block: 0, order: 0, variant: 'v', config, seed: 1 };
  const limits = { openFiles: 1024, ephemeralPorts: 28_232 };
  const record = trialRecord({
    ...emptyEvidence(planned, new Date(0).toISOString(), {
      mode: { name: 'host', fallback: null },
      limits,
      timeWaitCounting: 'entry',
      samplerIntervalMs: 100,
    }),
    transport: { name: 'epoll', reason: null },
    serverSettings: fixtures.settings,
    measureStartNs: fixtures.generator.measureStartNs,
    generator: fixtures.generator,
    server: fixtures.server,
    sampler: fixtures.sampler,
    kernelBefore: shared(fixtures.kernelBefore),
    kernelAfter: shared(fixtures.kernelAfter),
    ...rest,
  });
  return { warnings: record.warnings.map(({ code }) => code), invalid: record.invalidReasons.map(({ code }) => code) };
}

const { generator, histogramOf, sampler, config, settings, server } = fixtures;
const report = (change: Partial<GeneratorReport>): Change => ({ generator: { ...generator, ...change } });
const measure = (change: Partial<GeneratorReport['measure']>): Change =>
  report({ measure: { ...generator.measure, ...change } });
/** All of lag and response at one value each. */
const late = (lagNs: number, responseNs: number): Change => {
  const empty = { indices: [], counts: [] };
  const lag = { new: empty, reused: histogramOf(lagNs, 80) };
  return report({
    latency: { ...generator.latency, lag, response: { new: empty, reused: histogramOf(responseNs, 80) } },
  });
};
const peakFds = (fds: number): Change => {
  const samples = sampler.samples.map((sample) => ({ ...sample, client: { ...sample.client, fds } }));
  return { sampler: { ...sampler, samples } };
};
const fewFiles = { ...config, server: { ...config.server, nofile: 64 } } as TrialConfig;
const longLink: TrialConfig = {
  ...config,
  network: { ...config.network, link: { ...config.network.link, rttMs: 100 } },
};
const twoAddresses: TrialConfig = {
  ...config,
  strategy: { ...config.strategy, tcp: { ...config.strategy.tcp, sourceAddresses: 2 } },
};
/** The client's sockets in TIME_WAIT and descriptors in all samples but the first, in which it has 20 descriptors. */
const held = (timeWait: number, fds: number): Change => {
  const samples = sampler.samples.map((sample, index) => {
    return { ...sample, client: { ...sample.client, timeWait, fds: index === 0 ? 20 : fds } };
  });
  return { sampler: { ...sampler, samples } };
};
const closed: TrialConfig = {
  ...config,
  load: {
    model: 'closed',
    users: 8,
    thinkTimeMs: 0,
    warmUpMs: 250,
    durationMs: 1000,
    workers: 1,
    request: config.load.request,
  },
};

const ofNode: TrialConfig = { ...closed, client: 'node-http' };
const pausing: TrialConfig = { ...closed, load: { ...closed.load, model: 'closed', users: 8, thinkTimeMs: 5 } };

/* ---- what the trial saw of itself ---- */

/** A worker that ran, and was kept from running, for these shares of measure, at so many turns. */
const worker = (cpuShare: number, runDelayShare: number, meanWaitMs: number, processors = '0-1'): Change => {
  const second: LoopSecond = {
    startNs: generator.measureStartNs,
    endNs: generator.measureEndNs,
    busyNs: 0,
    cpuNs: cpuShare * 1e9,
    runDelayNs: runDelayShare * 1e9,
    runs: (runDelayShare * 1e3) / meanWaitMs,
    processors,
    gc: { count: 0, totalNs: 0, longestNs: 0 },
  };
  return report({ loops: [[second]] });
};

interface Machine {
  readonly processors?: number;
  /** Shares of all processors. */
  readonly steal?: number;
  readonly others?: number;
  readonly idle?: number;
  readonly clockStepMs?: number;
  readonly nice?: number;
  /** The server's only thread. */
  readonly server?: { readonly cpu: number; readonly delay?: number; readonly waitMs?: number; readonly on?: string };
}

/** Looks at the machine one second apart, around measure: shares grow from zero. */
function machine({
  processors = 2,
  steal = 0,
  others = 0,
  idle = 0.5,
  clockStepMs = 0,
  nice = 0,
  server: of,
}: Machine): Change {
  const look = (seconds: number): MachineReading => {
    const allUs = seconds * processors * 1e6;
    const thread: ServerThread = {
      cpuNs: (of?.cpu ?? 0) * seconds * 1e9,
      runDelayNs: (of?.delay ?? 0) * seconds * 1e9,
      runs: ((of?.delay ?? 0) * seconds * 1e3) / (of?.waitMs ?? 1),
      processors: of?.on ?? '0-1',
    };
    return {
      processors: { processors, idleUs: idle * allUs, ioWaitUs: 0, stealUs: steal * allUs, busyUs: 0, interruptUs: 0 },
      pressureUs: 0,
      clockOffsetMs: seconds * clockStepMs,
      trialCpuUs: (1 - idle - steal - others) * allUs,
      clientNice: nice,
      serverThreads: new Map([[7, thread]]),
    };
  };
  const [first, , last] = sampler.samples;
  const samples = [
    { ...first!, atNs: generator.measureStartNs, machine: look(0) },
    { ...last!, atNs: generator.measureEndNs, machine: look(1) },
  ];
  return { sampler: { ...sampler, samples } };
}

/** A request of measure in `seconds` whose 99th percentile is this, in ms, from second to second. */
function bySecond(...p99Ms: readonly number[]): Partial<GeneratorReport> {
  const intervals = p99Ms.map((value, index) => ({
    ...generator.intervals[1]!,
    startMs: index * 500,
    response: histogramOf(value * 1e6, 1000),
  }));
  return { intervals, measure: { ...generator.measure, scheduled: 2000, completed: 2000 } };
}
const ramp: TrialConfig = {
  ...config,
  load: {
    ...(config.load as Extract<TrialConfig['load'], { model: 'open' }>),
    shape: { kind: 'ramp', toPerSecond: 90 },
  },
};
const refusedFile = { phase: 'connect', code: 'EMFILE', reused: false, socketAgeMs: null, count: 3 } as const;
/** So many of `all` requests started 6 ms late, of 10 ms response time. */
const lateOf = (count: number, all: number): Change => {
  const empty = { indices: [], counts: [] };
  const lag = { new: histogramOf(50_000, all - count), reused: histogramOf(6e6, count) };
  return report({
    latency: { ...generator.latency, lag, response: { new: empty, reused: histogramOf(10e6, all) } },
    measure: { ...generator.measure, scheduled: all, completed: all },
  });
};
const peakOpen = (count: number): Change => ({
  config: closed,
  ...report({ connections: { ...generator.connections, peakOpen: count } }),
});

/** Others fill both processors at first, and leave them idle for the rest of so many seconds. */
function atTimes(fullSeconds: number, seconds = 10): Change {
  const { measureStartNs } = generator;
  const looks = [
    [0, 0],
    [fullSeconds, 0],
    [seconds, seconds - fullSeconds],
  ] as const;
  const [first, , last] = sampler.samples;
  const samples = looks.map(([at, idle]) => {
    const atNs = measureStartNs + at * 1e9;
    const processors = { processors: 2, idleUs: 2e6 * idle, ioWaitUs: 0, stealUs: 0, busyUs: 0, interruptUs: 0 };
    const trialCpuUs = 0.2e6 * (at - idle);
    return {
      ...(at === seconds ? last! : first!),
      atNs,
      machine: { processors, pressureUs: 0, clockOffsetMs: 0, trialCpuUs, clientNice: 0, serverThreads: new Map() },
    };
  });
  return { sampler: { ...sampler, samples }, ...report({ measureEndNs: measureStartNs + seconds * 1e9 }) };
}

/** Every request started so late. */
function lateBeside(lagNs: number, responseNs: number, others: number, completed = 100): Change {
  const all = (value: number) => ({ new: { indices: [], counts: [] }, reused: histogramOf(value, completed) });
  const latency = { ...generator.latency, lag: all(lagNs), response: all(responseNs) };
  return {
    ...machine({ others }),
    ...report({ latency, measure: { ...generator.measure, scheduled: completed, completed } }),
  };
}

/** Every request started 1.1 ms late, of 4 ms; others were on the machine in the first so many of 20 seconds. */
const inAMoment = (seconds: number): Change => {
  const { generator: late } = lateBeside(1.1e6, 4e6, 0);
  const { sampler: samples, generator: lasting } = atTimes(seconds, 20);
  return { sampler: samples!, generator: { ...late!, measureEndNs: lasting!.measureEndNs } };
};

/** Other programs leave 1 % idle. */
const onFull = (cpu: number, delay: number): Change =>
  machine({ others: 0.21, idle: 0.01, server: { cpu, delay, waitMs: 0.1 } });

const external: TrialConfig = { ...config, server: { kind: 'external', host: '127.0.0.1', port: 9 } };

test('80 requests are few; else nothing is to be said about a good trial', () => {
  expect(judged()).toEqual({ warnings: ['few-samples'], invalid: [] });
});

describe('warnings', () => {
  test.each<[string, Change, string, boolean]>([
    ['a failed request', measure({ completed: 79, failed: 1 }), 'errors', true],
    ['a dropped request', measure({ completed: 79, dropped: 1 }), 'drops', true],
    ['an abandoned request', measure({ completed: 79, abandoned: 1 }), 'abandoned', true],
    ['999 answers', measure({ scheduled: 999, completed: 999 }), 'few-samples', true],
    ['1000 answers', measure({ scheduled: 1000, completed: 1000 }), 'few-samples', false],
    // 80 ended in measure and 1 ms x 83/s = 0.083 were under way: 80.083 of 83 are below 97 %, of 82 above.
    ['80 of 83 in time', measure({ scheduled: 83, completed: 83 }), 'rate-not-reached', true],
    ['80 of 82 in time', measure({ scheduled: 82, completed: 82 }), 'rate-not-reached', false],
    ['lag of 2 ms in 15 ms', late(2e6, 15e6), 'lag', true],
    ['lag of 2 ms in 30 ms', late(2e6, 30e6), 'lag', false],
    ['lag of 0.9 ms in 1 ms', late(0.9e6, 1e6), 'lag', false],
    ['lag of users that pause', { ...late(2e6, 15e6), config: pausing }, 'lag', true],
    ['820 of 1024 files', peakFds(820), 'fd-near-limit', true],
    ['819 of 1024 files', peakFds(819), 'fd-near-limit', false],
    // 80 % of 28,232 ports are 22,585.6; the client had 20 descriptors before the load.
    ['22,586 ports', held(22_580, 26), 'ports-near-limit', true],
    ['22,585 ports', held(22_580, 25), 'ports-near-limit', false],
    ['22,586 ports of 2 addresses', { ...held(22_580, 26), config: twoAddresses }, 'ports-near-limit', false],
    ['45,172 ports of 2 addresses', { ...held(45_160, 32), config: twoAddresses }, 'ports-near-limit', true],
    ['a client on node:net', { transport: { name: 'net', reason: 'no koffi' } }, 'no-ffi', true],
    ["a client of Node's", { transport: { name: 'net', reason: 'no koffi' }, config: ofNode }, 'no-ffi', false],
    ['connections turned away', { server: { ...server, turnedAway: 1 } }, 'turned-away', true],
    ['2 late samples', { sampler: { ...sampler, late: 2 } }, 'sampler-late', true],
    ['1 late sample', { sampler: { ...sampler, late: 1 } }, 'sampler-late', false],
    ['a hint of 1999 ms', { serverSettings: { ...settings, keepAliveTimeoutMs: 1999 } }, 'short-keepalive-hint', true],
    ['a hint of 2000 ms', { serverSettings: { ...settings, keepAliveTimeoutMs: 2000 } }, 'short-keepalive-hint', false],
    ['other programs', counters({ ActiveOpens: 1011 }), 'kernel-noise', true],
    ['no lab though one was wanted', { mode: { name: 'host', fallback: 'No TUN.' } }, 'host-mode', true],
    ['host mode as asked', { mode: { name: 'host', fallback: null } }, 'host-mode', false],
    ['a packet that its device dropped', lab(0, { tx_dropped: 1 }), 'device-overflow', true],
    ['none dropped by a device', lab(0, { tx_dropped: 0 }), 'device-overflow', false],
    ['a full capture', { ...lab(0), link: { ...fixtures.link, notCaptured: 1 } }, 'capture-full', true],
    ['a capture with room', lab(0), 'capture-full', false],
    ['a full TIME_WAIT table', counters({ TCPTimeWaitOverflow: 4, TW: 306 }), 'tw-overflow', true],
    // 80 ended in measure; 2 s of service are a queue if they were spent waiting for a connection, and a slow server if not.
    ['a queue for connections', measureAt(2000, 1999), 'rate-not-reached', true],
    ['a slow server', measureAt(2000, 0), 'rate-not-reached', false],
    ['connects refused for want of files', report({ errors: [refusedFile] }), 'fd-limit', true],
    ['connects refused otherwise', report({ errors: [{ ...refusedFile, code: 'ECONNREFUSED' }] }), 'fd-limit', false],
    ['an accept that failed', { server: { ...server, acceptErrors: 1 } }, 'fd-limit', true],
    [
      'an accept that failed where the scenario limits descriptors',
      { server: { ...server, acceptErrors: 1 }, config: fewFiles },
      'fd-limit',
      false,
    ],
    ['others on 11 % of the processors', machine({ others: 0.11 }), 'machine-busy', true],
    ['others on 9 %', machine({ others: 0.09 }), 'machine-busy', false],
    ['6 % stolen', machine({ steal: 0.06 }), 'machine-busy', true],
    ['4 % stolen', machine({ steal: 0.04 }), 'machine-busy', false],
    // A second of slewing is 0.5 ms.
    [
      'a server that runs already and fills the machine',
      { ...machine({ others: 0.5, idle: 0.09 }), config: external },
      'machine-busy',
      true,
    ],
    [
      'such a one that leaves 11 % idle',
      { ...machine({ others: 0.5, idle: 0.11 }), config: external },
      'machine-busy',
      false,
    ],
    // Once others fill the machine, only what it runs itself is its own.
    ['91 % of running and waiting on a full machine', { ...onFull(0.3, 0.61) }, 'server-saturated', false],
    ['91 % of running on a full machine', { ...onFull(0.91, 0) }, 'server-saturated', true],
    ['a clock set by 21 ms', machine({ clockStepMs: 21 }), 'clock-stepped', true],
    ['a clock set back by 21 ms', machine({ clockStepMs: -21 }), 'clock-stepped', true],
    ['a clock slewed by 20 ms', machine({ clockStepMs: 20 }), 'clock-stepped', false],
    ['a server that runs for 91 %', machine({ server: { cpu: 0.91 } }), 'server-saturated', true],
    ['a server that runs for 89 %', machine({ server: { cpu: 0.89 } }), 'server-saturated', false],
    ['one that runs or waits for 91 %', machine({ server: { cpu: 0.3, delay: 0.61 } }), 'server-saturated', true],
    ['one that runs or waits for 89 %', machine({ server: { cpu: 0.3, delay: 0.59 } }), 'server-saturated', false],
    ['one that runs for 26 %, and waits', machine({ server: { cpu: 0.26, delay: 0.72 } }), 'server-saturated', true],
    ['one that runs for 24 %, and waits', machine({ server: { cpu: 0.24, delay: 0.74 } }), 'server-saturated', false],
    ['one whose threads nobody sees', atMeasure(0.91), 'server-saturated', true],
    ['such a one with time left', atMeasure(0.89), 'server-saturated', false],
    [
      'one beside a limited generator',
      { ...machine({ server: { cpu: 0.99 } }), ...late(6e6, 10e6) },
      'server-saturated',
      false,
    ],
    ['a p99 of 2.1 after 1 ms', report(bySecond(1, 2.1)), 'not-steady', true],
    ['a p99 of 1.9 after 1 ms', report(bySecond(1, 1.9)), 'not-steady', false],
    ['a ramp that does the same', { ...report(bySecond(1, 2.1)), config: ramp }, 'not-steady', false],
    ['a load that was never seen to be steady', report({ steadyReached: false }), 'not-steady', true],
    ['a load that was, in the end', report({ steadyReached: true }), 'not-steady', false],
    // 8 users without pauses need 8 connections; 97 % of them are 7.76.
    ['7 connections of 8', peakOpen(7), 'connections-not-reached', true],
    ['8 connections of 8', peakOpen(8), 'connections-not-reached', false],
  ])('%s', (_, change, code, warned) => {
    expect(judged(change).warnings.includes(code)).toBe(warned);
  });
});

/** A server whose process used this share of measure by its own word. */
function atMeasure(share: number): Change {
  const end = { ...server, cpu: { ...server.cpu, userUs: server.cpu.userUs + share * 1e6 } };
  return { serverAtMeasureStart: server, serverAtMeasureEnd: end };
}

/** All requests took `serviceMs`, of which they waited so long for a connection; 90 were due, 80 ended in time. */
function measureAt(serviceMs: number, waitMs: number): Change {
  const all = (value: number) => ({ new: { indices: [], counts: [] }, reused: histogramOf(value * 1e6, 90) });
  const latency = { ...generator.latency, service: all(serviceMs), connectionWait: all(waitMs) };
  return report({ latency, measure: { ...generator.measure, scheduled: 90, completed: 90 } });
}

function counters(change: Record<string, number>): Change {
  return { kernelAfter: shared({ atNs: 0, counters: { ...fixtures.kernelAfter.counters, ...change } }) };
}

/** The same trial in a lab whose link delivers everything this late, with more of the server's counters at its end. */
function lab(latenessNs: number, ofServer: Readonly<Record<string, number>> = {}, packets = 100): Change {
  const reading = (atNs: number, ActiveOpens: number, PassiveOpens: number, TW: number): KernelCounters => ({
    atNs,
    counters: { ActiveOpens, PassiveOpens, TW },
  });
  const more = (before: KernelCounters, counters: Readonly<Record<string, number>>): KernelCounters => {
    return { ...before, counters: { ...before.counters, ...counters } };
  };
  return {
    mode: { name: 'lab', fallback: null },
    link: { ...fixtures.link, lateness: histogramOf(latenessNs, packets) },
    kernelBefore: shared(more(reading(0, 0, 0, 0), { tx_dropped: 0 })),
    kernelAfter: { client: reading(1, 10, 0, 7), server: more(reading(1, 0, 10, 3), ofServer) },
  };
}

/** The same with a few late packets among others on time. */
function latePackets(late: number, packets: number): Change {
  const histogram = new Histogram();
  for (let packet = 0; packet < packets; packet++) histogram.record(packet < late ? 2e6 : 1e4);
  return { ...lab(0), link: { ...fixtures.link, lateness: histogram.toSparse() } };
}

const kept = (delay: number, waitMs: number): NonNullable<Machine['server']> => ({ cpu: 0.1, delay, waitMs });

/** The processors of worker and server, on a machine that has two. */
function onOne(ofWorker: string, ofServer: string, serverCpu: number): Change {
  return { ...worker(0.1, 0, 1, ofWorker), ...machine({ server: { cpu: serverCpu, on: ofServer } }) };
}

describe('invalid trials', () => {
  test.each<[string, Change, string[]]>([
    ['half the response time is lag', late(6e6, 10e6), ['generator-limited']],
    ['less than half is lag', late(4e6, 10e6), []],
    ['a lag below 1 ms', late(0.9e6, 1e6), []],
    [
      'a closed load that needs 96 % of the thread',
      { config: closed, ...report({ cpu: { userUs: 400_000, systemUs: 560_000 } }) },
      ['generator-limited'],
    ],
    [
      'an open load that needs 96 % of the thread',
      report({ cpu: { userUs: 400_000, systemUs: 560_000 } }),
      ['generator-limited'],
    ],
    [
      'a closed load that needs 94 % of the thread',
      { config: closed, ...report({ cpu: { userUs: 400_000, systemUs: 540_000 } }) },
      [],
    ],
    // Of 100 requests the 90th percentile is the 90th in order, of 99 too.
    ['11 of 100 requests late', lateOf(11, 100), ['generator-limited']],
    ['10 of 100 requests late', lateOf(10, 100), []],
    ['11 of 99 requests late', lateOf(11, 99), []],
    ['a closed load whose worker runs for 96 %', { config: closed, ...worker(0.96, 0, 1) }, ['generator-limited']],
    ['a closed load whose worker runs for 94 %', { config: closed, ...worker(0.94, 0, 1) }, []],
    ['an open load whose worker runs for 96 %', worker(0.96, 0, 1), ['generator-limited']],
    ['an open load whose worker runs for 94 %', worker(0.94, 0, 1), []],
    // Waits of 10 us, as between two programs that wake each other.
    ['a worker that runs or is about to for 96 %', worker(0.6, 0.36, 0.01), ['generator-limited']],
    ['a worker that runs or is about to for 94 %', worker(0.6, 0.34, 0.01), []],
    ['a worker kept from running for 26 %, 0.36 ms each time', worker(0.05, 0.26, 0.36), ['generator-limited']],
    ['a worker kept from running for 24 %', worker(0.05, 0.24, 0.36), []],
    ['a worker that gets its processor after 0.34 ms', worker(0.05, 0.26, 0.34), []],
    ['one processor for both', onOne('1', '1', 0.011), ['generator-limited']],
    ['one processor for both, and a server that hardly runs', onOne('1', '1', 0.009), []],
    ['a processor for each', onOne('0', '1', 0.5), []],
    ['two processors for both', onOne('0-1', '0-1', 0.5), []],
    [
      'the only processor of the machine',
      { ...onOne('0', '0', 0.5), ...machine({ processors: 1, server: { cpu: 0.5, on: '0' } }) },
      [],
    ],
    [
      'a generator that gives way on a full machine',
      machine({ others: 0.21, idle: 0.09, nice: 1 }),
      ['generator-limited', 'machine-busy'],
    ],
    ['one that gives way where there is room', machine({ others: 0.21, idle: 0.11, nice: 19 }), []],
    // Of two processors 0.2 are a tenth, of eight a fortieth.
    ['others on 21 %, 9 % of two idle', machine({ others: 0.21, idle: 0.09 }), ['machine-busy']],
    ['others on 21 %, 11 % of two idle', machine({ others: 0.21, idle: 0.11 }), []],
    ['others on 21 %, 3 % of eight idle', machine({ processors: 8, others: 0.21, idle: 0.03 }), []],
    ['others on 21 %, 2 % of eight idle', machine({ processors: 8, others: 0.21, idle: 0.02 }), ['machine-busy']],
    ['others on 19 %, 9 % idle', machine({ others: 0.19, idle: 0.09 }), []],
    ['others on 90 % for 0.6 of ten seconds', atTimes(0.6), ['machine-busy']],
    ['others on 90 % for all of 0.4 seconds', atTimes(0.4, 0.4), ['machine-busy']],
    ['others on 90 % for 0.6 of 13 seconds', atTimes(0.6, 13), []],
    ['others on 90 % for 0.4 of five seconds', atTimes(0.4, 5), []],
    ['1.1 ms of 4 ms late, beside others on 21 %', lateBeside(1.1e6, 4e6, 0.21), ['machine-busy']],
    ['1.1 ms of 5 ms late, beside others on 21 %', lateBeside(1.1e6, 5e6, 0.21), []],
    ['0.9 ms of 2 ms late, beside others on 21 %', lateBeside(0.9e6, 2e6, 0.21), []],
    ['1.1 ms of 4 ms late, beside others on 19 %', lateBeside(1.1e6, 4e6, 0.19), []],
    ['so beside others who were there for less than half a second', inAMoment(0.45), []],
    ['and who were there for longer', inAMoment(0.55), ['machine-busy']],
    ['so of 99 requests', lateBeside(1.1e6, 4e6, 0.21, 99), []],
    [
      'a server that runs already and fills the machine',
      { ...machine({ others: 0.5, idle: 0.01 }), config: external },
      [],
    ],
    [
      '1.1 ms of 4 ms late, beside such a server',
      { ...lateBeside(1.1e6, 4e6, 0.21), config: external },
      ['machine-busy'],
    ],
    ['11 % stolen', machine({ steal: 0.11 }), ['machine-busy']],
    ['9 % stolen', machine({ steal: 0.09 }), []],
    ['a server that others keep from running', machine({ others: 0.21, server: kept(0.26, 0.36) }), ['machine-busy']],
    [
      'one that ran for 0.19 %, the rest of which may be sleep',
      machine({ others: 0.21, server: { cpu: 0.0019, delay: 0.9, waitMs: 30 } }),
      [],
    ],
    [
      'one that ran for 0.21 %',
      machine({ others: 0.21, server: { cpu: 0.0021, delay: 0.9, waitMs: 30 } }),
      ['machine-busy'],
    ],
    ['a server that is kept for 24 %', machine({ others: 0.21, server: kept(0.24, 0.36) }), []],
    ['a server that gets its processor after 0.34 ms', machine({ others: 0.21, server: kept(0.26, 0.34) }), []],
    ['a server that the trial itself keeps from running', machine({ others: 0.19, server: kept(0.26, 0.36) }), []],
    ['a link late by more than 1 ms', lab(1.01e6), ['link-late']],
    ['a link late by less', lab(0.99e6), []],
    ['ten packets, all late', lab(1.01e6, {}, 10), ['link-late']],
    ['nine packets, all late', lab(1.01e6, {}, 9), []],
    ['ten late packets of a hundred', latePackets(10, 100), ['link-late']],
    ['nine late packets of a hundred', latePackets(9, 100), []],
    ['1 % of 2000 late', latePackets(21, 2000), ['link-late']],
    ['less than 1 % of 2000 late', latePackets(20, 2000), []],
    // 5 % of 100 ms are 5 ms.
    ['a long link late by 5 % of its round trip', { ...lab(5.1e6), config: longLink }, ['link-late']],
    ['a long link late by less', { ...lab(4.9e6), config: longLink }, []],
    ['nothing completed', measure({ completed: 0, failed: 80 }), ['nothing-completed']],
    ['a lost request', measure({ completed: 79 }), ['not-conserved']],
    ['a kernel counter below ours', counters({ PassiveOpens: 2009 }), ['not-reconciled']],
  ])('%s', (_, change, codes) => {
    expect(judged(change).invalid).toEqual(codes);
  });
});

test('what makes a trial invalid is not a warning besides, and says what to change', () => {
  const { warnings, invalid } = judged(machine({ others: 0.9, idle: 0.01 }));
  expect(invalid).toEqual(['machine-busy']);
  expect(warnings).not.toContain('machine-busy');
});

test('a rule that cannot look at what it needs says nothing', () => {
  const blind = { ...machine({}), ...report({ loops: [] }) };
  const samples = blind.sampler!.samples.map((sample) => ({
    ...sample,
    machine: { ...sample.machine!, processors: null, pressureUs: null, trialCpuUs: null, serverThreads: new Map() },
  }));
  expect(judged({ ...blind, sampler: { ...sampler, samples } })).toEqual({ warnings: ['few-samples'], invalid: [] });
});

test.each([...invalidRules, ...warningRules])('$makes $code says why and what it needs', (rule) => {
  expect(rule.reason.length).toBeGreaterThan(20);
  expect(rule.needs).not.toBe('');
  // A warning always says what to change; an invalid trial unless its message is all there is to say.
  if (rule.makes === 'warning') expect(rule.change).toMatch(/\.$/);
});
