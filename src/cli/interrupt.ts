/** Ctrl-C and its relatives: the first ends what runs in order, the second ends the program at once. */
import { exitCodes, type ExitCode } from './exit-codes.ts';

const codes = {
  SIGINT: exitCodes.interrupted,
  SIGTERM: exitCodes.terminated,
  SIGHUP: exitCodes.hangup,
} as const satisfies Partial<Record<NodeJS.Signals, ExitCode>>;

type Signal = keyof typeof codes;

export interface Interrupt {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** What the program shall exit with, or null if nothing came. */
  exitCode(): ExitCode | null;
  /** Gives the signals back. */
  dispose(): void;
}

/** `onFirst` says what happens now; `beforeExit` tidies the terminal before the immediate end. Child processes die with this one. */
export function listenForInterrupts(onFirst: (signal: Signal) => void, beforeExit: () => void): Interrupt {
  const abort = new AbortController();
  let first: Signal | null = null;
  const listen = (signal: NodeJS.Signals): void => {
    const received = signal as Signal;
    if (first !== null) {
      beforeExit();
      process.exit(codes[received]);
    }
    first = received;
    onFirst(received);
    abort.abort();
  };
  for (const signal of Object.keys(codes)) process.on(signal, listen);
  return {
    signal: abort.signal,
    exitCode: () => (first === null ? null : codes[first]),
    dispose: () => {
      for (const signal of Object.keys(codes)) process.off(signal, listen);
    },
  };
}
