/** Each rule speaks at its threshold and is silent just below it. */
import { describe, expect, test } from 'vitest';
import type { GeneratorReport } from '../../src/generator/messages.ts';
import type { TrialConfig } from '../../src/scenario/config.ts';
import type { KernelCounters } from '../../src/samplers/messages.ts';
import { emptyEvidence, type KernelReading, type TrialEvidence } from '../../src/trial/evidence.ts';
import { trialRecord } from '../../src/trial/record.ts';
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
const longLink: TrialConfig = {
  ...config,
  network: { ...config.network, link: { ...config.network.link, rttMs: 100 } },
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
    ['820 of 1024 files', peakFds(820), 'fd-near-limit', true],
    ['819 of 1024 files', peakFds(819), 'fd-near-limit', false],
    // 80 % of 28,232 ports are 22,585.6; the client had 20 descriptors before the load.
    ['22,586 ports', held(22_580, 26), 'ports-near-limit', true],
    ['22,585 ports', held(22_580, 25), 'ports-near-limit', false],
    ['a client on node:net', { transport: { name: 'net', reason: 'no koffi' } }, 'no-ffi', true],
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
  ])('%s', (_, change, code, warned) => {
    expect(judged(change).warnings.includes(code)).toBe(warned);
  });
});

function counters(change: Record<string, number>): Change {
  return { kernelAfter: shared({ atNs: 0, counters: { ...fixtures.kernelAfter.counters, ...change } }) };
}

/** The same trial in a lab whose link delivers everything this late, with more of the server's counters at its end. */
function lab(latenessNs: number, ofServer: Readonly<Record<string, number>> = {}): Change {
  const reading = (atNs: number, ActiveOpens: number, PassiveOpens: number, TW: number): KernelCounters => ({
    atNs,
    counters: { ActiveOpens, PassiveOpens, TW },
  });
  const more = (before: KernelCounters, counters: Readonly<Record<string, number>>): KernelCounters => {
    return { ...before, counters: { ...before.counters, ...counters } };
  };
  return {
    mode: { name: 'lab', fallback: null },
    link: { ...fixtures.link, lateness: histogramOf(latenessNs, 100) },
    kernelBefore: shared(more(reading(0, 0, 0, 0), { tx_dropped: 0 })),
    kernelAfter: { client: reading(1, 10, 0, 7), server: more(reading(1, 0, 10, 3), ofServer) },
  };
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
      'a closed load that needs 94 % of the thread',
      { config: closed, ...report({ cpu: { userUs: 400_000, systemUs: 540_000 } }) },
      [],
    ],
    ['a link late by more than 1 ms', lab(1.01e6), ['link-late']],
    ['a link late by less', lab(0.99e6), []],
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
