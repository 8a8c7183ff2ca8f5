/** Stretches of time with figures: what share of a window they fill, and what they say of it. Pure. */

/** CLOCK_MONOTONIC ns. */
export interface Span {
  readonly startNs: number;
  readonly endNs: number;
}

const overlapNs = (a: Span, b: Span): number =>
  Math.max(0, Math.min(a.endNs, b.endNs) - Math.max(a.startNs, b.startNs));

/** How much of the window the spans cover, ns. They do not overlap. */
export function timeWithin(spans: readonly Span[], window: Span): number {
  return spans.reduce((sum, span) => sum + overlapNs(span, window), 0);
}

/**
 * What an amount that accrued over each span comes to within the window, each span's spread evenly over it, divided by the time of the
 * window that the spans cover. Null where they cover none, or an amount that matters is null.
 */
export function shareWithin<S extends Span>(
  spans: readonly S[],
  window: Span,
  amountNs: (span: S) => number | null,
): number | null {
  let coveredNs = 0;
  let sumNs = 0;
  for (const span of spans) {
    const within = overlapNs(span, window);
    if (within <= 0) continue;
    const amount = amountNs(span);
    if (amount === null) return null;
    coveredNs += within;
    sumNs += (amount * within) / (span.endNs - span.startNs);
  }
  return coveredNs > 0 ? sumNs / coveredNs : null;
}

/** Four significant digits: what a share or a few milliseconds are worth, at a fraction of the text. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
export const roundedOrNull = (value: number | null): number | null => (value === null ? null : rounded(value));
