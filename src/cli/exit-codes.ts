/** What the program's exit status means: a public interface for scripts and CI. */
export const exitCodes = {
  ok: 0,
  internalError: 1,
  usage: 2,
  expectationBroken: 3,
  regression: 4,
  inconclusive: 5,
  invalidTrial: 6,
  /** 128 + the signal's number, as shells count. */
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
