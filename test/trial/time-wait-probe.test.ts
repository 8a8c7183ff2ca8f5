/** The probe's judgement, and that it runs against this kernel. */
import { describe, expect, test } from 'vitest';
import type { KernelCounters } from '../../src/samplers/messages.ts';
import { judgeGrowths, probeTimeWaitCounting } from '../../src/trial/time-wait-probe.ts';

describe('growth of TW while 16 connections were closed', () => {
  test.each([
    [[16, 16], 'entry'],
    [[16, 31], 'entry'],
    [[0, 0], 'expiry'],
    [[3, 15], 'expiry'], // others that ended just then
    [[16, 0], 'unknown'],
    [[16, 32], 'unknown'], // somebody else closed as many
  ])('%j: %s', (growths, verdict) => {
    expect(judgeGrowths(growths)).toBe(verdict);
  });
});

/** A kernel whose TW grows by `step` from one reading to the next. */
function kernelWith(step: number): () => KernelCounters {
  let TW = 1000;
  return () => ({ atNs: 0, counters: { TW: (TW += step) } });
}

test.each([
  [16, 'entry'],
  [0, 'expiry'],
] as const)('a counter that grows by %i per round means %s', async (step, verdict) => {
  expect(await probeTimeWaitCounting(kernelWith(step))).toBe(verdict);
});

test('without counters it is unknown', async () => {
  expect(await probeTimeWaitCounting(() => ({ missing: 'needs Linux' }))).toBe('unknown');
});
