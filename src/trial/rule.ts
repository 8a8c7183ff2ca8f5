/** The form of a rule by which a trial is warned about or declared invalid. */
import { invalidAdvice, warningAdvice, type InvalidCode, type WarningCode } from '../results/warnings.ts';
import type { Facts } from './facts.ts';

interface Rule {
  readonly makes: 'invalid' | 'warning';
  readonly code: string;
  /** Limits by name, with their units; empty where any occurrence counts. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** Why they are where they are. */
  readonly reason: string;
  /** What it looks at; a rule that cannot says nothing. */
  readonly needs: string;
  /** What to change, in the user's words; null where the message says it all. */
  readonly change: string | null;
  /** One sentence for each time that it applies, with the figures. */
  readonly find: (facts: Facts) => readonly string[];
}

/** None, one or several sentences. */
export type Finding = string | null | readonly string[];
export type Limits<Name extends string> = Readonly<Record<Name, number>>;

interface RuleText<T> {
  readonly thresholds: T;
  readonly reason: string;
  readonly needs: string;
  readonly find: (facts: Facts, thresholds: T) => Finding;
}

export interface InvalidRule extends Rule {
  readonly makes: 'invalid';
  readonly code: InvalidCode;
}
export interface WarningRule extends Rule {
  readonly makes: 'warning';
  readonly code: WarningCode;
}

/** A trial that it applies to is invalid. */
export function invalidIf<T extends Limits<string>>(code: InvalidCode, text: RuleText<T>): InvalidRule {
  return { makes: 'invalid', code, change: invalidAdvice[code] ?? null, ...common(text) };
}

/** A trial that it applies to gets a warning. */
export function warnIf<T extends Limits<string>>(code: WarningCode, text: RuleText<T>): WarningRule {
  return { makes: 'warning', code, change: warningAdvice[code], ...common(text) };
}

function common<T extends Limits<string>>({
  find,
  ...rest
}: RuleText<T>): Pick<Rule, 'thresholds' | 'reason' | 'needs' | 'find'> {
  return {
    ...rest,
    find: (facts) => {
      const found = find(facts, rest.thresholds);
      if (found === null) return [];
      return typeof found === 'string' ? [found] : found;
    },
  };
}
