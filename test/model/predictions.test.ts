/** Predictions of whole trials: the figures, worked out by hand here, and the assumption that fails where one does. */
import { describe, expect, test } from 'vitest';
import { readMetric } from '../../src/compare/metric.ts';
import { besideMeasured, type Assumption, type Prediction } from '../../src/model/prediction.ts';
import { predictionsFor, predictionsOfTrials } from '../../src/model/predictions.ts';
import { configOf, figureOf } from '../../src/model/trial-facts.ts';
import { jsonDocument } from '../../src/results/json-form.ts';
import { latencyRecord } from '../../src/results/latency-record.ts';
import type { LatencyRecord } from '../../src/results/record.ts';
import type { TrialConfig } from '../../src/scenario/config.ts';
import { Histogram } from '../../src/stats/histogram.ts';
import { configFrom, constantMs, latencySet, recordOf, type RecordChoice } from './trials.ts';

function predictionOf(config: TrialConfig, metric: string, choice: RecordChoice = {}): Prediction {
  const found = predictionsFor(config, recordOf(config, choice)).find((one) => one.metric === metric);
  if (found === undefined) throw new Error(`no prediction of ${metric}`);
  return found;
}

const failing = ({ assumptions }: Prediction): readonly Assumption[] =>
  assumptions.filter(({ holds }) => holds === false);

const link = (rtt: string): string =>
  `  network: { mode: lab, rtt: ${rtt} }\n  server: { kind: reference, keepAliveTimeout: 60s }\n`;

/** Two values, of which the median is the larger. */
function halfAndHalf(leastMs: number, mostMs: number): LatencyRecord {
  const histogram = new Histogram();
  histogram.recordMany(leastMs * 1e6, 400);
  histogram.recordMany(mostMs * 1e6, 600);
  return latencyRecord(histogram.toSparse())!;
}

describe('round trips', () => {
  const load = '  load: { model: open, rate: 100/s }\n';
  const byConnection = {
    new: latencySet({ connect: 50.2, firstByte: 50.3, service: 100.6 }),
    reused: latencySet({ firstByte: 50.3, service: 50.3 }),
  };

  test('one to open, one for the answer: two on a new connection, one on a kept one', () => {
    const config = configFrom(`${link('50ms')}${load}`);
    const predicted = (metric: string): number | null => predictionOf(config, metric, { byConnection }).predicted;
    expect(predicted('latencyByConnection.new.connect.p50')).toBeCloseTo(50e6, 3);
    expect(predicted('latencyByConnection.new.firstByte.p50')).toBeCloseTo(50e6, 3);
    expect(predicted('latencyByConnection.new.service.p50')).toBeCloseTo(100e6, 3);
    expect(predicted('latencyByConnection.reused.service.p50')).toBeCloseTo(50e6, 3);
    const service = predictionOf(config, 'latencyByConnection.new.service.p50', { byConnection });
    expect(service.unit).toBe('ns');
    expect(service.ratio).toBeCloseTo(1.006, 2);
    expect(failing(service)).toEqual([]);
  });

  test("the server's delay comes on top of the answer's: the median of an exponential one is ln 2 of its mean", () => {
    const config = configFrom(
      `  network: { mode: lab, rtt: 50ms }\n  server: { kind: reference, response: { delay: { distribution: exponential, mean: 40ms } } }\n${load}`,
    );
    const { predicted } = predictionOf(config, 'latencyByConnection.reused.firstByte.p50', { byConnection });
    expect(predicted).toBeCloseTo((50 + 40 * Math.LN2) * 1e6, 3);
  });

  test('on a short way the programs are most of it, and there is no ratio; on none there is nothing to say', () => {
    const metric = 'latencyByConnection.new.connect.p50';
    const connect = predictionOf(configFrom(`${link('1ms')}${load}`), metric, { byConnection });
    expect(connect).toMatchObject({ predicted: 1e6, ratio: null });
    expect(failing(connect).map(({ text }) => text)).toEqual(['programs and kernels take little of their own']);
    const none = configFrom(`${link('0ms')}${load}`);
    expect(predictionsFor(none, recordOf(none, { byConnection })).map((one) => one.metric)).not.toContain(metric);
  });

  test('where many come at once half of them wait for the processors: no ratio, also of the whole', () => {
    const config = configFrom(`${link('50ms')}${load}`);
    const together = { ...byConnection, new: { ...byConnection.new, connect: halfAndHalf(50.2, 58) } };
    for (const name of ['connect', 'service']) {
      const found = predictionOf(config, `latencyByConnection.new.${name}.p50`, { byConnection: together });
      expect(found.ratio).toBeNull();
      expect(failing(found).map(({ text }) => text)).toEqual([
        'requests that come together do not wait for a processor',
      ]);
    }
    const near = { ...byConnection, new: { ...byConnection.new, connect: halfAndHalf(50.2, 52) } };
    const found = predictionOf(config, 'latencyByConnection.new.connect.p50', { byConnection: near });
    expect(found.ratio).toBeCloseTo(1.04, 2);
  });

  test('on this machine alone there are no round trips to count', () => {
    const config = configFrom(`${link('50ms')}${load}`);
    const host = recordOf(config, { byConnection, overrides: { mode: 'host' } });
    expect(predictionsFor(config, host).filter(({ metric }) => metric.startsWith('latencyByConnection'))).toEqual([]);
  });

  test.each([
    ['1.3', 'none', { full: 9, resumed: 0, earlyData: 0 }, 1],
    ['1.3', 'session', { full: 1, resumed: 8, earlyData: 0 }, 1],
    ['1.3', 'early-data', { full: 1, resumed: 8, earlyData: 8 }, 0],
    ['1.3', 'early-data', { full: 1, resumed: 8, earlyData: 0 }, 1],
    ['1.2', 'none', { full: 9, resumed: 0, earlyData: 0 }, 2],
    ['1.2', 'session', { full: 1, resumed: 8, earlyData: 0 }, 1],
    ['1.2', 'session', { full: 8, resumed: 1, earlyData: 0 }, 2],
  ] as const)('TLS %s, resumption %s, %j: %i round trips', (version, resumption, tls, trips) => {
    const early = resumption === 'early-data' ? ', tls: { earlyData: 16kB }' : '';
    const config = configFrom(
      `  network: { mode: lab, rtt: 50ms }\n  server: { kind: reference${early} }\n  strategy: { connection: close, tls: { version: ${version}, resumption: ${resumption} } }\n${load}`,
    );
    const record = recordOf(config, { byConnection: { ...byConnection, new: latencySet({ tls: 51 }) } });
    const withTls = { ...record, connections: { ...record.connections!, tls } };
    const found = predictionsFor(config, withTls).find(({ metric }) => metric === 'latencyByConnection.new.tls.p50')!;
    expect(found.predicted).toBe(trips * 50e6);
  });
});

describe('slow start', () => {
  const base = (size: string, more = ''): string =>
    `  network: { mode: lab, rtt: 50ms, bandwidth: 1Gbit/s }\n  server: { kind: reference, keepAliveTimeout: 60s, response: { size: ${size} } }\n${more}`;
  const close = '  strategy: { connection: close }\n  load: { model: closed, users: 3, thinkTime: 100ms }\n';
  const users = (think: string): string =>
    `  strategy: { connection: keep-alive, pool: { scope: session, size: 1, idleTimeout: unlimited } }\n  load: { model: closed, users: 3, thinkTime: ${think} }\n`;
  const byConnection = { new: latencySet({ download: 201 }), reused: latencySet({ download: 2.5 }) };

  test('100 kB on a new connection: three flights, 10 + 20 + 40 segments', () => {
    const found = predictionOf(configFrom(base('100kB', close)), 'latencyByConnection.new.download.p50', {
      byConnection,
    });
    // Two round trips, each after a segment of 12 us; then 39 more segments.
    expect(found.predicted! / 1e6).toBeCloseTo(2 * 50.012 + 39 * 0.012, 6);
    expect(found.ratio).toBeCloseTo(201.2 / 100.5, 2);
    expect(failing(found)).toEqual([]);
  });

  test('300 kB on a new connection: five flights, 10 + 20 + 40 + 80 + 58 segments, if the receiver took them', () => {
    const metric = 'latencyByConnection.new.download.p50';
    const config = configFrom(base('300kB', close));
    const found = predictionOf(config, metric, { byConnection });
    expect(found.predicted! / 1e6).toBeCloseTo(4 * 50.012 + 57 * 0.012, 6);
    expect(failing(found).map(({ because }) => because)).toEqual([
      'the largest flight has 115840 bytes, the window at first 65536 (net.ipv4.tcp_rmem of the client)',
    ]);
    const wide = configFrom(
      base('300kB', close).replace('rtt:', 'sysctls: { client: { tcp_rmem: 4096 1000000 6000000 } }, rtt:'),
    );
    expect(failing(predictionOf(wide, metric, { byConnection }))).toEqual([]);
  });

  test('on a kept one: all at once, or as on a new one after five idle seconds', () => {
    const metric = 'latencyByConnection.reused.download.p50';
    const warm = configFrom(base('300kB', users('100ms')));
    expect(predictionsFor(warm, recordOf(warm, { byConnection })).map((one) => one.metric)).not.toContain(metric);
    const whole = { ...byConnection, reused: latencySet({ service: 53 }) };
    const service = predictionOf(warm, 'latencyByConnection.reused.service.p50', { byConnection: whole });
    // A round trip, the first segment with the request of some 160 bytes on the wire, and 207 more segments.
    expect(service.predicted! / 1e6).toBeCloseTo(50 + 0.0013 + 208 * 0.012, 2);
    const cold = predictionOf(configFrom(base('300kB', users('5s'))), metric, { byConnection });
    expect(cold.predicted! / 1e6).toBeCloseTo(4 * 50.012 + 57 * 0.012, 6);
  });

  test('a congestion control of another kind does not double', () => {
    const config = configFrom(base('100kB', close));
    const record = recordOf(config, { byConnection });
    const bbr = { ...record.network!.server, congestionControl: 'bbr' };
    const found = predictionsFor(config, { ...record, network: { ...record.network!, server: bbr } }).find(
      ({ metric }) => metric === 'latencyByConnection.new.download.p50',
    )!;
    expect(found.ratio).toBeNull();
    expect(failing(found).map(({ because }) => because)).toEqual(['congestion control bbr']);
  });
});

describe('connections', () => {
  const openedPerRequest = 'connections.openedPerRequest';
  const load = '  load: { model: open, rate: 100/s }\n';
  const user = (think: string, idle: string, server = 'node, keepAliveTimeout: 20s'): string =>
    `  strategy: { honourHint: false, pool: { scope: session, size: 1, idleTimeout: ${idle} } }\n  server: { kind: ${server} }\n  load: { model: closed, users: 10, thinkTime: ${think}, warmUp: 2s, duration: 10s }\n`;

  test('close: one each, and TIME_WAIT on the server', () => {
    const config = configFrom(`  strategy: { connection: close }\n${load}`);
    const choice = { sent: 1200, opened: 1200 };
    expect(predictionOf(config, openedPerRequest, choice)).toMatchObject({ predicted: 1, measured: 1, ratio: 1 });
    expect(predictionOf(config, 'timeWait.server.entered', choice).predicted).toBe(1200);
    // Nothing over nothing.
    expect(predictionOf(config, 'timeWait.client.entered', choice)).toMatchObject({
      predicted: 0,
      measured: 0,
      ratio: 1,
    });
  });

  test('over TLS the server has the connection until the client has ended it, too: a round trip longer', () => {
    const close = (tls: string): TrialConfig =>
      configFrom(`${link('20ms')}  strategy: { connection: close${tls} }\n  load: { model: open, rate: 300/s }\n`);
    const open = (config: TrialConfig, service: number): number | null => {
      const latency = latencySet({ service, connect: 20, connectionWait: 0 });
      return predictionOf(config, 'connections.meanOpen', { latency, sent: 3000 }).predicted;
    };
    expect(open(close(''), 60)).toBeCloseTo(300 * 0.02, 1);
    expect(open(close(', tls: { version: 1.3 }'), 60)).toBeCloseTo(300 * 0.04, 1);
  });

  test("over TLS nobody knows whose FIN is first of Node's server and its clients", () => {
    const of = (client: string): readonly string[] => {
      const config = configFrom(
        `  client: ${client}\n  strategy: { connection: close, tls: { version: 1.3 } }\n  server: { kind: node }\n${load}`,
      );
      return predictionsFor(config, recordOf(config)).map(({ metric }) => metric);
    };
    expect(of('reference')).toContain('timeWait.server.entered');
    expect(of('node-http')).not.toContain('timeWait.server.entered');
  });

  test('a limit of 10 requests: a tenth, and half a limit for each connection that is cut off', () => {
    const config = configFrom(`  strategy: { pool: { size: 4, maxRequests: 10 } }\n${load}`);
    const found = predictionOf(config, openedPerRequest, { sent: 1000, peakOpen: 4 });
    expect(found.predicted).toBeCloseTo(0.1 + (4 * 9) / (20 * 1000), 12);
    // 4 were open at the end.
    const closes = predictionOf(config, 'timeWait.client.entered', { sent: 1000, peakOpen: 4, teardown: 4 });
    expect(closes.predicted).toBeCloseTo(101.8 - 4, 10);
  });

  test.each([
    ['a pause below both limits', user('1s', '5s'), 10 / 100],
    ['a pause above the limit of the client', user('1s', '500ms'), 1],
    // (10 + 90 exp(-1)) / 100.
    ['a random pause', user('{ distribution: exponential, mean: 1s }', '1s'), (10 + 90 * Math.exp(-1)) / 100],
  ])('%s', (_, base, expected) => {
    const found = predictionOf(configFrom(base), openedPerRequest, { sent: 100 });
    expect(found.predicted).toBeCloseTo(expected, 12);
  });

  test.each([
    ['client', user('6s', '500ms'), 'client'],
    // Node adds a second to its timeout.
    ['server', user('6s', '30s', 'node, keepAliveTimeout: 3s'), 'server'],
    ['nobody', user('6s', '500ms').replace('honourHint', 'closeWith: reset, honourHint'), 'none'],
    [
      'the hint',
      user('6s', '30s', 'node, keepAliveTimeout: 3s').replace('honourHint: false', 'honourHint: true'),
      'client',
    ],
    [
      'its own limit',
      '  server: { kind: node, maxRequestsPerSocket: 1 }\n  load: { model: open, rate: 9/s }\n',
      'client',
    ],
    [
      'reference',
      '  server: { kind: reference, maxRequestsPerSocket: 1 }\n  load: { model: open, rate: 9/s }\n',
      'server',
    ],
    [
      'told to wait',
      '  strategy: { connection: close }\n  server: { kind: reference, firstCloser: client }\n  load: { model: open, rate: 9/s }\n',
      'client',
    ],
  ])('who closes first: %s', (_, base, side) => {
    const config = configFrom(base);
    const entered = (of: string): number => predictionOf(config, `timeWait.${of}.entered`, { sent: 1000 }).predicted!;
    expect([entered('client') > 0, entered('server') > 0]).toEqual([side === 'client', side === 'server']);
  });

  test("Little's law: open for the service and the idle part of each pause", () => {
    const latency = latencySet({ service: 100, response: 100, connectionWait: 0 });
    const open = (base: string): number | null =>
      predictionOf(configFrom(base), 'connections.meanOpen', { latency }).predicted;
    expect(open(user('1900ms', '5s'))).toBeCloseTo(10, 2);
    expect(open(user('1900ms', '900ms'))).toBeCloseTo((10 * 1000) / 2000, 1);
    expect(open(user('{ distribution: exponential, mean: 1900ms }', '900ms'))).toBeCloseTo(
      (10 * (100 + 1900 * (1 - Math.exp(-900 / 1900)))) / 2000,
      1,
    );
  });

  test('mean open connections are read from descriptors in measure, above those before', () => {
    const config = configFrom(user('1900ms', '5s'));
    const series: [number, number | null][] = [
      [-500, 22],
      [0, 30],
      [1000, 34],
      [2000, null],
      // Closed before the end, as nobody is due any more.
      [9000, 22],
      [10_000, 99],
    ];
    const base = recordOf(config, { latency: latencySet({ service: 100, response: 100 }) });
    const record = { ...base, fds: { ...base.fds, server: { start: 22, peak: 34, end: 22, series } } };
    expect(figureOf(record, 'connections.meanOpen')).toBe(10);
    expect(readMetric(record, 'connections.meanOpen')).toEqual({ kind: 'value', value: 10 });
    expect(readMetric(base, 'connections.meanOpen').kind).toBe('missing');
  });

  test('a shared pool with an idle limit has no closed form, and says so', () => {
    const config = configFrom(`  strategy: { pool: { size: 50, idleTimeout: 1s } }\n${load}`);
    const found = predictionOf(config, 'connections.meanOpen', { latency: latencySet({ service: 100 }) });
    expect(found).toMatchObject({ predicted: null, ratio: null });
    expect(failing(found)).toHaveLength(1);
  });

  test('an age of 10 s, a pause of 1.9 s and 100 ms of service: six uses', () => {
    const base = user('1900ms', 'unlimited').replace('size: 1,', 'size: 1, maxLifetime: 10s,');
    const byConnection = { new: latencySet({ service: 100 }), reused: latencySet({ service: 100 }) };
    // Released at 0.1 s, 2.1 s ... 8.1 s, 10.1 s: the sixth is the first at the age of 10 s.
    const found = predictionOf(configFrom(base), openedPerRequest, { byConnection, sent: 1e6 });
    expect(found.predicted).toBeCloseTo(1 / 6, 4);
  });

  test('failures make counts that assume none useless', () => {
    const config = configFrom(`  strategy: { connection: close }\n${load}`);
    const found = predictionOf(config, openedPerRequest, { sent: 1000, opened: 1000, failed: 20 });
    expect(found.ratio).toBeNull();
    expect(failing(found).map(({ because }) => because)).toEqual([
      '20 of 1000 requests had no answer, 0 of these no connection',
    ]);
    // Those that found no port had no connection to count.
    const errors = [{ phase: 'connect', code: 'EADDRNOTAVAIL', reused: false, socketAgeMs: null, count: 20 }];
    const spared = predictionOf(config, openedPerRequest, {
      sent: 1000,
      opened: 1000,
      failed: 20,
      overrides: { errors },
    });
    expect(spared.ratio).toBe(1);
  });
});

describe('ports', () => {
  const base = (reuse: number): string =>
    `  network: { mode: lab, sysctls: { client: { ip_local_port_range: 40000 40499, tcp_tw_reuse: ${reuse} } } }\n  strategy: { pool: { maxRequests: 1 } }\n  load: { model: open, rate: 800/s, arrivals: constant }\n`;
  const choice = { sent: 2400, opened: 500, seconds: 3 };

  test.each([
    // Every port serves once.
    [0, 500],
    [2, 500],
    // 500 a second, for 3 s.
    [1, 1500],
  ])('with tcp_tw_reuse %i', (reuse, expected) => {
    const found = predictionOf(configFrom(base(reuse)), 'connections.opened', choice);
    expect(found.predicted).toBe(expected);
    expect(found.range).toBeNull();
  });

  test('those that are taken again are not held for a minute', () => {
    const held = (reuse: number): Prediction => predictionOf(configFrom(base(reuse)), 'timeWait.client.peak', choice);
    expect(failing(held(1)).map(({ text }) => text)).toContain('no port in TIME_WAIT is taken again');
    expect(failing(held(0)).map(({ text }) => text)).not.toContain('no port in TIME_WAIT is taken again');
  });

  test('where the server closes its TIME_WAIT has one for each port that the client takes first', () => {
    const range = 'sysctls: { client: { ip_local_port_range: 40000 40499 } }';
    const config = configFrom(
      `  network: { mode: lab, ${range} }\n  strategy: { connection: close }\n  load: { model: open, rate: 800/s }\n`,
    );
    const held = (sent: number): number | null =>
      predictionOf(config, 'timeWait.server.peak', { sent, opened: sent, seconds: 1.3 }).predicted;
    expect(held(1040)).toBe(250);
    expect(held(200)).toBe(200);
  });

  test('where they are enough only the ceiling is said', () => {
    const config = configFrom(
      '  network: { mode: lab }\n  strategy: { pool: { maxRequests: 1 } }\n  load: { model: open, rate: 8000/s }\n',
    );
    const found = predictionOf(config, 'connections.opened', { sent: 24_000, opened: 24_000, seconds: 3 });
    expect(found).toMatchObject({ range: { low: 0, high: 28_232 }, measured: 24_000, ratio: 1 });
    expect(found.formula).toContain('471/s');
  });

  test('a server that closes first spares them', () => {
    const config = configFrom(
      '  network: { mode: lab }\n  strategy: { connection: close }\n  load: { model: open, rate: 8/s }\n',
    );
    expect(predictionsFor(config, recordOf(config)).filter(({ metric }) => metric === 'connections.opened')).toEqual(
      [],
    );
  });
});

describe('the pool', () => {
  const base = (size: number): string =>
    `  strategy: { pool: { size: ${size} } }\n  server: { kind: reference, response: { delay: { distribution: exponential, mean: 20ms } } }\n  load: { model: open, rate: 100/s, arrivals: poisson, duration: 100s }\n`;
  const latency = { ...latencySet({ service: 20, connectionWait: 0 }), connectionWait: constantMs(8.9, 1_000_000) };

  // 100/s x (28.9 - 8.9) ms = 2 erlang on 3 connections: C = 4/9, and so 4/9 x 20 ms / 1.
  test('M/M/3 with 2 erlang waits 8.9 ms', () => {
    const choice = { latency: { ...latency, service: constantMs(28.9) }, sent: 1_000_000 };
    const mean = predictionOf(configFrom(base(3)), 'latency.connectionWait.mean', choice);
    expect(mean.predicted! / 1e6).toBeCloseTo((4 / 9) * 20, 1);
    expect(mean.ratio).toBeCloseTo(1, 1);
    const p99 = predictionOf(configFrom(base(3)), 'latency.connectionWait.p99', choice);
    expect(p99.predicted! / 1e6).toBeCloseTo(20 * Math.log(400 / 9), 0);
  });

  test('2 connections never keep up', () => {
    const choice = { latency: { ...latency, service: constantMs(30) } };
    const found = predictionOf(configFrom(base(2)), 'latency.connectionWait.mean', choice);
    expect(found).toMatchObject({ predicted: null, ratio: null });
    expect(failing(found).map(({ text }) => text)).toEqual(['the pool keeps up: a steady state exists']);
  });

  test('a short trial is left to chance, and 30 connections are never all busy', () => {
    const few = { latency: { ...latency, service: constantMs(28.9), connectionWait: constantMs(8.9, 500) } };
    const found = predictionOf(configFrom(base(3)), 'latency.connectionWait.mean', few);
    expect(failing(found).map(({ text }) => text)).toEqual(['chance moves the figure by less than 5 %']);
    expect(
      predictionsFor(configFrom(base(30)), recordOf(configFrom(base(30)), few)).map(({ metric }) => metric),
    ).not.toContain('latency.connectionWait.mean');
  });
});

test('ten packets a request with close, two or three without: within the range', () => {
  const config = configFrom(
    '  network: { mode: lab }\n  server: { kind: reference, response: { size: 1kB } }\n  load: { model: closed, users: 1 }\n',
  );
  const direction = { packets: 0, bytes: 0, syn: 0, synAck: 0, fin: 0, rst: 0, pureAcks: 0, retransmits: 0 };
  const counts = {
    ...direction,
    dropped: { loss: 0, queue: 0, middlebox: 0, device: 0 },
    duplicated: 0,
    reordered: 0,
    middleboxResets: 0,
  };
  const way = { ...counts, deliveredPackets: 0, deliveredBytes: 0, peakQueueBytes: 0 };
  const link = {
    ...counts,
    packetsPerRequest: 3,
    flows: 1,
    firstFin: { client: 0, server: 0 },
    resetFlows: 0,
    lateness: { count: 0, p50Ns: null, p99Ns: null, maxNs: null },
    fromClient: way,
    fromServer: way,
    otherPackets: 0,
    cpu: { userUs: 0, systemUs: 0 },
  };
  const found = predictionOf(config, 'link.packetsPerRequest', { sent: 1000, opened: 0, overrides: { link } });
  expect(found).toMatchObject({ range: { low: 2, high: 4 }, predicted: 3, measured: 3, ratio: 1 });
  const close = predictionOf(config, 'link.packetsPerRequest', {
    sent: 1000,
    opened: 1000,
    overrides: { link: { ...link, packetsPerRequest: 13.2 } },
  });
  // 2 + 5 to 4 + 7.
  expect(close.range).toEqual({ low: 7, high: 11 });
  expect(close.ratio).toBeCloseTo(1.2, 12);
  const probed = { ...config, strategy: { ...config.strategy, tcp: { ...config.strategy.tcp, keepAliveMs: 1000 } } };
  // Four probes on each of the 500 connections, with their ACKs, at most.
  const ofProbes = predictionOf(probed, 'link.packetsPerRequest', {
    sent: 1000,
    opened: 500,
    seconds: 4.5,
    overrides: { link },
  });
  expect(ofProbes.range).toEqual({ low: 4.5, high: 4 + 0.5 * (7 + 8) });
});

test('closed users: each a request per pause and response', () => {
  const config = configFrom('  load: { model: closed, users: 50, thinkTime: 900ms, duration: 20s }\n');
  const { predicted, unit } = predictionOf(config, 'throughput.achievedPerSecond', {
    latency: latencySet({ response: 100 }),
  });
  expect(unit).toBe('perSecond');
  expect(predicted).toBeCloseTo(50, 1);
});

describe('several trials, records and places', () => {
  const config = configFrom(`  strategy: { connection: close }\n  load: { model: open, rate: 100/s }\n`);

  test('medians over trials; an assumption holds where it holds in all', () => {
    const trials = [1000, 1200, 1100].map((sent) =>
      recordOf(config, { sent, opened: sent + 11, failed: sent === 1200 ? 600 : 0 }),
    );
    const found = predictionsOfTrials(trials).find(({ metric }) => metric === 'timeWait.server.entered')!;
    expect(found.predicted).toBe(1100);
    expect(found.ratio).toBeNull();
    expect(failing(found).map(({ because }) => because)).toEqual([
      '600 of 1200 requests had no answer, 0 of these no connection',
    ]);
    const good = predictionsOfTrials([trials[0]!, trials[2]!]).find(
      ({ metric }) => metric === 'connections.openedPerRequest',
    )!;
    expect(good.measured).toBeCloseTo((1011 / 1000 + 1111 / 1100) / 2, 12);
    expect(good.ratio).toBe(good.measured);
  });

  test('the configuration comes back from a record as it was', () => {
    const all = configFrom(
      `  strategy: { pool: { size: 4, idleTimeout: unlimited } }\n${link('10ms')}  load: { model: open, rate: 5/s }\n`,
    );
    expect(configOf({ config: JSON.parse(JSON.stringify(jsonDocument(all))) as Record<string, unknown> })).toEqual(all);
    expect(configOf({ config: {} })).toBeNull();
    expect(configOf({ config: { strategy: { connection: 'close' }, load: {}, network: { mode: 'host' } } })).toBeNull();
  });

  test.each([
    [
      'a program on the way',
      '  via: [{ kind: blind-relay }]\n',
      'client and server speak to each other',
      'via has blind-relay',
    ],
    ['attackers', '', 'nobody but the client', 'there are attackers: silent'],
    [
      'shedding',
      '  server: { kind: node, shed: { above: 20, then: close } }\n',
      'for reasons of its own',
      'server.shed above 20 connections',
    ],
    [
      'eviction',
      '  server: { kind: node, evictIdle: { above: 30 } }\n',
      'for reasons of its own',
      'server.evictIdle above 30',
    ],
    [
      'a drain',
      '  server: { kind: node, drain: { at: 1s, style: close } }\n',
      'the server stays the same',
      'server.drain: close',
    ],
    [
      'slow accepting',
      '  server: { kind: reference, acceptPause: { above: 8 } }\n',
      'accepts at once',
      'server.acceptPause above 8',
    ],
    [
      'leaks',
      '  load: { leak: { share: 2% } }\n',
      'comes back to the pool',
      'load.leak: of 2 % of the responses nobody reads the body',
    ],
  ])('with %s nothing is predicted, and the one line says why', (_name, text, assumes, because) => {
    const plain = configFrom(text);
    const attackers = [{ kind: 'silent', connections: 1, everyMs: 100, fromMs: 0 }] as const;
    const predictions = predictionsFor(text === '' ? { ...plain, attackers } : plain, recordOf(plain));
    expect(predictions.map(({ predicted, ratio }) => ({ predicted, ratio }))).toEqual([
      { predicted: null, ratio: null },
    ]);
    expect(failing(predictions[0]!)).toEqual([
      { text: expect.stringContaining(assumes) as string, holds: false, because },
    ]);
  });

  test('every figure that is predicted is one that a claim can be about, read the same way', () => {
    const latency = latencySet({ service: 30, response: 30, connectionWait: 1 });
    const set = latencySet({ connect: 50, firstByte: 50, download: 100, service: 200 });
    const far = configFrom(`${link('50ms')}  strategy: { connection: close }\n  load: { model: open, rate: 100/s }\n`);
    const record = recordOf(far, { latency, byConnection: { new: set, reused: set } });
    const predictions = predictionsFor(far, record);
    expect(predictions.length).toBeGreaterThan(8);
    for (const { metric, measured } of predictions) {
      const reading = readMetric(record, metric);
      expect(reading.kind === 'value' ? reading.value : null).toBe(measured);
    }
  });

  test('a ratio of a range is over the nearer end', () => {
    const theory = {
      name: 'n',
      metric: 'connections.opened',
      predicted: { low: 4, high: 8 },
      formula: '',
      source: '',
      assumptions: [],
    };
    const ratio = (measured: number | null): number | null => besideMeasured(theory, measured).ratio;
    expect([3, 4, 6, 8, 10, null].map(ratio)).toEqual([0.75, 1, 1, 1, 1.25, null]);
    expect(besideMeasured({ ...theory, predicted: 0 }, 3).ratio).toBeNull();
    expect(() => besideMeasured({ ...theory, metric: 'nonsense' }, 1)).toThrow('no metric');
  });
});
