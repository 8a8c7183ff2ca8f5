/** Reads the JSON of `autocannon --json`. Fields: autocannon, lib/aggregateResult.js; percentiles: hdr-histogram-percentiles-obj. */
import { z } from 'zod';
import { amountSchema, countSchema } from '../values.ts';
import { fieldError } from './import-error.ts';
import type { LatencyRecord } from '../record.ts';
import type { ImportedFigures } from './imported-run.ts';
import { missingFigures, reportedLatency } from './reported-latency.ts';

const figuresSchema = z.looseObject({
  average: amountSchema,
  min: amountSchema.optional(),
  max: amountSchema,
  totalCount: countSchema.optional(),
});
const documentSchema = z.object({
  url: z.string().optional(),
  connections: countSchema.optional(),
  pipelining: countSchema.optional(),
  workers: countSchema.optional(),
  duration: z.number().positive(),
  start: z.iso.datetime().optional(),
  errors: countSchema,
  timeouts: countSchema,
  resets: countSchema.optional(),
  '2xx': countSchema,
  non2xx: countSchema,
  statusCodeStats: z.record(z.string(), z.object({ count: countSchema })).optional(),
  latency: figuresSchema,
  requests: z.object({ total: countSchema }),
});
type Document = z.infer<typeof documentSchema>;

export function looksLikeAutocannon(value: object): boolean {
  return 'latency' in value && 'requests' in value && ('2xx' in value || 'non2xx' in value);
}

/** Throws a UserError that names the field that is missing or wrong. */
export function readAutocannon(value: unknown, file: string): ImportedFigures {
  const parsed = documentSchema.safeParse(value);
  if (!parsed.success) throw fieldError(file, 'autocannon', parsed.error);
  const { data } = parsed;
  const { url = null, connections, pipelining, workers, start = null } = data;
  const response = latencyOf(data);
  const known = Object.entries({ connections, pipelining, workers }).filter((entry) => entry[1] !== undefined);
  return {
    tool: 'autocannon',
    toolName: 'autocannon',
    startedAt: start,
    measureSeconds: data.duration,
    url,
    load: { model: 'closed', ...(Object.fromEntries(known) as Record<string, number>) },
    requests: { completed: data.requests.total, failed: data.errors, abandoned: null, good: data['2xx'] },
    statuses: statusesOf(data),
    failures: [
      { code: 'TIMEOUT', count: data.timeouts },
      { code: 'ERROR', count: Math.max(0, data.errors - data.timeouts) },
    ],
    latency: { response },
    missing: {
      'latency.response': 'no response had a status that autocannon times',
      'latency.service': 'autocannon reports one time per request',
      ...missingFigures(response, 'latency.response', 'autocannon reports only some quantiles'),
    },
    pitfalls: pitfallsOf(data),
  };
}

function latencyOf(data: Document): LatencyRecord | null {
  const { average, min = null, max, totalCount = data['2xx'] } = data.latency;
  return reportedLatency({ count: totalCount, min, max, mean: average, percentiles: percentilesOf(data.latency) }, 'ms');
}

/** `p97_5` is 97.5 %; versions before 3 wrote `p999` for 99.9 %. */
function percentilesOf(figures: Readonly<Record<string, unknown>>): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const [key, value] of Object.entries(figures)) {
    const [, whole, fraction] = /^p(\d+)(?:_(\d+))?$/.exec(key) ?? [];
    if (whole === undefined || typeof value !== 'number' || !(value >= 0)) continue;
    const percentile = fraction === undefined && whole.length > 2 ? `${whole.slice(0, 2)}.${whole.slice(2)}` : `${whole}.${fraction ?? 0}`;
    found.set(Number(percentile), value);
  }
  return found;
}

function statusesOf(data: Document): Record<string, number> {
  const stats = Object.entries(data.statusCodeStats ?? {});
  if (stats.length > 0) return Object.fromEntries(stats.map(([status, { count }]) => [status, count]));
  return Object.fromEntries(
    [['2xx', data['2xx']] as const, ['other', data.non2xx] as const].filter(([, count]) => count > 0),
  );
}

function pitfallsOf(data: Document): readonly string[] {
  const { latency, requests, resets = 0, pipelining = 1 } = data;
  const synthetic = (latency.totalCount ?? 0) - requests.total;
  return [
    'autocannon counts from the moment a request is written: connecting and waiting for a connection are not in it; its times are whole milliseconds, so 0 means less than one',
    ...(synthetic > 0
      ? [
          `autocannon added ${synthetic} made-up times to the ${requests.total} that it measured, at steps of 1 ms (its correction for coordinated omission): the quantiles are of both`,
        ]
      : []),
    ...(resets > 0
      ? [`connections were reset or reopened ${resets} times: autocannon times requests wrongly on connections that the server closes`]
      : []),
    ...(pipelining > 1 ? [`requests were pipelined, ${pipelining} at a time: each waits for those before it`] : []),
  ];
}
