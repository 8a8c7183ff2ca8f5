/** What a trial's record holds of requests without an answer in time, of the slowest ones, and of phases that do not add up. */
import { describe, expect, it } from 'vitest';
import { readMetric } from '../../src/compare/metric.ts';
import { trialSchema } from '../../src/results/record.ts';
import { readTrialLine } from '../../src/results/trial-line.ts';
import { trialRecord } from '../../src/trial/record.ts';
import type { GeneratorReport } from '../../src/generator/messages.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { emptyEvidence } from '../../src/trial/evidence.ts';
import { slowRequest } from '../results/unanswered-fixture.ts';
import * as fixtures from './fixtures.ts';

const { generator, histogramOf } = fixtures;

function recordFrom(report: GeneratorReport | null): TrialRecord {
  const planned = { index: 0, block: 0, order: 0, variant: 'v', config: fixtures.config, seed: 1 };
  return trialRecord({
    ...emptyEvidence(planned, new Date(0).toISOString(), {
      mode: { name: 'host', fallback: null },
      limits: { openFiles: 1024, ephemeralPorts: 28_232 },
      timeWaitCounting: 'entry',
      samplerIntervalMs: 100,
    }),
    transport: { name: 'epoll', reason: null },
    serverSettings: fixtures.settings,
    measureStartNs: generator.measureStartNs,
    generator: report,
    server: fixtures.server,
    sampler: fixtures.sampler,
  });
}

const recordOf = (change: Partial<GeneratorReport>): TrialRecord => recordFrom({ ...generator, ...change });

describe('requests without an answer in time', () => {
  // 80 answered after 1 ms; 2 given up after 30 s.
  const record = recordOf({ censored: histogramOf(30e9, 2), intervals: [] });

  it('stand beside the latencies, which stay those of the answered', () => {
    expect(record.latency.response).toMatchObject({ count: 80, max: record.latency.response!.p50 });
    expect(record.censored).toMatchObject({ count: 2, atLeast: ['p99', 'p999', 'max', 'mean'] });
    expect(record.censored!.response.count).toBe(82);
    expect(readMetric(record, 'latency.response.p99').kind).toBe('bound');
    expect(readMetric(record, 'latency.response.p50')).toEqual({ kind: 'value', value: record.latency.response!.p50 });
  });

  it('survive the way through a file, on the short path and on the long one', () => {
    const line = JSON.stringify(record);
    expect(trialSchema.parse(JSON.parse(line)).censored).toEqual(record.censored);
    expect(readTrialLine(line)?.censored).toEqual(record.censored);
  });

  it('are absent where there are none, and so is the list of the slowest of nothing', () => {
    const none = recordOf({});
    expect(['censored' in none, 'slowest' in none]).toEqual([false, false]);
    const died = recordFrom(null);
    expect(['censored' in died, 'slowest' in died]).toEqual([false, false]);
  });
});

describe('the slowest requests', () => {
  it('are in the record as the client reported them, and come back from a file', () => {
    const slow = slowRequest() as GeneratorReport['slowest'][number];
    const record = recordOf({ slowest: [slow], intervals: [] });
    expect(record.slowest).toEqual([slow]);
    expect(readTrialLine(JSON.stringify(record))?.slowest).toEqual([slow]);
  });
});

describe('phases that do not add up', () => {
  it('make the trial invalid, with the first of them', () => {
    const record = recordOf({ phaseFaults: { checked: 80, faults: 3, first: 'lag -1 + service' } });
    expect(record.valid).toBe(false);
    const reason = record.invalidReasons.find(({ code }) => code === 'phases-differ');
    expect(reason?.message).toBe('in 3 of 80 requests, the first: lag -1 + service');
    expect(reason?.advice).toContain('mistake of the client');
  });

  it.each([[null], [{ checked: 80, faults: 0, first: null }]])('do not with %o', (phaseFaults) => {
    expect(recordOf({ phaseFaults }).invalidReasons.map(({ code }) => code)).not.toContain('phases-differ');
  });
});
