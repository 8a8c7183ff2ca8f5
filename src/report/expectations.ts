/** Says the outcome of a claim in lines. */
import type { ClaimCase, ClaimResult } from '../compare/claims.ts';
import { plural } from '../compare/words.ts';
import { printable } from './printable.ts';

/** Paragraphs of one claim, safe to print: the outcome with the claim, then a line per case. */
export function claimLines({ expectation, outcome, reason, cases }: ClaimResult): readonly string[] {
  const head = `${outcome}: ${printable(expectation.claim)}`;
  if (reason !== null) return [head, printable(reason)];
  return [head, ...cases.map((item) => caseLine(expectation.metric, item))];
}

function caseLine(metric: string, { of, against, reason, blocks }: ClaimCase): string {
  const sides = against === null ? printable(of, 100) : `${printable(of, 100)} over ${printable(against, 100)}`;
  return `${printable(metric, 100)}, ${sides}, ${plural(blocks, 'block')}: ${printable(reason)}`;
}
