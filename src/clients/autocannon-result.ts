/** Reads what `autocannon --json` prints (autocannon, lib/aggregateResult.js; percentiles: hdr-histogram-percentiles-obj). */
import { z } from 'zod';
import type { ProgramFigures } from './observations.ts';

const count = z.int().nonnegative();
const amount = z.number().nonnegative();

const resultSchema = z.looseObject({
  start: z.iso.datetime(),
  finish: z.iso.datetime(),
  errors: count,
  timeouts: count,
  mismatches: count,
  non2xx: count,
  resets: count,
  statusCodeStats: z.record(z.string(), z.object({ count })),
  latency: z.looseObject({ mean: amount, min: amount, max: amount, totalCount: count }),
  requests: z.looseObject({ total: count, sent: count }),
  throughput: z.looseObject({ total: count }),
});

/** One run of autocannon: its warm-up or its measure. */
export type AutocannonResult = z.infer<typeof resultSchema>;

/** Null where a line is no result; versions before 7 said less. */
export function parseAutocannonResult(line: string): AutocannonResult | null {
  if (!line.startsWith('{')) return null;
  const parsed = resultSchema.safeParse(jsonOf(line));
  return parsed.success ? parsed.data : null;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}

/** Its figures by its own names. */
export function figuresOf(warmUp: AutocannonResult | null, measure: AutocannonResult): ProgramFigures {
  const { totalCount, min, max, mean } = measure.latency;
  const response =
    totalCount === 0
      ? null
      : { count: totalCount, minMs: min, maxMs: max, meanMs: mean, percentiles: percentilesOf(measure.latency) };
  const ofWarmUp = warmUp === null ? [] : Object.entries(countsOf(warmUp));
  const counts = {
    ...countsOf(measure),
    ...Object.fromEntries(ofWarmUp.map(([name, value]) => [`warmup.${name}`, value])),
  };
  return { response, counts };
}

function countsOf(result: AutocannonResult): Readonly<Record<string, number>> {
  const { requests, throughput, errors, timeouts, mismatches, non2xx, resets } = result;
  return {
    'requests.sent': requests.sent,
    'requests.total': requests.total,
    'throughput.total': throughput.total,
    errors,
    timeouts,
    mismatches,
    non2xx,
    resets,
  };
}

/** `p97_5` is 97.5 %. */
function percentilesOf(figures: Readonly<Record<string, unknown>>): readonly (readonly [number, number])[] {
  return Object.entries(figures).flatMap(([key, value]) => {
    const [, whole, fraction = '0'] = /^p(\d{1,2})(?:_(\d+))?$/.exec(key) ?? [];
    return whole === undefined || typeof value !== 'number' ? [] : [[Number(`${whole}.${fraction}`), value] as const];
  });
}
