/** Counts what became of the connections of one group of attackers. */
import { Histogram } from '../stats/histogram.ts';
import type { AttackerReport } from './messages.ts';

export class AttackTally {
  attempted = 0;
  opened = 0;
  connectFailed = 0;
  requests = 0;
  stillOpen = 0;
  readonly #closedByServer = { fin: 0, reset: 0 };
  readonly #firstCloser = { client: 0, server: 0, reset: 0 };
  readonly #statuses = new Map<number, number>();
  readonly #untilCut = new Histogram();

  /** The server ended a connection that was `ageNs` old. */
  cut(by: 'fin' | 'reset', ageNs: number): void {
    this.#closedByServer[by]++;
    this.#untilCut.record(ageNs);
  }

  /** How many the server ended. */
  get cuts(): number {
    return this.#closedByServer.fin + this.#closedByServer.reset;
  }

  ended(first: 'client' | 'server' | 'reset'): void {
    this.#firstCloser[first]++;
  }

  answered(status: number): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
  }

  report(): AttackerReport {
    const { attempted, opened, connectFailed, requests, stillOpen } = this;
    return {
      attempted,
      opened,
      connectFailed,
      requests,
      closedByServer: { ...this.#closedByServer },
      statuses: Object.fromEntries(this.#statuses),
      stillOpen,
      firstCloser: { ...this.#firstCloser },
      untilCut: this.#untilCut.toSparse(),
    };
  }
}
