/** Notes the slowest requests of a Node client with what happened on their connections. For nearly every request it is one comparison. */
import { isTimeout } from '../observations.ts';
import { connectionFates, connectionOrigins, unknown, type ConnectionFate, type SlowestLog } from '../slowest.ts';
import type { NodeRequest } from './node-request.ts';

export class SlowNodeRequests {
  readonly #log: SlowestLog;

  constructor(log: SlowestLog) {
    this.#log = log;
  }

  answered(request: NodeRequest, status: number, nowNs: number): void {
    if (!this.#admits(request, nowNs)) return;
    const { connection } = request;
    const ends = connection !== null && connection.reason !== null;
    const row = this.#add(request, nowNs, connection?.endSeen === true ? 'serverClosed' : ends ? 'closing' : 'kept');
    this.#log.status[row] = status;
    this.#log.code[row] = null;
  }

  failed(request: NodeRequest, code: string, nowNs: number): void {
    if (!this.#admits(request, nowNs)) return;
    this.#log.code[this.#add(request, nowNs, fateOf(request, code))] = code;
  }

  abandoned(request: NodeRequest, nowNs: number): void {
    if (!this.#admits(request, nowNs)) return;
    const row = this.#add(request, nowNs, request.connection === null ? 'none' : 'unfinished');
    this.#log.code[row] = 'ABANDONED';
  }

  #admits({ plan }: NodeRequest, nowNs: number): boolean {
    return plan.inMeasure === 1 && this.#log.admits(nowNs - plan.intendedNs);
  }

  /** Each instant that was not reached is the last one. */
  #add(request: NodeRequest, nowNs: number, fate: ConnectionFate): number {
    const log = this.#log;
    const { plan, connection, firstByteNs, reused, ageNs, idleNs } = request;
    const row = log.add(nowNs - plan.intendedNs);
    const assigned = connection === null ? nowNs : Math.min(nowNs, request.assignedNs);
    const sent = connection === null ? nowNs : Math.min(nowNs, request.sentNs(nowNs));
    const connected = connection === null || reused === 1 ? sent : Math.min(sent, request.connectedNs(nowNs));
    const firstByte = firstByteNs ?? nowNs;
    log.intendedNs[row] = plan.intendedNs;
    log.user[row] = plan.user;
    log.lagNs[row] = plan.startNs - plan.intendedNs;
    log.connectionWaitNs[row] = (reused === 1 ? sent : assigned) - plan.startNs;
    log.connectNs[row] = reused === 1 ? 0 : connected - assigned;
    log.tlsNs[row] = sent - connected;
    log.firstByteNs[row] = firstByte - sent;
    log.downloadNs[row] = nowNs - firstByte;
    log.status[row] = unknown;
    log.use[row] = connection === null ? unknown : request.use;
    log.ageNs[row] = ageNs ?? unknown;
    log.idleNs[row] = idleNs ?? unknown;
    log.origin[row] = connectionOrigins.indexOf(request.origin);
    log.fate[row] = connectionFates.indexOf(fate);
    return row;
  }
}

function fateOf({ connection }: NodeRequest, code: string): ConnectionFate {
  if (connection === null) return 'none';
  if (isTimeout(code)) return 'timeout';
  if (connection.endSeen || connection.ending === 'server') return 'serverClosed';
  return connection.ending === 'reset' ? 'reset' : 'error';
}
