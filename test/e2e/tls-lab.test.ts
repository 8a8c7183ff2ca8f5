/** The built program in a lab with TLS: how many round trips each kind of handshake takes, and that every witness agrees over TLS too. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LatencyRecord, TrialRecord } from '../../src/results/record.ts';
import { hasLab } from '../lab/users.ts';
import { Bench } from './connbench.ts';

const rttNs = 20e6;

const scenario = `name: handshakes
question: How many round trips does each handshake take?
base:
  server: { kind: reference, tls: { earlyData: 16kB } }
  strategy: { connection: close }
  network: { mode: lab, rtt: 20ms, sysctls: { client: { tcp_tw_reuse: 0 } } }
  load: { model: open, rate: 50/s, arrivals: constant, warmUp: 500ms, duration: 1s }
axes:
  tls:
    plain: { strategy: { tls: off } }
    full13: { strategy: { tls: { version: 1.3, resumption: none } } }
    resumed13: { strategy: { tls: { version: 1.3, resumption: session } } }
    early13: { strategy: { tls: { version: 1.3, resumption: early-data } } }
    full12: { strategy: { tls: { version: 1.2, resumption: none } } }
    resumed12: { strategy: { tls: { version: 1.2, resumption: session } } }
`;

/**
 * Round trips before the request is written, and until the first byte of the answer: RFC 8446 figure 1 (1.3 full: one), section 2.2 (resumed:
 * one), section 2.3 (0-RTT: none), RFC 5246 section 7.3 (1.2 full: two, resumed: one). One more for TCP, one for the request.
 */
const rows = [
  ['plain', null, 2],
  ['full13', 1, 3],
  ['resumed13', 1, 3],
  ['early13', 0, 2],
  ['full12', 2, 4],
  ['resumed12', 1, 3],
] as const;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  bench.dispose();
});

/** The fastest request's: what it takes at least, and no busy machine is in it. */
function roundTrips(latency: LatencyRecord | null): number | null {
  return latency === null ? null : Math.floor(latency.min! / rttNs);
}

const ofTheMachine: readonly string[] = ['link-late', 'generator-limited', 'machine-busy'];

/** What makes a trial invalid, but for what a busy machine does to a sound one. */
function faults({ invalidReasons }: TrialRecord): readonly unknown[] {
  return invalidReasons.filter(({ code }) => !ofTheMachine.includes(code));
}

function notReconciled({ reconciliation }: TrialRecord): readonly unknown[] {
  return reconciliation.filter(({ ok }) => ok !== true);
}

describe.skipIf(!(await hasLab()))('handshakes in a lab', () => {
  test('take the round trips that their standards say', async () => {
    const { stderr } = await bench.run('run', bench.file('handshakes.yaml', scenario));
    expect(stderr).not.toContain('error:');
    const { trials } = await bench.results();
    const found = rows.map(([name]) => {
      const trial = trials.find(({ variant }) => variant === `tls=${name}`)!;
      const { tls, response } = trial.latencyByConnection.new;
      return [name, roundTrips(tls), roundTrips(response)];
    });
    expect(found).toEqual(rows);
    expect(trials.map(({ latencyByConnection }) => roundTrips(latencyByConnection.new.connect))).toEqual(
      rows.map(() => 1),
    );
    expect(trials.flatMap(faults)).toEqual([]);
    expect(trials.flatMap(notReconciled)).toEqual([]);
    for (const { link, timeWait, connections } of trials) {
      // 75 requests in 1.5 s, a connection each, which the server closes first.
      expect(connections).toMatchObject({ opened: 75, firstCloser: { client: 0, server: 75, reset: 0 } });
      expect({ rst: link?.rst, entered: timeWait.server.entered }).toEqual({ rst: 0, entered: 75 });
    }
    const handshakes = Object.fromEntries(trials.map(({ variant, connections }) => [variant, connections!.tls]));
    const full = { full: 75, resumed: 0, earlyData: 0, earlyDataRejected: 0, failed: 0 };
    expect(handshakes['tls=plain']).toBeNull();
    expect([handshakes['tls=full13'], handshakes['tls=full12']]).toEqual([full, full]);
    for (const name of ['resumed13', 'early13', 'resumed12']) {
      const { full: fresh, resumed, earlyData } = handshakes[`tls=${name}`]!;
      expect(fresh + resumed).toBe(75);
      // Requests are 20 ms apart, and a session is there after 60 ms and some: the first few have none to offer.
      expect(fresh).toBeLessThanOrEqual(25);
      expect(earlyData).toBe(name === 'early13' ? resumed : 0);
    }
  });
});
