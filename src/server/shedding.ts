/** Decides whether a server has so many connections, or descriptors, that its responses are to relieve it. */
import { nowNs } from '../kernel/clock.ts';
import type { ShedConfig } from '../scenario/policy-config.ts';
import { openDescriptors } from './descriptors.ts';

/** How long a count of the descriptors that are no connections is good for: it costs a system call per descriptor. */
const countedForNs = 1e9;

export class Shedding {
  readonly #above: number;
  readonly #countsDescriptors: boolean;
  /** Descriptors that are no open connection, as last counted. */
  #others = 0;
  #countedAtNs = -Infinity;

  constructor({ above, of }: Pick<ShedConfig, 'above' | 'of'>) {
    this.#above = above;
    this.#countsDescriptors = of === 'fds';
  }

  /** With so many connections open. */
  isAbove(open: number): boolean {
    return (this.#countsDescriptors ? open + this.#otherDescriptors(open) : open) > this.#above;
  }

  #otherDescriptors(open: number): number {
    const now = nowNs();
    if (now - this.#countedAtNs < countedForNs) return this.#others;
    this.#countedAtNs = now;
    try {
      this.#others = Math.max(0, openDescriptors() - open);
    } catch {
      // None is left to look with: the last count stands.
    }
    return this.#others;
  }
}
