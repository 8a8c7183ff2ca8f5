/**
 * Reads a k6 end-of-test summary: the flat form of `--summary-export` and the form that `handleSummary` gets, whose figures are under
 * `values`. Times are in ms. `http_req_failed` is a rate of failures: its `passes` are the failed requests.
 */
import { z } from 'zod';
import { amountSchema, countSchema } from '../values.ts';
import { fieldError } from './import-error.ts';
import type { LatencyRecord } from '../record.ts';
import type { ImportedFigures } from './imported-run.ts';
import { missingFigures, reportedLatency } from './reported-latency.ts';

/** Both forms of a metric as one. */
function figuresOf(metric: unknown): unknown {
  return typeof metric === 'object' && metric !== null && 'values' in metric ? metric.values : metric;
}

const amount = amountSchema.optional();
const trendSchema = z.preprocess(figuresOf, z.looseObject({ avg: amount, min: amount, med: amount, max: amount }));
type Trend = z.infer<typeof trendSchema>;

const documentSchema = z.object({
  state: z.object({ testRunDurationMs: z.number().positive().optional() }).optional(),
  metrics: z.object({
    http_reqs: z.preprocess(figuresOf, z.object({ count: countSchema, rate: amountSchema })),
    http_req_duration: trendSchema,
    http_req_waiting: trendSchema.optional(),
    http_req_receiving: trendSchema.optional(),
    http_req_failed: z
      .preprocess(
        figuresOf,
        z.object({ passes: countSchema.optional(), rate: amount, value: amount }),
      )
      .optional(),
    vus_max: z.preprocess(figuresOf, z.object({ value: countSchema.optional() })).optional(),
  }),
});
type Document = z.infer<typeof documentSchema>;

export function looksLikeK6(value: object): boolean {
  if (!('metrics' in value) || typeof value.metrics !== 'object' || value.metrics === null) return false;
  return 'root_group' in value || Object.keys(value.metrics).some((name) => /^(http_req|iteration|vus)/.test(name));
}

/** Throws a UserError that names the field that is missing or wrong. */
export function readK6(value: unknown, file: string): ImportedFigures {
  const parsed = documentSchema.safeParse(value);
  if (!parsed.success) throw fieldError(file, 'k6', parsed.error);
  const { metrics, state } = parsed.data;
  const { count, rate } = metrics.http_reqs;
  const failed = failedOf(metrics, count);
  const duration = state?.testRunDurationMs;
  const latency = {
    response: latencyOf(metrics.http_req_duration, count),
    firstByte: metrics.http_req_waiting === undefined ? null : latencyOf(metrics.http_req_waiting, count),
    download: metrics.http_req_receiving === undefined ? null : latencyOf(metrics.http_req_receiving, count),
  };
  const users = metrics.vus_max?.value;
  return {
    tool: 'k6',
    toolName: 'k6',
    startedAt: null,
    measureSeconds: duration === undefined ? (rate > 0 ? count / rate : null) : duration / 1000,
    url: null,
    load: users === undefined ? {} : { users },
    requests: { completed: count - failed, failed, abandoned: null, good: count - failed },
    statuses: {},
    failures: [{ code: 'HTTP_REQ_FAILED', count: failed }],
    latency,
    missing: { ...latencyReasons, ...figureReasons(latency) },
    pitfalls: [
      'k6 http_req_duration leaves out waiting for a connection, connecting and TLS, and is of failed requests, too',
      'k6 counts an answer with a status of 400 or more as failed, connbench as answered',
    ],
  };
}

function failedOf({ http_req_failed: failed }: Document['metrics'], count: number): number {
  const rate = failed?.rate ?? failed?.value ?? 0;
  return Math.min(count, failed?.passes ?? Math.round(rate * count));
}

function latencyOf(trend: Trend, count: number): LatencyRecord | null {
  const { avg: mean = null, min = null, med, max = null } = trend;
  const percentiles = new Map<number, number>(med === undefined ? [] : [[50, med]]);
  for (const [key, value] of Object.entries(trend)) {
    const percentile = /^p\((\d+(?:\.\d+)?)\)$/.exec(key)?.[1];
    if (percentile !== undefined && typeof value === 'number' && value >= 0) percentiles.set(Number(percentile), value);
  }
  return reportedLatency({ count, min, max, mean, percentiles }, 'ms');
}

const latencyReasons = {
  'latency.response': 'k6 sent no HTTP request',
  'latency.service': 'k6 reports one time per request',
  'latency.connect': 'k6 counts 0 for every reused connection',
  'latency.tls': 'k6 counts 0 for every reused connection',
};

function figureReasons(latency: ImportedFigures['latency']): Record<string, string> {
  const reason = 'k6 reports the figures of --summary-trend-stats only (by default p90 and p95)';
  const reasons = Object.entries(latency).map(([name, record]) => missingFigures(record, `latency.${name}`, reason));
  return Object.assign({}, ...reasons) as Record<string, string>;
}
