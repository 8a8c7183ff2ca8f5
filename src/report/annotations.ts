/** What failed as workflow commands, which GitHub shows as annotations of a job. */
import { judgeClaims } from '../compare/claims.ts';
import { count } from './format.ts';
import { plural } from '../compare/words.ts';
import { printable } from './printable.ts';
import type { ReportInput } from './report-input.ts';
import { runNames } from './run-names.ts';
import { invalidTrials } from './warnings.ts';

type Kind = 'error' | 'warning';

interface Annotation {
  readonly kind: Kind;
  readonly title: string;
  readonly message: string;
}

/** GitHub shows ten of a kind per step; the last of ours says how many more there are. */
const mostPerKind = 10;

/**
 * A line per failed gate and refuted claim (`::error`), per inconclusive gate and run with invalid trials (`::warning`); empty where all is
 * well. Each line ends in a line feed.
 */
export function renderAnnotations(input: ReportInput): string {
  const all = [...gateAnnotations(input), ...claimAnnotations(input), ...invalidAnnotations(input)];
  const kinds: readonly Kind[] = ['error', 'warning'];
  return kinds
    .flatMap((kind) =>
      bounded(
        kind,
        all.filter((annotation) => annotation.kind === kind),
      ),
    )
    .map(({ kind, title, message }) => `::${kind} title=${property(title)}::${data(message)}\n`)
    .join('');
}

function bounded(kind: Kind, annotations: readonly Annotation[]): readonly Annotation[] {
  if (annotations.length <= mostPerKind) return annotations;
  const more = annotations.length - mostPerKind + 1;
  const rest = { kind, title: 'connbench', message: `and ${count(more)} more; the report has them all` };
  return [...annotations.slice(0, mostPerKind - 1), rest];
}

function gateAnnotations({ comparison }: ReportInput): readonly Annotation[] {
  return comparison.gates.flatMap(({ outcome, metric, pair, reason }): readonly Annotation[] => {
    const message = `${pair}: ${reason}`;
    switch (outcome) {
      case 'failed':
        return [{ kind: 'error', title: `Gate failed: ${metric}`, message }];
      case 'inconclusive':
        return [{ kind: 'warning', title: `Gate inconclusive: ${metric}`, message }];
      case 'passed':
        return [];
    }
  });
}

function claimAnnotations(input: ReportInput): readonly Annotation[] {
  const names = runNames(input);
  return input.runs.flatMap(({ results }, index) =>
    judgeClaims(results)
      .filter(({ outcome }) => outcome === 'refuted')
      .map(({ expectation, cases }): Annotation => {
        const refuted = cases.filter(({ outcome }) => outcome === 'refuted');
        const why = refuted.map(({ of, reason }) => `${printable(of, 100)}: ${reason}`).join('; ');
        return { kind: 'error', title: `Claim refuted: ${names[index]!}`, message: `${expectation.claim}: ${why}` };
      }),
  );
}

function invalidAnnotations(input: ReportInput): readonly Annotation[] {
  const names = runNames(input);
  return input.runs.flatMap(({ results }, index): readonly Annotation[] => {
    const invalid = invalidTrials(results.trials);
    const codes = new Set(invalid.flatMap(({ reasons }) => reasons.map(({ code }) => code)));
    if (invalid.length === 0) return [];
    const message = `${plural(invalid.length, 'invalid trial')} of ${count(results.trials.length)}: ${[...codes].join(', ')}`;
    return [{ kind: 'warning', title: `Invalid trials: ${names[index]!}`, message }];
  });
}

/** Escapes of the toolkit's commands: percent sign and line ends, and what separates properties. */
function data(text: string): string {
  return printable(text, 2000).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(printable(text, 120)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
