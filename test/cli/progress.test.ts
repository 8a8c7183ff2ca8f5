/** The progress of a run: one line that fits, drawn at most five times a second, and the cursor given back. */
import { describe, expect, test } from 'vitest';
import { clockTime, progressLine, type ProgressState } from '../../src/cli/progress-line.ts';
import { Progress, type ProgressMode } from '../../src/cli/progress.ts';
import { displayWidth } from '../../src/report/wrap.ts';
import type { LiveFigures } from '../../src/trial/dependencies.ts';
import type { PlannedTrial } from '../../src/trial/evidence.ts';
import { config } from '../trial/fixtures.ts';

const state: ProgressState = {
  trial: 3,
  trials: 12,
  variant: 'strategy=close',
  phase: 'measure',
  ratePerSecond: 498.4,
  failed: 2,
  openConnections: 32,
  leftMs: 47_200,
};

describe('the line', () => {
  test('says trial, variant, phase, rate, errors, open connections and the time left', () => {
    expect(progressLine(state, 120)).toBe('3/12 strategy=close  measure  498 req/s  2 errors  32 open  0:48 left');
  });

  test('has no rate before there is one', () => {
    const line = progressLine({ ...state, phase: 'starting', ratePerSecond: null }, 120);
    expect(line).toBe('3/12 strategy=close  starting  2 errors  32 open  0:48 left');
  });

  test.each([20, 40, 60, 79])('fits %i columns, also with a name of wide or control characters', (width) => {
    for (const variant of ['s=' + 'x'.repeat(200), '戦略=接続を閉じる'.repeat(9), 'a\u001b[2Jb\nc']) {
      const line = progressLine({ ...state, variant }, width);
      expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(line).not.toMatch(/\p{Cc}/u);
    }
  });

  test('cuts the name before the figures', () => {
    const line = progressLine({ ...state, variant: 'strategy=' + 'x'.repeat(90) }, 79);
    expect(line).toMatch(/^3\/12 strategy=x+… {2}measure {2}498 req\/s {2}2 errors {2}32 open {2}0:48 left$/);
  });

  test.each([
    [0, '0:00'],
    [1, '0:01'],
    [59_001, '1:00'],
    [3_599_000, '59:59'],
    [3_661_000, '1:01:01'],
    [-5, '0:00'],
  ])('%i ms are %s', (ms, text) => {
    expect(clockTime(ms)).toBe(text);
  });
});

describe('drawing', () => {
  // 250 ms of warm-up and 1000 ms of measure each.
  const trials: PlannedTrial[] = [0, 1].map((index) => {
    return { index, block: 0, order: index, variant: `v${index}`, config, seed: 1 };
  });
  const [first, second] = trials as [PlannedTrial, PlannedTrial];
  const figures: LiveFigures = {
    phase: 'measure',
    started: 0,
    completed: 0,
    failed: 0,
    dropped: 0,
    openConnections: 4,
  };

  function start(mode: ProgressMode): { progress: Progress; written: string[]; at: (ms: number) => void } {
    const written: string[] = [];
    let now = 0;
    const progress = new Progress(trials, 0, {
      mode,
      width: () => 100,
      write: (text) => written.push(text),
      nowMs: () => now,
    });
    return { progress, written, at: (ms) => (now = ms) };
  }

  test('on a terminal draws over the line, at most every 200 ms, and gives the cursor back once', () => {
    const { progress, written, at } = start('redraw');
    progress.onTrialStart(first);
    at(100);
    progress.onLive(first, figures);
    at(300);
    progress.onLive(first, { ...figures, completed: 50 });
    progress.clear();
    progress.clear();
    expect(written).toEqual([
      '\u001b[?25l\r\u001b[2K1/2 v0  starting  0 errors  0 open  0:06 left',
      // 50 requests in 200 ms; 2 x (1.25 s + 1.5 s of starting and stopping) - 0.3 s
      '\r\u001b[2K1/2 v0  measure  250 req/s  0 errors  4 open  0:06 left',
      '\r\u001b[2K\u001b[?25h',
    ]);
  });

  test('the time left learns from what a trial really took', () => {
    const { progress, written, at } = start('redraw');
    progress.onTrialStart(first);
    at(3250); // 2 s beyond the load
    progress.onTrialEnd(first);
    progress.onTrialStart(second);
    expect(written.at(-1)).toContain('2/2 v1  starting  0 errors  0 open  0:04 left'); // 1.25 s + 2 s, rounded up
  });

  test('elsewhere a whole line every 10 s, without control characters', () => {
    const { progress, written, at } = start('lines');
    progress.onTrialStart(first);
    at(9999);
    progress.onLive(first, figures);
    at(10_000);
    progress.onLive(first, figures);
    expect(written).toHaveLength(2);
    expect(written.join('')).toMatch(/^[\u0020-\u007e\n]+$/);
  });

  test('nothing with --quiet, but what is said is said', () => {
    const { progress, written } = start('none');
    progress.onTrialStart(first);
    progress.onLive(first, figures);
    progress.say('stopping');
    expect(written).toEqual(['stopping\n']);
  });
});
