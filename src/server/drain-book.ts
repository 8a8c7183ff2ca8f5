/** Counts the connections of a server that leaves: how many there were, how they ended, and when the last one was gone. */
import type { CloseReason, MeasureSpan, ServerDrainCounts } from './messages.ts';

export class DrainBook {
  #measureEndNs = Infinity;
  #beganAtNs: number | null = null;
  #connections = 0;
  /** Ended before measure did. After that clients close because their load is over, which is no drain. */
  #endedInTime = 0;
  #lastEndedNs = 0;

  /** It is certain now when measure is. */
  expect({ measureEndNs }: MeasureSpan): void {
    this.#measureEndNs = measureEndNs;
  }

  /** So many connections are open, each of which is told of by `end` later. */
  begin(connections: number, nowNs: number): void {
    this.#beganAtNs = nowNs;
    this.#lastEndedNs = nowNs;
    this.#connections = connections;
  }

  /** One of them has ended. */
  end(nowNs: number): void {
    if (nowNs > this.#measureEndNs) return;
    this.#endedInTime++;
    this.#lastEndedNs = nowNs;
  }

  /** `closes`: every ended connection of the server by its reason. Null where the drain has not begun. */
  counts(closes: Readonly<Record<CloseReason, number>>): ServerDrainCounts | null {
    if (this.#beganAtNs === null) return null;
    const left = this.#connections - this.#endedInTime;
    return {
      connections: this.#connections,
      closedIdle: closes.drainIdle,
      closedAnswered: closes.drainAnswered,
      aborted: closes.drainAborted,
      left,
      durationNs: left > 0 ? null : this.#lastEndedNs - this.#beganAtNs,
    };
  }
}
