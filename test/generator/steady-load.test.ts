/** Warm-ups that end when the load is steady, on real sockets and with real worker threads; their seconds last a twentieth. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoadRun } from '../../src/generator/load-run.ts';
import type { FromGenerator, GeneratorReport } from '../../src/generator/messages.ts';
import type { LoadConfig } from '../../src/scenario/config.ts';
import { expectConsistent } from '../clients/consistency.ts';
import { closedLoad, openLoad, trialConfig } from '../clients/trial-config.ts';
import { ownReport } from './own-report.ts';

const intervalMs = 50;
let server: Server;
let port: number;
/** How long the server takes for an answer, by the number of the request. */
let answerMs: (request: number) => number;
let seen: number;

beforeEach(async () => {
  seen = 0;
  server = createServer((_request, response) => {
    const delayMs = answerMs(seen++);
    setTimeout(() => response.end('hello'), delayMs);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

interface Outcome {
  readonly report: GeneratorReport;
  readonly messages: readonly FromGenerator[];
}

async function run(load: LoadConfig, stopAfter?: (message: FromGenerator) => boolean): Promise<Outcome> {
  const messages: FromGenerator[] = [];
  const start = {
    type: 'start',
    config: trialConfig(load, { pool: { size: 64 } }),
    host: '127.0.0.1',
    port,
    seed: 5,
  } as const;
  const loadRun: LoadRun = new LoadRun(
    start,
    (message) => {
      messages.push(message);
      if (stopAfter?.(message) === true) loadRun.stop();
    },
    intervalMs * 1e6,
  );
  const report = ownReport(await loadRun.finished);
  expectConsistent(report);
  return { report, messages };
}

const longestMs = 6000;
const warmUp = { warmUpMs: 100, steadyMs: longestMs - 100 } as const;
/** 400 requests a second, 20 in an interval. */
const load = openLoad({ ratePerSecond: 400, durationMs: 300, ...warmUp });

function warmUpMs({ startNs, measureStartNs }: GeneratorReport): number {
  return (measureStartNs - startNs) / 1e6;
}

function expectToldOf({ report, messages }: Outcome): void {
  const { startNs, measureStartNs, measureEndNs } = report;
  const [started, measure] = ['started', 'measure'].map((type) => messages.filter((message) => message.type === type));
  expect(started).toEqual([
    {
      type: 'started',
      startNs,
      measureStartNs: startNs + longestMs * 1e6,
      measureEndNs: startNs + (longestMs + 300) * 1e6,
    },
  ]);
  expect(measure).toEqual([{ type: 'measure', measureStartNs, measureEndNs }]);
  expect(measureEndNs - measureStartNs).toBe(300e6);
}

describe('a warm-up that ends when it is steady', () => {
  it.each([1, 2])('a server that is slow at first delays measure until it is not: %d workers', async (workers) => {
    // A hundred times slower for the first 200 requests, half a second.
    answerMs = (request) => (request < 200 ? 100 + (request % 100) : 1);
    const outcome = await run({ ...load, workers });
    const { report } = outcome;
    expectToldOf(outcome);
    expect(report.steadyReached).toBe(true);
    // Slow answers come in 10 to 14 intervals: more than the half of 25 that may be left out at most, and two more until measure.
    expect(warmUpMs(report)).toBeGreaterThan(27 * intervalMs);
    expect(warmUpMs(report)).toBeLessThan(longestMs);
    expect(warmUpMs(report) % intervalMs).toBe(0);
    // All of measure as planned, and of warm-up what was due before it.
    expect(report.measure).toMatchObject({ scheduled: 120, completed: 120 });
    expect(report.wholeTrial.scheduled).toBe(120 + (400 * warmUpMs(report)) / 1000);
    expect(report.wholeTrial.scheduled).toBe(seen);
    const measured = report.intervals.filter(({ startMs }) => startMs >= 0);
    expect(measured.reduce((sum, { started }) => sum + started, 0)).toBe(120);
    expect(report.latency.response.reused.indices.length).toBeGreaterThan(0);
  });

  it('one that never settles is measured as planned, and the report says so', async () => {
    answerMs = (request) => request / 20;
    const outcome = await run(load);
    expectToldOf(outcome);
    expect([outcome.report.steadyReached, warmUpMs(outcome.report)]).toEqual([false, longestMs]);
    expect(outcome.report.measure.scheduled).toBe(120);
    expect(outcome.report.wholeTrial.scheduled).toBe(400 * 6 + 120);
  });

  it('users that wait for answers: only what they start in measure counts', async () => {
    answerMs = () => 2;
    const outcome = await run(closedLoad({ users: 8, durationMs: 300, workers: 2, ...warmUp }));
    expectToldOf(outcome);
    const { report } = outcome;
    expect(report.wholeTrial.completed).toBe(seen);
    expect(report.measure.completed).toBeGreaterThan(0);
    expect(report.drainedNs).toBeLessThan(report.measureEndNs + 1e9);
  });

  it('stopped in warm-up: whoever waits for the times of measure gets the planned ones', async () => {
    answerMs = () => 1;
    const outcome = await run(load, (message) => message.type === 'live' && message.completed > 0);
    expectToldOf(outcome);
    expect(outcome.report).toMatchObject({ stopped: true, steadyReached: false });
    expect(outcome.report.measure).toMatchObject({ scheduled: 120, abandoned: 120 });
  });
});
