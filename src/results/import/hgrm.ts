/** Reads an HdrHistogram percentile distribution (`.hgrm`), which is a histogram and nothing else. */
import { UserError } from '../../scenario/user-error.ts';
import { importError } from './import-error.ts';
import type { ImportedFigures } from './imported-run.ts';
import { distributionLatency, numberedLines, readDistribution } from './percentile-text.ts';
import type { TimeUnit } from './reported-latency.ts';

/** `unit`: what the values are in where the file does not say it. Throws a UserError with the line that is wrong, or without a unit. */
export function readHgrm(text: string, file: string, unit: TimeUnit | null): ImportedFigures {
  const distribution = readDistribution(numberedLines(text), file);
  if (distribution === null) {
    const hint = 'It begins with: Value Percentile TotalCount 1/(1-Percentile)';
    throw importError(file, 1, 'not a percentile distribution', hint);
  }
  const known = distribution.unit ?? unit;
  if (known === null) {
    const hint = 'Most programs write ms: --unit ms. The others are ns, us and s.';
    throw new UserError('IMPORT_NO_UNIT', `${file} does not say in which unit its values are`, hint);
  }
  return {
    tool: 'hgrm',
    toolName: 'the distribution',
    startedAt: null,
    measureSeconds: null,
    url: null,
    load: {},
    requests: null,
    statuses: {},
    failures: [],
    latency: { response: distributionLatency(distribution, known, file) },
    missing: { 'latency.response': 'the distribution is empty' },
    pitfalls: [
      'a percentile distribution does not say which program measured it, from when to when, or how many requests failed; quantiles between its rows are those of the next row',
    ],
  };
}
