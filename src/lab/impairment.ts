/**
 * What one direction of the link does to a packet: lose it, drop it at a full queue, double it, let it overtake, and when it is due.
 * Pure: time is an argument, chance is seeded. Hot: `admit` allocates nothing; its answer is in fields until the next call.
 *
 * In this order: loss; the bottleneck (serialisation at the bandwidth, with a queue in bytes before it and tail drop); the way (half a
 * round trip, and jitter that never overtakes); doubling after the bottleneck, so that a copy takes no bandwidth.
 */
import type { Random } from '../load/random.ts';
import type { LinkConfig } from '../scenario/config.ts';

export type Admission = 'pass' | 'lost' | 'queueFull';

export class Impairment {
  /** When the packet that passed is due, in ns; not before that of the packet before it, unless it overtakes. */
  dueNs = 0;
  /** It is due now, before packets that wait. */
  overtakes = false;
  /** A second copy follows it, due at the same time. */
  isDoubled = false;
  /** Most bytes that waited for the bandwidth at once, with the packet that came last. */
  peakQueueBytes = 0;
  /** Way of a packet without waiting or jitter, ns. */
  readonly oneWayNs: number;
  readonly #jitterNs: number;
  readonly #nsPerByte: number;
  readonly #queueBytes: number;
  readonly #loss: number;
  readonly #reorder: number;
  readonly #duplicate: number;
  readonly #lossDraws: Random;
  readonly #reorderDraws: Random;
  readonly #duplicateDraws: Random;
  readonly #jitterDraws: Random;
  /** When the bottleneck has sent all that it was given. */
  #busyUntilNs = 0;
  #lastDueNs = 0;

  /** `random`: of this direction alone. Each kind of chance has its own stream, so that switching one on does not change the others. */
  constructor(config: LinkConfig, random: Random) {
    this.oneWayNs = (config.rttMs / 2) * 1e6;
    this.#jitterNs = config.jitterMs * 1e6;
    this.#nsPerByte = 8e9 / config.bandwidthBitsPerSecond;
    this.#queueBytes = config.queueBytes;
    this.#loss = config.loss;
    this.#reorder = config.reorder;
    this.#duplicate = config.duplicate;
    this.#lossDraws = random.fork(0);
    this.#reorderDraws = random.fork(1);
    this.#duplicateDraws = random.fork(2);
    this.#jitterDraws = random.fork(3);
  }

  /** Decides about a packet that arrives now. `isAnyWaiting`: whether there are packets that it could overtake. */
  admit(nowNs: number, bytes: number, isAnyWaiting: boolean): Admission {
    if (this.#loss > 0 && this.#lossDraws.nextUnit() < this.#loss) return 'lost';
    const sentNs = this.#nsPerByte > 0 ? this.#throughBottleneck(nowNs, bytes) : nowNs;
    if (sentNs < 0) return 'queueFull';
    this.isDoubled = this.#duplicate > 0 && this.#duplicateDraws.nextUnit() < this.#duplicate;
    const isChosen = this.#reorder > 0 && this.#reorderDraws.nextUnit() < this.#reorder;
    const jitterNs = this.#jitterNs > 0 ? this.#jitterDraws.nextUnit() * this.#jitterNs : 0;
    this.overtakes = isChosen && isAnyWaiting;
    this.dueNs = this.overtakes ? nowNs : this.inOrder(sentNs + this.oneWayNs + jitterNs);
    return 'pass';
  }

  /** `dueNs`, or later where the packet before is due later. */
  inOrder(dueNs: number): number {
    this.#lastDueNs = Math.max(this.#lastDueNs, dueNs);
    return this.#lastDueNs;
  }

  /**
   * When the last bit of the packet has left the bottleneck; -1 where its queue is full. The queue is what the bottleneck has still to
   * send, the rest of the packet under way included. A packet that finds it idle does not wait, however short the queue.
   */
  #throughBottleneck(nowNs: number, bytes: number): number {
    const waitNs = Math.max(0, this.#busyUntilNs - nowNs);
    if (waitNs > 0) {
      const queueBytes = waitNs / this.#nsPerByte + bytes;
      if (queueBytes > this.#queueBytes) return -1;
      if (queueBytes > this.peakQueueBytes) this.peakQueueBytes = queueBytes;
    }
    this.#busyUntilNs = nowNs + waitNs + bytes * this.#nsPerByte;
    return this.#busyUntilNs;
  }
}
