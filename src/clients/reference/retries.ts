/** Which failed requests the reference client sends again (RFC 9110 section 9.2.2), and the count of those that it did. */
import type { StrategyConfig } from '../../scenario/config.ts';
import { FailureTally } from '../failure-tally.ts';
import type { FailurePhase, RetryCounts } from '../observations.ts';
import type { RequestTable } from './requests.ts';

/** Of a request whose connection was closed for another's sake: it waited behind that one for an answer. */
export const PIPELINE_CLOSED = 'PIPELINE_CLOSED';

/**
 * How a connection says that it is over, by FIN or by RST, and over TLS by close_notify. In the phases send and firstByte not a byte of the
 * response has come.
 */
const endings: ReadonlySet<string> = new Set(['NO_RESPONSE', 'ECONNRESET', 'EPIPE', 'TLS_CLOSED', PIPELINE_CLOSED]);

export class Retries {
  readonly #always: boolean;
  readonly #table: RequestTable;
  /** By alternative of the load. */
  readonly #isIdempotent: readonly boolean[];
  readonly #causes = new FailureTally();
  #measure = 0;
  #wholeTrial = 0;

  constructor(rule: NonNullable<StrategyConfig['retry']>, table: RequestTable, isIdempotent: readonly boolean[]) {
    this.#always = rule === 'always-once';
    this.#table = table;
    this.#isIdempotent = isIdempotent;
  }

  /** Whether a request that failed so goes again. Then it is counted, and the next failure is its last. */
  takes(request: number, phase: FailurePhase, code: string, reused: boolean, ageMs: number | null): boolean {
    const table = this.#table;
    if (table.isAgain[request] === 1 || !(this.#always || this.#hasDied(request, phase, code, reused))) return false;
    table.isAgain[request] = 1;
    this.#wholeTrial++;
    if (table.inMeasure[request] === 1) {
      this.#measure++;
      this.#causes.add(phase, code, reused, ageMs);
    }
    return true;
  }

  /** It may be sent again although nobody says so, and its connection, kept from earlier, ended before a byte of its response came. */
  #hasDied(request: number, phase: FailurePhase, code: string, reused: boolean): boolean {
    const isUnanswered = phase === 'send' || phase === 'firstByte';
    return reused && isUnanswered && endings.has(code) && this.#isIdempotent[this.#table.alternative[request]!]!;
  }

  report(): RetryCounts {
    return { measure: this.#measure, wholeTrial: this.#wholeTrial, causes: this.#causes.report() };
  }
}
