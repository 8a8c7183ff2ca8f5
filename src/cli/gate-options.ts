/** The options and the exit codes that all commands with gates share. */
import { InvalidArgumentError, Option } from 'commander';
import type { ComparisonDocument } from '../compare/document.ts';
import { parseGate, type Gate } from '../compare/gates.ts';
import { gatesThatCannotFail, pairsLostToInvalidTrials } from '../compare/hopeless-gates.ts';
import type { ComparedFile } from '../compare/pairing.ts';
import { listed } from '../compare/words.ts';
import { printable } from '../report/printable.ts';
import { gateMetric } from '../scenario/gates.ts';
import { quote } from '../scenario/problem.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';

/** Parser of the repeatable `--gate METRIC:MARGIN%`. */
export function gathersGates(text: string, previous: readonly Gate[]): readonly Gate[] {
  const gate = parseGate(text);
  if (!gate.ok) throw new InvalidArgumentError(`${gate.message}.`);
  const { metric } = gate.value;
  if (previous.some((other) => other.metric === metric)) {
    throw new InvalidArgumentError(`There is a gate on ${metric} already.`);
  }
  return [...previous, gate.value];
}

/** Parser of the repeatable `--metric PATH`, which may be short as in a gate. */
export function gathersMetrics(text: string, previous: readonly string[]): readonly string[] {
  const metric = gateMetric(text);
  if (metric.ok) return [...previous, metric.value];
  const meant = metric.suggestion === undefined ? '' : ` (did you mean ${quote(metric.suggestion)}?)`;
  throw new InvalidArgumentError(`${quote(text)} ${metric.message}${meant}.`);
}

/** What beside a failed gate fails a job. */
export type FailOn = 'inconclusive';

export function failOnOption(): Option {
  return new Option('--fail-on <outcome>', 'exit with 5 where a gate is inconclusive').choices(['inconclusive']);
}

/** What the gates of a comparison come to. */
export interface GateVerdict {
  readonly code: ExitCode;
  /** What is to be said before anything else: gates that cannot fail, pairs without a valid block. */
  readonly lead: readonly string[];
}

/**
 * 6 where trials that are invalid leave nothing of a pair, 4 for a failed gate, 5 for one that nothing could have failed, and for an
 * inconclusive one where that is asked for; the gravest of these. 0 without gates.
 */
export function gateVerdict(
  files: readonly ComparedFile[],
  comparison: ComparisonDocument,
  failOn: FailOn | undefined,
): GateVerdict {
  if (comparison.gates.length === 0) return { code: exitCodes.ok, lead: [] };
  const codes: ExitCode[] = [gateExitCode(comparison, failOn)];
  const lead: string[] = [];
  const lost = pairsLostToInvalidTrials(files, comparison);
  if (lost.length > 0) {
    codes.push(exitCodes.invalidTrial);
    lead.push(`Invalid trials leave nothing to judge of ${listed(lost.map(({ name }) => printable(name, 300)))}.`);
  }
  const hopeless = lost.length === comparison.pairs.length ? [] : gatesThatCannotFail(files, comparison);
  if (hopeless.length > 0) codes.push(exitCodes.inconclusive);
  return { code: gravest(codes), lead: [...lead, ...hopeless.map((sentence) => printable(sentence, 1000))] };
}

/** 4 for a failed gate, 5 for an inconclusive one where that is asked for. */
export function gateExitCode({ gates }: Pick<ComparisonDocument, 'gates'>, failOn: FailOn | undefined): ExitCode {
  const has = (wanted: string): boolean => gates.some(({ outcome }) => outcome === wanted);
  if (has('failed')) return exitCodes.regression;
  return failOn === 'inconclusive' && has('inconclusive') ? exitCodes.inconclusive : exitCodes.ok;
}

/** Gravest first. An invalid trial stands over a regression, since its figures, and so the verdict, may be wrong. */
const byGravity: readonly ExitCode[] = [
  exitCodes.invalidTrial,
  exitCodes.regression,
  exitCodes.expectationBroken,
  exitCodes.inconclusive,
];

/** Of several outcomes the one that the program ends with; 0 without any. */
export function gravest(codes: readonly ExitCode[]): ExitCode {
  return byGravity.find((code) => codes.includes(code)) ?? exitCodes.ok;
}
