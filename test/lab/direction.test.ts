import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Direction } from '../../src/lab/direction.ts';
import { Impairment } from '../../src/lab/impairment.ts';
import { Random } from '../../src/load/random.ts';
import type { LinkConfig } from '../../src/scenario/config.ts';
import { Histogram } from '../../src/stats/histogram.ts';
import { linkConfig } from './link-config.ts';

const slotBytes = 8;
const packetBytes = 4;

/** A direction with a clock of its own, packets that bear numbers, and a device that notes what it gets. */
class Bench {
  nowNs = 0;
  sent = 0;
  refuses = false;
  readonly got: { number: number; atNs: number }[] = [];
  readonly lateness = new Histogram();
  readonly direction: Direction;
  readonly #bytes: Uint8Array;

  constructor(parts: Partial<LinkConfig>, slots = 1000, seed = 1) {
    this.#bytes = new Uint8Array(slots * slotBytes);
    this.direction = new Direction({
      slab: { bytes: this.#bytes, slotBytes, slots },
      sink: {
        write: (start, length) => {
          if (this.refuses) return -11;
          this.got.push({ number: this.#view.getUint32(start), atNs: this.nowNs });
          return length;
        },
      },
      impairment: new Impairment(linkConfig(parts), new Random(seed)),
      clock: () => this.nowNs,
      lateness: this.lateness.counts,
    });
  }

  get #view(): DataView {
    return new DataView(this.#bytes.buffer);
  }

  send(): void {
    this.#view.setUint32(this.direction.arrivalStart, this.sent++);
    this.direction.accept(packetBytes, this.nowNs);
  }

  inject(number: number): void {
    const start = this.direction.injectionStart();
    if (start < 0) return;
    this.#view.setUint32(start, number);
    this.direction.inject(packetBytes, this.nowNs);
  }

  /** Goes to a time; on the way delivers what is due, at its time. */
  goTo(untilNs: number): void {
    while (this.direction.nextDueNs <= untilNs) {
      this.nowNs = Math.max(this.nowNs, this.direction.nextDueNs);
      this.direction.deliverDue(this.nowNs, 3);
    }
    this.nowNs = untilNs;
  }

  get numbers(): number[] {
    return this.got.map(({ number }) => number);
  }

  /** What was read and made, less what ended somewhere. */
  get unaccounted(): number {
    const { direction } = this;
    return (
      this.sent +
      direction.duplicated -
      direction.deliveredPackets -
      direction.droppedByLoss -
      direction.droppedByQueue -
      direction.droppedByMiddlebox -
      direction.droppedByDevice -
      direction.inFlight
    );
  }
}

describe('Direction', () => {
  it('writes through at once without delay', () => {
    const bench = new Bench({});
    bench.send();
    expect(bench.got).toEqual([{ number: 0, atNs: 0 }]);
    expect(bench.direction.nextDueNs).toBe(Infinity);
  });

  it('delivers in order at the due time, and records how late', () => {
    const bench = new Bench({ rttMs: 2 });
    bench.send();
    bench.goTo(400);
    bench.send();
    expect(bench.direction).toMatchObject({ nextDueNs: 1e6, inFlight: 2 });
    bench.nowNs = 1e6 - 1;
    bench.direction.deliverDue(bench.nowNs, 16);
    expect(bench.got).toEqual([]);
    bench.nowNs = 1e6 + 500;
    bench.direction.deliverDue(bench.nowNs, 16);
    expect(bench.numbers).toEqual([0, 1]);
    expect([bench.lateness.min, bench.lateness.max]).toEqual([100, 500]);
  });

  it('lets a packet overtake those that wait', () => {
    const bench = new Bench({ rttMs: 2, reorder: 1 });
    for (let index = 0; index < 3; index++) bench.send();
    expect(bench.numbers).toEqual([1, 2]);
    bench.goTo(2e6);
    expect(bench.numbers).toEqual([1, 2, 0]);
    expect(bench.direction.reordered).toBe(2);
  });

  it('delivers a doubled packet twice in a row', () => {
    const bench = new Bench({ rttMs: 2, duplicate: 1 });
    bench.send();
    bench.send();
    bench.goTo(2e6);
    expect(bench.numbers).toEqual([0, 0, 1, 1]);
    expect(bench.direction.duplicated).toBe(2);
  });

  it('drops what finds no slot, and goes on', () => {
    const bench = new Bench({ rttMs: 2 }, 3);
    for (let index = 0; index < 5; index++) bench.send();
    bench.goTo(1e6);
    expect(bench.numbers).toEqual([0, 1]);
    expect(bench.direction).toMatchObject({ droppedByQueue: 3, inFlight: 0 });
    bench.send();
    bench.goTo(2e6);
    expect(bench.numbers).toEqual([0, 1, 5]);
  });

  it('counts what the device refuses, and offers it once', () => {
    const bench = new Bench({});
    bench.refuses = true;
    bench.send();
    bench.refuses = false;
    bench.send();
    expect(bench.numbers).toEqual([1]);
    expect(bench.direction).toMatchObject({ droppedByDevice: 1, deliveredPackets: 1 });
  });

  it('keeps an injected packet in order and out of the counts', () => {
    const bench = new Bench({ rttMs: 2, duplicate: 0 });
    bench.send();
    bench.inject(77);
    bench.send();
    bench.goTo(1e6);
    expect(bench.numbers).toEqual([0, 77, 1]);
    expect(bench.direction).toMatchObject({ injected: 1, deliveredPackets: 2, deliveredBytes: 8, inFlight: 0 });
  });

  const step = fc.oneof(
    { weight: 8, arbitrary: fc.constant('send' as const) },
    { weight: 1, arbitrary: fc.constant('inject' as const) },
    { weight: 1, arbitrary: fc.constant('refuse' as const) },
    { weight: 1, arbitrary: fc.constant('toggle' as const) },
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 3_000_000 }) },
  );
  const share = fc.constantFrom(0, 0, 0.1, 0.5, 1);
  const parts = fc.record({
    rttMs: fc.constantFrom(0, 1, 4),
    jitterMs: fc.constantFrom(0, 0.5, 3),
    bandwidthBitsPerSecond: fc.constantFrom(Infinity, 32_000),
    queueBytes: fc.constantFrom(0, 8, 40),
    loss: share,
    reorder: share,
    duplicate: share,
  });

  it('accounts for every packet at every moment, and for all of them at the end', () => {
    fc.assert(
      fc.property(
        parts,
        fc.array(step, { maxLength: 120 }),
        fc.integer({ min: 2, max: 20 }),
        fc.nat(),
        (config, steps, slots, seed) => {
          const bench = new Bench(config, slots, seed);
          for (const now of steps) {
            if (now === 'send') bench.send();
            else if (now === 'inject') bench.inject(1e6);
            else if (now === 'toggle') bench.refuses = !bench.refuses;
            else if (now === 'refuse') {
              bench.sent++;
              bench.direction.refuse();
            } else bench.goTo(bench.nowNs + now);
            expect(bench.unaccounted).toBe(0);
          }
          bench.goTo(1e12);
          expect(bench.unaccounted).toBe(0);
          expect(bench.direction.inFlight).toBe(0);
        },
      ),
    );
  });

  it('keeps the order unless it was asked to reorder', () => {
    const ordered = parts.map((config) => ({ ...config, reorder: 0 }));
    fc.assert(
      fc.property(
        ordered,
        fc.array(fc.integer({ min: 0, max: 500_000 }), { maxLength: 80 }),
        fc.nat(),
        (config, gaps, seed) => {
          const bench = new Bench(config, 200, seed);
          for (const gap of gaps) {
            bench.goTo(bench.nowNs + gap);
            bench.send();
          }
          bench.goTo(1e12);
          expect(bench.numbers).toEqual(bench.numbers.toSorted((a, b) => a - b));
          expect(bench.lateness.max ?? 0).toBe(0);
        },
      ),
    );
  });
});
