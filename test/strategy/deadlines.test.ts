/** Deadlines: against a plain map of deadlines under random commands, and the promises that callers build on. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/strategy/deadlines.ts';

/** The same contract without a heap. */
interface Model {
  readonly wantedNs: Map<number, number>;
  nowNs: number;
  capacity: number;
}

type Command = fc.Command<Model, Deadlines>;

class SetDeadline implements Command {
  readonly id: number;
  readonly delayNs: number;
  constructor(id: number, delayNs: number) {
    this.id = id;
    this.delayNs = delayNs;
  }
  check(model: Readonly<Model>): boolean {
    return this.id < model.capacity;
  }
  run(model: Model, real: Deadlines): void {
    real.set(this.id, model.nowNs + this.delayNs);
    if (this.delayNs === Infinity) model.wantedNs.delete(this.id);
    else model.wantedNs.set(this.id, model.nowNs + this.delayNs);
  }
  toString(): string {
    return `set(${this.id}, now + ${this.delayNs})`;
  }
}

class Cancel implements Command {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
  check(model: Readonly<Model>): boolean {
    return this.id < model.capacity;
  }
  run(model: Model, real: Deadlines): void {
    real.cancel(this.id);
    model.wantedNs.delete(this.id);
  }
  toString(): string {
    return `cancel(${this.id})`;
  }
}

class Grow implements Command {
  readonly capacity: number;
  constructor(capacity: number) {
    this.capacity = capacity;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, real: Deadlines): void {
    real.grow(this.capacity);
    model.capacity = Math.max(model.capacity, this.capacity);
  }
  toString(): string {
    return `grow(${this.capacity})`;
  }
}

/** Lets time pass and takes everything that is due: each exactly once, none early, none left. */
class Pass implements Command {
  readonly passedNs: number;
  constructor(passedNs: number) {
    this.passedNs = passedNs;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, real: Deadlines): void {
    model.nowNs += this.passedNs;
    const { nowNs, wantedNs } = model;
    expect(real.nextNs()).toBeLessThanOrEqual(Math.min(Infinity, ...wantedNs.values()));
    const expected = [...wantedNs].filter(([, at]) => at <= nowNs).map(([id]) => id);
    const taken: number[] = [];
    for (let id = real.due(nowNs); id >= 0; id = real.due(nowNs)) {
      taken.push(id);
      wantedNs.delete(id);
    }
    expect(taken.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
    expect(real.nextNs()).toBeGreaterThan(nowNs);
  }
  toString(): string {
    return `pass(${this.passedNs})`;
  }
}

const id = fc.nat({ max: 39 });
const delayNs = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 2000 }), fc.constant(Infinity));
const commands = fc.commands(
  [
    fc.tuple(id, delayNs).map(([to, delay]) => new SetDeadline(to, delay)),
    fc.tuple(id, delayNs).map(([to, delay]) => new SetDeadline(to, delay)),
    id.map((of) => new Cancel(of)),
    fc.nat({ max: 300 }).map((time) => new Pass(time)),
    fc.integer({ min: 1, max: 40 }).map((capacity) => new Grow(capacity)),
  ],
  { maxCommands: 120 },
);

describe('Deadlines', () => {
  it('gives what a plain map of deadlines gives, whatever is set, moved, cancelled and grown', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        fc.modelRun(
          () => ({ model: { wantedNs: new Map<number, number>(), nowNs: 0, capacity: 4 }, real: new Deadlines(4) }),
          [...sequence, new Pass(0), new Pass(5000)],
        );
      }),
      { numRuns: 500 },
    );
  });

  it('is empty at first, and again when all were taken', () => {
    const deadlines = new Deadlines();
    expect([deadlines.nextNs(), deadlines.due(1e18)]).toEqual([Infinity, -1]);
    deadlines.set(3, 50);
    expect([deadlines.nextNs(), deadlines.due(49), deadlines.due(50), deadlines.due(50)]).toEqual([50, -1, 3, -1]);
    expect(deadlines.nextNs()).toBe(Infinity);
  });

  it('moves a deadline to earlier at once, to later without losing it', () => {
    const deadlines = new Deadlines();
    deadlines.set(0, 100);
    deadlines.set(0, 40);
    expect(deadlines.nextNs()).toBe(40);
    deadlines.set(0, 90);
    expect([deadlines.due(40), deadlines.nextNs(), deadlines.due(90)]).toEqual([-1, 90, 0]);
  });

  it('gives what is due in the order of the deadlines', () => {
    const deadlines = new Deadlines();
    [70, 20, 50, 10].forEach((at, number) => {
      deadlines.set(number, at);
    });
    expect([0, 1, 2, 3].map(() => deadlines.due(100))).toEqual([3, 1, 2, 0]);
  });
});
