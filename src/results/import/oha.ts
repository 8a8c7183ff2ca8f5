/** Reads the JSON of `oha --output-format json` (before: `oha -j`). Fields: oha, schema.json and src/printer.rs. Times are in seconds; what is not a number there is null in the file. */
import { z } from 'zod';
import { amountSchema, tallySchema } from '../values.ts';
import { fieldError } from './import-error.ts';
import type { LatencyRecord } from '../record.ts';
import type { ImportedFigures } from './imported-run.ts';
import { missingFigures, reportedLatency } from './reported-latency.ts';

const documentSchema = z.object({
  summary: z.object({
    total: z.number().positive(),
    slowest: amountSchema.nullable(),
    fastest: amountSchema.nullable(),
    average: amountSchema.nullable(),
  }),
  latencyPercentiles: z.record(z.string(), amountSchema.nullable()),
  statusCodeDistribution: tallySchema,
  errorDistribution: tallySchema,
});
type Document = z.infer<typeof documentSchema>;

/** oha's name for the requests that were open when its time was up (src/client.rs). */
const deadline = 'aborted due to deadline';

export function looksLikeOha(value: object): boolean {
  return 'summary' in value && 'latencyPercentiles' in value;
}

/** Throws a UserError that names the field that is missing or wrong. */
export function readOha(value: unknown, file: string): ImportedFigures {
  const parsed = documentSchema.safeParse(value);
  if (!parsed.success) throw fieldError(file, 'oha', parsed.error);
  const { data } = parsed;
  const failures = Object.entries(data.errorDistribution).map(([code, count]) => ({ code, count }));
  const completed = sum(data.statusCodeDistribution, () => true);
  const response = latencyOf(data, completed);
  return {
    tool: 'oha',
    toolName: 'oha',
    startedAt: null,
    measureSeconds: data.summary.total,
    url: null,
    load: {},
    requests: {
      completed,
      failed: sum(data.errorDistribution, (code) => code !== deadline),
      abandoned: data.errorDistribution[deadline] ?? 0,
      good: sum(data.statusCodeDistribution, (status) => status.startsWith('2')),
    },
    statuses: data.statusCodeDistribution,
    failures: failures.filter(({ code }) => code !== deadline),
    latency: { response },
    missing: {
      'latency.response': 'no request was answered',
      'latency.service': 'oha reports one time per request',
      'latency.connect': 'oha reports connect times without saying how many there were',
      'latency.firstByte': 'oha counts the first byte from before the connection, not from the request',
      'throughput.bytesPerSecond': 'oha counts the bytes of bodies only',
      ...missingFigures(response, 'latency.response', 'oha reports only some quantiles'),
    },
    pitfalls: [
      'oha restarts its clock when it replaces a dead connection, so that time is in no figure; DNS and connecting are in the time of the first request of a connection; with a rate it counts from when its scheduler woke up, not from the plan',
    ],
  };
}

function sum(tally: Readonly<Record<string, number>>, counts: (name: string) => boolean): number {
  return Object.entries(tally).reduce((total, [name, count]) => total + (counts(name) ? count : 0), 0);
}

function latencyOf(data: Document, count: number): LatencyRecord | null {
  const { fastest, slowest, average } = data.summary;
  const percentiles = Object.entries(data.latencyPercentiles).flatMap(([key, value]) => {
    const percentile = /^p(\d+(?:\.\d+)?)$/.exec(key)?.[1];
    return percentile === undefined || value === null ? [] : [[Number(percentile), value] as const];
  });
  return reportedLatency({ count, min: fastest, max: slowest, mean: average, percentiles: new Map(percentiles) }, 's');
}
