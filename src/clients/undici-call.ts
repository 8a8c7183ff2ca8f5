/**
 * One request as undici's handler sees it (docs/docs/api/Dispatcher.md, "Parameter: DispatchHandler"). Versions up to 7 call the handlers
 * of `dispatch` without anything in between where they have the older methods; version 8 knows the newer ones only.
 */
import type { Dispatcher } from 'undici';
import type { OlderHandler } from './undici-package.ts';
import type { Attempt } from './node/node-client.ts';
import { saysClose, undiciErrorCode, type RawHeaders, type UndiciConnection } from './undici-connections.ts';

/** Hears that a request is about to be written: right after this undici publishes `undici:client:sendHeaders`, with the socket. */
export type BeforeWriting = (call: UndiciCall) => void;

/** One call of `dispatch`. */
export class UndiciCall {
  readonly attempt: Attempt;
  readonly #beforeWriting: BeforeWriting;
  readonly #isHead: boolean;
  #carrier: UndiciConnection | null = null;
  #abort: ((reason: Error) => void) | null = null;
  #status = 0;
  #abandoned = false;
  #isWritten = false;
  #hasEnded = false;

  constructor(attempt: Attempt, isHead: boolean, beforeWriting: BeforeWriting) {
    this.attempt = attempt;
    this.#isHead = isHead;
    this.#beforeWriting = beforeWriting;
  }

  /** Lets go of it as an aborted signal does: undici drops it at once where it is written, else when its turn comes. */
  abandon(): void {
    this.#abandoned = true;
    this.#abort?.(new Error('abandoned'));
  }

  /** Undici took it up, on a connection that is there. */
  begins(abort: (reason: Error) => void): void {
    this.#abort = abort;
    if (this.#abandoned) {
      abort(new Error('abandoned'));
      return;
    }
    // A RetryAgent sends it again, or undici itself what was behind a request with which a connection died.
    if (this.#isWritten) this.attempt.again();
    this.#isWritten = false;
    this.#beforeWriting(this);
  }

  /** The connection that it is written on. */
  isWrittenOn(carrier: UndiciConnection): void {
    this.#carrier = carrier;
    carrier.isGiven(this.attempt, this.#isHead);
  }

  written(): void {
    this.#isWritten = true;
    if (!this.#abandoned) this.attempt.written();
  }

  firstByte(): void {
    if (!this.#abandoned) this.attempt.firstByte();
  }

  /** A head is there, of the response or of an interim one. */
  head(status: number, headers: RawHeaders): void {
    if (status < 200) return;
    this.isAnsweredWith(headers);
    this.response(status);
  }

  /** What its connection carries back says whether that goes on. */
  isAnsweredWith(headers: RawHeaders): void {
    if (this.#carrier !== null) this.#carrier.saidClose = saysClose(headers);
  }

  /** The response has begun. */
  response(status: number): void {
    this.firstByte();
    this.#status = status;
  }

  answered(): void {
    if (!this.#abandoned) this.attempt.answered(this.#status);
  }

  /** The program has the response and does not read it. */
  leaked(): void {
    if (this.#abandoned) return;
    this.attempt.leaked();
    if (this.#hasEnded) this.attempt.released();
  }

  /** Undici has taken in the whole of a response that nobody reads, before the program had it or later. */
  ended(): void {
    this.#hasEnded = true;
    this.attempt.released();
  }

  failed(error: NodeJS.ErrnoException): void {
    if (!this.#abandoned) this.attempt.failed(undiciErrorCode(error));
  }
}

/** The methods that undici calls up to version 7. */
export function olderHandler(call: UndiciCall): OlderHandler {
  return {
    onConnect: (abort) => {
      call.begins(abort);
    },
    onResponseStarted: () => {
      call.firstByte();
    },
    onHeaders: (status, headers) => {
      call.head(status, headers);
      return true;
    },
    onData: () => true,
    onComplete: () => {
      call.answered();
    },
    onError: (error) => {
      call.failed(error);
    },
  };
}

/** The methods that undici calls from version 7 on, and version 8 only. */
export function newerHandler(call: UndiciCall): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller) => {
      call.begins((reason) => {
        controller.abort(reason);
      });
    },
    onResponseStart: ({ rawHeaders }, status) => {
      call.head(status, rawList(rawHeaders));
    },
    onResponseData: () => undefined,
    onResponseEnd: () => {
      call.answered();
    },
    onResponseError: (_controller, error) => {
      call.failed(error);
    },
  };
}

/** Names and values in turn; none where undici has made a map of them. */
export function rawList(headers: Dispatcher.DispatchController['rawHeaders']): RawHeaders {
  return Array.isArray(headers) ? headers : [];
}
