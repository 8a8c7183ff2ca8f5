/** The engine under the loads that are more than one request at a rate: mixes, sessions, traces, shapes, think times. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WeightedRequestConfig } from '../../../src/scenario/config.ts';
import { closedLoad, openLoad } from '../trial-config.ts';
import { response } from './fake-network.ts';
import { answers, ms, run } from './worlds.ts';

const bodyless = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
const mix: readonly WeightedRequestConfig[] = [
  { weight: 1, method: 'GET', path: '/a' },
  { weight: 1, method: 'HEAD', path: '/b' },
  { weight: 1, method: 'POST', path: '/c', bodyBytes: 2000 },
];

describe('Engine: mixes of requests', () => {
  it('sends each in full, however long, and reads the answer as its method wants it', () => {
    const seen = [0, 0, 0];
    const { report, connections } = run({
      load: openLoad({ ratePerSecond: 1000, durationMs: 300, requests: mix }),
      strategy: { pool: { size: 4 } },
      requestBytes: [100, 90, 2100],
      server: {
        answer: (_connection, _request, alternative) => {
          seen[alternative]!++;
          return [{ afterNs: 0.1 * ms, send: alternative === 1 ? bodyless : response(5) }];
        },
        window: { bytes: 700, drainNs: 0.05 * ms },
      },
    });
    expect(report.measure.completed).toBe(300);
    expect(seen.reduce((sum, count) => sum + count, 0)).toBe(300);
    // 100 of each: standard deviation 8.
    expect(seen.every((count) => Math.abs(count - 100) < 33)).toBe(true);
    expect(report.bytes.sent).toBe(seen[0]! * 100 + seen[1]! * 90 + seen[2]! * 2100);
    expect(connections.closesByReason).toMatchObject({ badResponse: 0 });
  });

  it('a body that is answered before it is sent costs the connection', () => {
    const { report, connections } = run({
      load: openLoad({ ratePerSecond: 1000, durationMs: 3, requests: [mix[2]!] }),
      requestBytes: [2100],
      server: {
        accepted: () => [{ afterNs: 0.2 * ms, send: response() }],
        window: { bytes: 100, drainNs: 0.1 * ms },
      },
    });
    expect(report.measure.completed).toBe(3);
    expect(connections.closesByReason.badResponse).toBe(3);
  });
});

describe('Engine: sessions', () => {
  it("opens a page's assets over the user's own connections, as many as it may have, and no more", () => {
    const { report, connections } = run({
      load: closedLoad({ users: 3, durationMs: 40, thinkTimeMs: 5, page: { assets: 6 } }),
      strategy: { pool: { size: 2, scope: 'session' } },
      server: { answer: answers(response()) },
    });
    expect([connections.opened, connections.peakOpen]).toEqual([6, 6]);
    expect(report.measure).toMatchObject({ failed: 0, dropped: 0, abandoned: 0 });
    // A visit takes 0.1 ms for the page, 3 x 0.1 ms for the assets and 5 ms to think: about 7 of them for each of 3 users.
    // Only the page that a user waited for when measure ended is not followed by its assets.
    expect(report.measure.completed % 7).toBeLessThanOrEqual(3);
    expect(Math.floor(report.measure.completed / 7)).toBeGreaterThanOrEqual(3 * 6);
    expect(report.measure.completed / 7).toBeLessThanOrEqual(3 * 8);
  });

  it('conserves requests whatever fails', () => {
    const setting = fc.record({
      users: fc.integer({ min: 1, max: 8 }),
      assets: fc.integer({ min: 1, max: 6 }),
      size: fc.constantFrom(1, 2, 6),
      queueLimit: fc.constantFrom(0, 2, Infinity),
      thinkTimeMs: fc.constantFrom(0, 3),
      faults: fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
    });
    fc.assert(
      fc.property(setting, ({ users, assets, size, queueLimit, thinkTimeMs, faults }) => {
        const { report } = run({
          load: closedLoad({ users, durationMs: 30, thinkTimeMs, page: { assets } }),
          strategy: { pool: { size, scope: 'session', queueLimit }, timeouts: { responseMs: 4 } },
          server: {
            answer: (connection, request) =>
              faults[(connection * 5 + request) % faults.length] === true
                ? [{ afterNs: 0.2 * ms, do: 'reset' }]
                : [{ afterNs: 0.2 * ms, send: response() }],
          },
        });
        expect(report.measure.abandoned).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('Engine: open shapes', () => {
  it('starts every arrival of a burst when it is due', () => {
    const shape = { kind: 'bursts', onMs: 10, offMs: 90 } as const;
    const { report, drainedNs, connections } = run({
      load: openLoad({ ratePerSecond: 2000, durationMs: 200, shape }),
      strategy: { pool: { idleTimeoutMs: 20 } },
      server: { answer: answers(response()) },
    });
    // The trial lasts through the silence after the last burst, in which its connections run out.
    expect(connections.closesByReason).toMatchObject({ idleTimeout: connections.opened, teardown: 0 });
    expect(report.measure).toMatchObject({ scheduled: 40, completed: 40 });
    expect(drainedNs).toBe(200 * ms);
    // Virtual time: nobody is late.
    expect(report.latency.lag.new.indices.concat(report.latency.lag.reused.indices)).toEqual(
      expect.arrayContaining([0]),
    );
    expect(new Set([...report.latency.lag.new.indices, ...report.latency.lag.reused.indices])).toEqual(new Set([0]));
  });
});
