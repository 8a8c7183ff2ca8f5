/** Small runs for the tests of comparisons. Times are below 2048 ns, where a histogram keeps every nanosecond. */
import type { ComparedFile, CompareOptions } from '../../src/compare/compare.ts';
import { compareRuns } from '../../src/compare/compare.ts';
import type { ComparedMetric, ComparedPair, ComparisonDocument } from '../../src/compare/document.ts';
import { parseGate } from '../../src/compare/gates.ts';
import type { HeaderRecord } from '../../src/results/record.ts';
import type { VariantRecord } from '../../src/results/run-plan.ts';
import { run, variant, type TrialChoice } from '../results/fixtures.ts';

export type Results = ReturnType<typeof run>;

export const two: readonly VariantRecord[] = [variant('s=a', { s: 'a' }), variant('s=b', { s: 'b' })];

/** A run of `s=a` (1000 ns, p99 2000 ns) and `s=b`, eight blocks, `s=a` being the baseline. */
export function runOf(choose: (block: number) => TrialChoice, blocks = 8, base: TrialChoice = {}): Results {
  return run({ variants: two, blocks, baseline: { s: 'a' }, name: 'test' }, (name, block) => {
    return { p50Ns: 1000, p99Ns: 2000, ...base, ...(name === 's=b' ? choose(block) : {}) };
  });
}

/** One variant by itself, in a run and on a machine of its own choice. */
export function fileOf(
  path: string,
  choice: TrialChoice,
  change: { readonly header?: Partial<HeaderRecord>; readonly variant?: VariantRecord; readonly blocks?: number } = {},
): ComparedFile {
  const results = run({ variants: [change.variant ?? two[0]!], blocks: change.blocks ?? 8, name: 'test' }, () => {
    return { p50Ns: 1000, p99Ns: 2000, ...choice };
  });
  return { path, results: { ...results, header: { ...results.header, runId: path, ...change.header } } };
}

export interface Asked extends Partial<Omit<CompareOptions, 'gates'>> {
  /** `p99:10%` ... */
  readonly gates?: readonly string[];
}

export function compare(
  files: readonly (Results | ComparedFile)[],
  { gates = [], ...asked }: Asked = {},
): ComparisonDocument {
  const compared = files.map((file) => ('results' in file ? file : { path: null, results: file }));
  const parsed = gates.map((text) => {
    const gate = parseGate(text);
    if (!gate.ok) throw new Error(gate.message);
    return gate.value;
  });
  return compareRuns(compared, { baseline: null, force: false, gates: parsed, ...asked });
}

/** The metric of the only pair. */
export function metricOf(document: ComparisonDocument | ComparedPair, metric: string): ComparedMetric {
  const { metrics } = 'pairs' in document ? document.pairs[0]! : document;
  const found = metrics.find((one) => one.metric === metric);
  if (found === undefined) throw new Error(`${metric} is not among ${metrics.map((one) => one.metric).join(', ')}`);
  return found;
}

/** Code and text of the error that a comparison ends with. */
export function refusal(compareAll: () => unknown): string {
  try {
    compareAll();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code ?? 'no code'}: ${message}`;
  }
  throw new Error('nothing was refused');
}
