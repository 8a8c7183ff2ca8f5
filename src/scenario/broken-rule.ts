/** What a rule between knobs says of a variant that breaks it. */

export interface BrokenRule {
  /** Names the rule, so that one fault found in many variants is listed once. */
  readonly rule: string;
  /** The knobs involved, the one to blame first; dotted, with indexes where there are lists (`stepsOf`). */
  readonly paths: readonly string[];
  readonly message: string;
}
