/** One attempt of a request as the runner follows it: what it was planned as, what its connection was, and what became of it. */
import { nowNs } from '../../kernel/clock.ts';
import type { FailurePhase } from '../observations.ts';
import type { ConnectionOrigin } from '../slowest.ts';
import type { Attempt } from './node-client.ts';
import type { NodeConnection } from './node-connection.ts';

/** A request as the load has it. Times are CLOCK_MONOTONIC ns. */
export interface PlannedRequest {
  readonly intendedNs: number;
  /** When it was started, the first time. */
  readonly startNs: number;
  readonly inMeasure: number;
  /** Within this worker; 0 in the open model. */
  readonly user: number;
  readonly owner: number;
  readonly alternative: number;
  readonly leaks: boolean;
  readonly number: string | null;
}

/** Who is told what becomes of an attempt. */
export interface AttemptSink {
  connectionKnown(request: NodeRequest): void;
  written(request: NodeRequest): void;
  sentAgain(request: NodeRequest): void;
  answered(request: NodeRequest, status: number, nowNs: number): void;
  leaked(request: NodeRequest, nowNs: number): void;
  /** A leak came to an end: its connection is closed, or was given back. */
  released(request: NodeRequest): void;
  failed(request: NodeRequest, code: string, nowNs: number): void;
}

export class NodeRequest implements Attempt {
  readonly plan: PlannedRequest;
  /** The number by which its deadline is kept. */
  readonly slot: number;
  /** It is the second attempt. */
  readonly isRetry: boolean;
  connection: NodeConnection | null = null;
  /** 0 where the connection was opened meanwhile and this is its first request, else 1. */
  reused: 0 | 1 = 0;
  origin: ConnectionOrigin = 'none';
  /** The number of this request on its connection, from 1. */
  use = 0;
  /** Of the connection when it was given to this request; null where it was not established, or not idle. */
  ageNs: number | null = null;
  idleNs: number | null = null;
  firstByteNs: number | null = null;
  isOver = false;
  /** Set when it was started; what is abandoned before is over. */
  abandon: () => void = () => undefined;
  readonly #sink: AttemptSink;
  readonly #startNs: number;
  #assignedNs = 0;
  #isWritten = false;

  /** `startNs`: when this attempt starts. */
  constructor(plan: PlannedRequest, slot: number, isRetry: boolean, startNs: number, sink: AttemptSink) {
    this.plan = plan;
    this.slot = slot;
    this.isRetry = isRetry;
    this.#startNs = startNs;
    this.#sink = sink;
  }

  get alternative(): number {
    return this.plan.alternative;
  }

  get owner(): number {
    return this.plan.owner;
  }

  get leaks(): boolean {
    return this.plan.leaks;
  }

  get number(): string | null {
    return this.plan.number;
  }

  onConnection(connection: NodeConnection): void {
    if (this.isOver || connection === this.connection) return;
    if (this.connection !== null) this.connection.given--;
    const now = nowNs();
    const { readyNs, openingNs, freedNs } = connection;
    this.connection = connection;
    this.use = ++connection.given;
    const wasThere = readyNs !== null && readyNs < this.#startNs;
    this.reused = this.use > 1 || wasThere ? 1 : 0;
    this.#assignedNs = this.reused === 0 ? Math.min(now, Math.max(this.#startNs, openingNs)) : now;
    this.ageNs = wasThere ? Math.max(0, now - (connection.establishedNs ?? readyNs)) : readyNs === null ? null : 0;
    this.#describe(wasThere ? now - (freedNs ?? readyNs) : null);
    this.#sink.connectionKnown(this);
  }

  /** `idleNs`: since the connection was last used or opened; null where it was opened for this request, or for another one just now. */
  #describe(idleNs: number | null): void {
    if (this.reused === 0) this.origin = 'opened';
    else if (this.use === 1) this.origin = 'openedAhead';
    else this.origin = idleNs === null || this.#isHandedOver() ? 'handedOver' : 'reused';
    this.idleNs = this.origin === 'reused' || this.origin === 'openedAhead' ? idleNs : null;
  }

  /** It waited for the connection that another request was still using when this one started. */
  #isHandedOver(): boolean {
    return (this.connection?.freedNs ?? 0) >= this.#startNs || this.use - 1 > (this.connection?.answered ?? 0);
  }

  /** When its connection was there, or its opening began. Of an opening that another request shares it waits for the end. */
  get assignedNs(): number {
    return this.reused === 0 ? this.#assignedNs : Math.max(this.#assignedNs, this.connection?.readyNs ?? 0);
  }

  /** When writing could begin; `atMostNs` where it has not. */
  sentNs(atMostNs: number): number {
    return Math.max(this.assignedNs, this.connection?.readyNs ?? atMostNs);
  }

  /** When TCP was established; `atMostNs` where it was not. */
  connectedNs(atMostNs: number): number {
    const sentNs = this.sentNs(atMostNs);
    return Math.min(sentNs, Math.max(this.assignedNs, this.connection?.establishedNs ?? atMostNs));
  }

  /** Where it is, or was when it failed. */
  get phase(): FailurePhase {
    if (this.connection === null) return 'queue';
    if (this.connection.readyNs === null) return 'connect';
    if (this.firstByteNs !== null) return 'download';
    return this.#isWritten ? 'firstByte' : 'send';
  }

  written(): void {
    if (this.isOver || this.#isWritten) return;
    this.#isWritten = true;
    this.#sink.written(this);
  }

  again(): void {
    if (this.isOver) return;
    this.#isWritten = false;
    this.firstByteNs = null;
    this.#sink.sentAgain(this);
  }

  firstByte(): void {
    if (!this.isOver) this.firstByteNs ??= nowNs();
  }

  answered(status: number): void {
    if (this.isOver) return;
    if (this.connection === null) throw new Error('a client reports an answer without a connection');
    const now = nowNs();
    this.written();
    this.firstByteNs ??= now;
    this.connection.answered++;
    this.#sink.answered(this, status, now);
    this.connection.freedNs = now;
  }

  leaked(): void {
    const { connection } = this;
    if (this.isOver) return;
    if (connection === null) throw new Error('a client reports a response without a connection');
    const now = nowNs();
    this.written();
    connection.holder = this;
    this.#sink.leaked(this, now);
  }

  released(): void {
    const { connection } = this;
    if (connection?.holder !== this) return;
    connection.holder = null;
    connection.freedNs = nowNs();
    this.#sink.released(this);
  }

  failed(code: string): void {
    if (!this.isOver) this.#sink.failed(this, code, nowNs());
  }
}
