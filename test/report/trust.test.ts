import { describe, expect, test } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { trustOf } from '../../src/report/trust.ts';
import type { RunResults } from '../../src/report/variant-figures.ts';
import { figuresByVariant } from '../../src/report/variant-figures.ts';
import { header, trial, variant } from '../results/fixtures.ts';

const selfCheck = (cpuShare: number, otherShare: number | null): NonNullable<TrialRecord['selfCheck']> => ({
  generator: {
    occupancy: cpuShare,
    cpuShare,
    runDelayShare: 0.01,
    meanWaitMs: 0.03,
    gcShare: 0,
    gcLongestMs: 0,
    workers: [],
  },
  server: {
    cpuShare: 0.451,
    runDelayShare: 0,
    meanWaitMs: 0,
    gcShare: null,
    gcLongestMs: null,
    seconds: [],
    eventLoop: [],
  },
  machine: {
    processors: 2,
    stealShare: 0,
    otherShare,
    idleShare: 0.5,
    pressureShare: null,
    clockStepMs: 0,
    seconds: [],
  },
  rate: [],
  connections: { requested: null, peakOpen: 8 },
});

const hostile = 'kept\u001b[31m';
const a = variant('a', { strategy: 'a' });
const b = variant(hostile, { strategy: hostile });
const planned = (index: number, name: string) => ({ index, variant: name, block: 0, order: index });

function run(ofA: Partial<TrialRecord>, ofB: Partial<TrialRecord>): RunResults {
  const trials = [trial(planned(0, a.name), a, { overrides: ofA }), trial(planned(1, b.name), b, { overrides: ofB })];
  return { header: header({ variants: [a, b] }), trials, footer: null };
}
const trustIn = (results: RunResults) => trustOf(figuresByVariant(results));
const invalid = { valid: false, invalidReasons: [{ code: 'generator-limited', message: 'm', advice: 'Free a core.' }] };

describe('trust', () => {
  test('nothing is said of trials that did not watch themselves', () => {
    expect(trustIn(run({}, {}))).toBeNull();
  });

  test('the worst of all trials, where none is in doubt', () => {
    const trust = trustIn(run({ selfCheck: selfCheck(0.1, 0.02) }, { selfCheck: selfCheck(0.2, null) }));
    expect(trust).toEqual({
      summary:
        'Yes: in 2 valid trials the generator ran for at most 20 % of the time, the server for 45 %, other programs used 2 % of the processors and the hypervisor 0 %.',
      doubts: [],
    });
  });

  test('invalid trials are in no figure, and every doubtful variant has its line', () => {
    const warnings = [
      { code: 'server-saturated', message: 'm', advice: 'x' },
      { code: 'few-samples', message: 'm', advice: 'x' },
    ];
    const trust = trustIn(
      run({ selfCheck: selfCheck(0.99, 0.9), ...invalid }, { selfCheck: selfCheck(0.2, 0), warnings }),
    );
    expect(trust?.summary).toMatch(/^Not all: in the only valid trial the generator ran for at most 20 %/);
    expect(trust?.doubts).toEqual([
      { variant: 'a', text: '1 of 1 trial invalid (generator-limited)' },
      { variant: hostile, text: 'server-saturated' },
    ]);
  });

  test('a terminal shows it within 80 columns, with no control character and with what to change', () => {
    const warnings = [{ code: 'machine-busy', message: 'm', advice: 'x' }];
    const text = renderTerminal(
      run({ selfCheck: selfCheck(0.9, 0), ...invalid }, { selfCheck: selfCheck(0.2, 0), warnings }),
    );
    expect(text).toContain('Can these figures be trusted?\n  Not all: ');
    expect(text).toContain('    > Free a core.');
    expect(text).not.toContain('\u001b');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('no figure is trusted where every trial is invalid', () => {
    const all = { selfCheck: selfCheck(0.9, 0), ...invalid };
    expect(trustIn(run(all, all))?.summary).toBe('No: every trial is invalid.');
  });
});
