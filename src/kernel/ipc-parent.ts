/** The controller as a process that it forked sees it: messages, what breaks, the last word, and an end that comes with the controller's. */
import { dieWithParent } from './parent-death.ts';

/** The last word of a process that something has broken. */
interface Failure {
  readonly type: 'failed';
  readonly code: string;
  readonly message: string;
}

/** An error that says what it is in a word: foreseen, so that its stack tells nothing. */
type ForeseenError = Error & { readonly code: string };

type IsForeseen = (error: unknown) => error is ForeseenError;

export interface Orders<To> {
  /** A message of the controller; what it throws or rejects with ends the process. */
  readonly handle: (message: To) => void | Promise<void>;
  /** SIGTERM. */
  readonly terminate: () => Promise<void>;
  /** Without it no error is. */
  readonly isForeseen?: IsForeseen;
}

export class IpcParent<To, From> {
  #isLeaving = false;
  #fail: (error: unknown) => void = (error) => {
    throw error;
  };

  /** Takes orders from now on. Ctrl-C reaches the whole process group; what it means is the controller's decision. */
  obey({ handle, terminate, isForeseen }: Orders<To>): void {
    dieWithParent();
    const fail = (error: unknown): void => {
      this.#leaveBroken(error, isForeseen);
    };
    this.#fail = fail;
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => void terminate().catch(fail));
    process.on('uncaughtException', fail);
    process.on('unhandledRejection', fail);
    process.on('message', (message: To) => void (async () => handle(message))().catch(fail));
  }

  /** What it rejects with ends the process. */
  watch(work: Promise<unknown>): void {
    work.catch(this.#fail);
  }

  send(message: From): void {
    process.send?.(message);
  }

  /** Sends a last message and exits once it is on its way. The first call decides. */
  leave(message: From | Failure, exitCode: number): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    if (process.send === undefined || !process.connected) process.exit(exitCode);
    process.send(message, () => process.exit(exitCode));
  }

  #leaveBroken(error: unknown, isForeseen: IsForeseen | undefined): void {
    const message = error instanceof Error ? error.message : String(error);
    const isKnown = isForeseen?.(error) === true;
    if (!isKnown) {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? message) : message}\n`);
    }
    const code = isKnown ? error.code : 'EINTERNAL';
    this.leave({ type: 'failed', code, message }, 1);
  }
}
