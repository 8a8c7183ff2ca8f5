/**
 * Notes the slowest requests of the reference client with what happened on their connections. Hot: for nearly every request it is one
 * comparison.
 */
import { isTimeout, type FailurePhase } from '../observations.ts';
import {
  connectionFates,
  connectionOrigins,
  unknown,
  type ConnectionFate,
  type ConnectionOrigin,
  type SlowestLog,
} from '../slowest.ts';
import { CONNECTING, HANDSHAKING, NO_CONNECTION, RECEIVING, type ConnectionTable } from './connections.ts';
import type { RequestTable } from './requests.ts';

/** The last phase that a request reached. */
type Reached = 'queue' | 'connect' | 'tls' | 'firstByte' | 'download';

export class SlowRequests {
  readonly #log: SlowestLog;
  readonly #requests: RequestTable;
  readonly #connections: ConnectionTable;

  constructor(log: SlowestLog, requests: RequestTable, connections: ConnectionTable) {
    this.#log = log;
    this.#requests = requests;
    this.#connections = connections;
  }

  /** Before the connection is given back. `closes`: the answer, or the strategy, ends the connection. */
  answered(request: number, slot: number, nowNs: number, status: number, closes: boolean): void {
    if (!this.#admits(request, nowNs)) return;
    const row = this.#add(request, slot, 'download', nowNs);
    const finSeen = this.#connections.finSeen[slot] === 1;
    this.#log.status[row] = status;
    this.#end(row, null, finSeen ? 'serverClosed' : closes ? 'closing' : 'kept');
  }

  /** A request came to nothing; `slot` is still its connection's, or NO_CONNECTION. */
  failed(request: number, slot: number, phase: FailurePhase, code: string, nowNs: number): void {
    if (!this.#admits(request, nowNs)) return;
    const row = this.#add(request, slot, phase === 'send' ? 'firstByte' : phase, nowNs);
    this.#end(row, code, slot === NO_CONNECTION ? 'none' : this.#fateOf(slot, code));
  }

  /** A request is given up because the trial is over; its connection is still as it was. */
  abandoned(request: number, slot: number, nowNs: number): void {
    if (!this.#admits(request, nowNs)) return;
    const row = this.#add(request, slot, this.#reachedOn(slot), nowNs);
    this.#end(row, 'ABANDONED', slot === NO_CONNECTION ? 'none' : 'unfinished');
  }

  #admits(request: number, nowNs: number): boolean {
    return this.#requests.inMeasure[request] === 1 && this.#log.admits(nowNs - this.#requests.intendedNs[request]!);
  }

  #reachedOn(slot: number): Reached {
    if (slot === NO_CONNECTION) return 'queue';
    const state = this.#connections.state[slot];
    if (state === CONNECTING) return 'connect';
    if (state === HANDSHAKING) return 'tls';
    return state === RECEIVING ? 'download' : 'firstByte';
  }

  #fateOf(slot: number, code: string): ConnectionFate {
    if (isTimeout(code)) return 'timeout';
    if (code === 'ECONNRESET' || code === 'EPIPE') return 'reset';
    return this.#connections.finSeen[slot] === 1 ? 'serverClosed' : 'error';
  }

  #add(request: number, slot: number, reached: Reached, nowNs: number): number {
    const { intendedNs, startNs, assignedNs, sentNs, user } = this.#requests;
    const log = this.#log;
    const row = log.add(nowNs - intendedNs[request]!);
    log.intendedNs[row] = intendedNs[request]!;
    log.user[row] = user[request]!;
    log.lagNs[row] = startNs[request]! - intendedNs[request]!;
    const assigned = reached === 'queue' ? nowNs : assignedNs[request]!;
    log.connectionWaitNs[row] = assigned - startNs[request]!;
    const isSent = reached === 'firstByte' || reached === 'download';
    const sent = isSent ? sentNs[request]! : nowNs;
    const isNew = slot !== NO_CONNECTION && this.#connections.reused[slot] === 0;
    const connected = isNew && (isSent || reached === 'tls') ? this.#connections.openedNs[slot]! : sent;
    log.connectNs[row] = connected - assigned;
    log.tlsNs[row] = sent - connected;
    const firstByte = reached === 'download' ? this.#connections.firstByteNs[slot]! : nowNs;
    log.firstByteNs[row] = firstByte - sent;
    log.downloadNs[row] = nowNs - firstByte;
    log.status[row] = unknown;
    this.#describeConnection(row, request, slot, reached, assigned);
    return row;
  }

  #describeConnection(row: number, request: number, slot: number, reached: Reached, assignedNs: number): void {
    const log = this.#log;
    const connections = this.#connections;
    log.use[row] = unknown;
    log.ageNs[row] = unknown;
    log.idleNs[row] = unknown;
    let origin: ConnectionOrigin = 'none';
    if (slot !== NO_CONNECTION) {
      log.use[row] = connections.answered[slot]! + this.#requests.ahead[request]! + 1;
      const idleNs = assignedNs - connections.freedNs[slot]!;
      if (connections.reused[slot] === 0) origin = 'opened';
      else if (connections.answered[slot] === 0) origin = 'openedAhead';
      else origin = idleNs === 0 ? 'handedOver' : idleNs < 0 ? 'pipelined' : 'reused';
      // The connection of a request for which it was opened is as old as nothing when it is established.
      if (reached !== 'connect') log.ageNs[row] = Math.max(0, assignedNs - connections.openedNs[slot]!);
      if (origin === 'reused' || origin === 'openedAhead') log.idleNs[row] = idleNs;
    }
    log.origin[row] = connectionOrigins.indexOf(origin);
  }

  #end(row: number, code: string | null, fate: ConnectionFate): void {
    this.#log.code[row] = code;
    this.#log.fate[row] = connectionFates.indexOf(fate);
  }
}
