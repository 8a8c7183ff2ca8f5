/** The queue of due things: order, ties, and a comparison with a sorted list. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueQueue } from '../../src/load/due-queue.ts';

function drain(queue: DueQueue): [number, number][] {
  const order: [number, number][] = [];
  while (queue.next >= 0) {
    const { nextNs } = queue;
    order.push([queue.pop(), nextNs]);
  }
  return order;
}

describe('DueQueue', () => {
  it('is empty at first, and after the last', () => {
    const queue = new DueQueue(2);
    expect([queue.next, queue.nextNs, queue.size, queue.pop()]).toEqual([-1, Infinity, 0, -1]);
    queue.push(1, 5);
    expect([queue.next, queue.nextNs, queue.size]).toEqual([1, 5, 1]);
    expect([queue.pop(), queue.next, queue.nextNs, queue.size]).toEqual([1, -1, Infinity, 0]);
    expect(new DueQueue(0).pop()).toBe(-1);
  });

  it('things that come in order of their times leave in the order in which they came, also at equal times', () => {
    const queue = new DueQueue(5);
    for (const [thing, dueNs] of [[3, 10], [0, 10], [4, 10], [1, 12]] as const) queue.push(thing, dueNs); // prettier-ignore
    expect(drain(queue)).toEqual([[3, 10], [0, 10], [4, 10], [1, 12]]); // prettier-ignore
  });

  it('lets a thing overtake', () => {
    const queue = new DueQueue(4);
    for (const [thing, dueNs] of [[0, 100], [1, 30], [2, 200], [3, 20]] as const) queue.push(thing, dueNs); // prettier-ignore
    expect(drain(queue)).toEqual([[3, 20], [1, 30], [0, 100], [2, 200]]); // prettier-ignore
  });

  it('does what a sorted list would do, whatever comes and goes', () => {
    const step = fc.oneof(fc.constant(null), fc.nat({ max: 50 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 400 }), (capacity, steps) => {
        const queue = new DueQueue(capacity);
        const waiting = new Map<number, number>();
        for (const dueNs of steps) {
          const absent = Array.from({ length: capacity }, (_, thing) => thing).find((thing) => !waiting.has(thing));
          if (dueNs !== null && absent !== undefined) {
            queue.push(absent, dueNs);
            waiting.set(absent, dueNs);
          } else if (waiting.size > 0) {
            const earliest = Math.min(...waiting.values());
            expect(queue.nextNs).toBe(earliest);
            const thing = queue.pop();
            expect(waiting.get(thing)).toBe(earliest);
            waiting.delete(thing);
          }
          expect([queue.size, queue.nextNs]).toEqual([waiting.size, Math.min(...waiting.values())]);
          expect(queue.next === -1 ? Infinity : waiting.get(queue.next)).toBe(queue.nextNs);
        }
        const left = drain(queue);
        expect(left.map(([, dueNs]) => dueNs)).toEqual([...waiting.values()].sort((a, b) => a - b));
        expect(left.map(([thing]) => thing).sort((a, b) => a - b)).toEqual([...waiting.keys()].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });
});
