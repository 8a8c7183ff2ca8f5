/** The recorder where warm-up ends when the load is steady: its intervals, who hears of them, and where measure begins. */
import { describe, expect, it } from 'vitest';
import { createLiveCounts } from '../../src/clients/live.ts';
import { Recorder } from '../../src/clients/recorder.ts';
import type { SparseCounts } from '../../src/stats/histogram.ts';
import { countOf } from './consistency.ts';

const second = 1e9;

/** One completed request, `endNs` after its intended start. */
function complete(recorder: Recorder, inMeasure: number, endNs = 5): void {
  recorder.scheduled(inMeasure);
  recorder.started(inMeasure, 0);
  recorder.completed(inMeasure, 0, 0, 0, 0, 0, 0, 0, endNs, 200);
}

describe('measure that begins earlier than planned', () => {
  const told: SparseCounts[] = [];
  /** Planned: 3.5 s of warm-up in intervals of half a second, then measure. */
  const recorderThatWaits = (measureSeconds = 10): Recorder => {
    told.length = 0;
    const measureStartNs = 3.5 * second;
    const window = { startNs: 0, measureStartNs, measureEndNs: measureStartNs + measureSeconds * second };
    const warmUp = { intervalNs: second / 2, tell: (response: SparseCounts) => void told.push(response) };
    return new Recorder(window, createLiveCounts(), { warmUp });
  };
  const startsOf = (recorder: Recorder): number[] => recorder.report().intervals.map(({ startMs }) => startMs);

  it('tells of each interval of warm-up in turn, and of none of measure', () => {
    const recorder = recorderThatWaits();
    complete(recorder, 0, 100);
    recorder.endInterval(0.5 * second);
    recorder.endInterval(1.6 * second);
    expect(told.map(countOf)).toEqual([1, 0, 0]);
    expect(recorder.beginMeasureAt(2 * second)).toBe(1.5 * second);
    complete(recorder, 0, 100);
    recorder.endInterval(9 * second);
    complete(recorder, 1, 100);
    expect(told.map(countOf)).toEqual([1, 0, 0, 1]);
    expect(startsOf(recorder).slice(0, 6)).toEqual([-2000, -1500, -1000, -500, 0, 1000]);
  });

  it('begins as planned where nobody says otherwise', () => {
    const recorder = recorderThatWaits();
    recorder.endInterval(5.5 * second);
    expect(told).toHaveLength(7);
    complete(recorder, 1);
    expect(startsOf(recorder)).toEqual([-3500, -3000, -2500, -2000, -1500, -1000, -500, 0, 1000, 2000]);
  });

  it('long measures have long intervals, which the warm-up does not have', () => {
    const recorder = recorderThatWaits(1800);
    recorder.beginMeasureAt(1 * second);
    recorder.endInterval(8 * second);
    complete(recorder, 1);
    expect(startsOf(recorder)).toEqual([-1000, -500, 0, 3000, 6000]);
  });
});
