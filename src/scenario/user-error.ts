/** The error of a user's mistake: what was wrong, and what to do about it. The command line shows it without a stack and exits 2. */
export class UserError extends Error {
  /** Stable, upper case, for programs: `SCENARIO_NOT_FOUND`, `UNKNOWN_VARIANT` ... */
  readonly code: string;
  /** What to do next, or null where the message says it all. */
  readonly hint: string | null;

  constructor(code: string, message: string, hint: string | null = null) {
    super(message);
    this.name = 'UserError';
    this.code = code;
    this.hint = hint;
  }
}
