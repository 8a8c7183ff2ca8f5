/** Reads a gate as a command line writes it: `p99:10%`. */
import { gateMargin, gateMetric, type Gate } from '../scenario/gates.ts';
import { quote } from '../scenario/problem.ts';
import type { Parsed } from '../scenario/units.ts';

export type { Gate } from '../scenario/gates.ts';

/** `METRIC:MARGIN%`. The metric is a path, or short: `p50` and every other quantile of the response time, `throughput`, `errors`. */
export function parseGate(text: string): Parsed<Gate> {
  const cut = text.lastIndexOf(':');
  if (cut < 1) return { ok: false, message: `${quote(text)} is not a gate; write for example p99:10%` };
  const metric = gateMetric(text.slice(0, cut));
  if (!metric.ok) {
    const { message, suggestion } = metric;
    const meant = suggestion === undefined ? '' : ` (did you mean ${quote(suggestion)}?)`;
    return { ok: false, message: `${quote(text.slice(0, cut))} ${message}${meant}` };
  }
  const margin = gateMargin(metric.value, text.slice(cut + 1));
  if (!margin.ok) return { ok: false, message: `the margin of ${metric.value}: ${margin.message}` };
  return { ok: true, value: { metric: metric.value, margin: margin.value } };
}
