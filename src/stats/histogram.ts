/**
 * Latency histograms in HDR layout: 3 significant digits, 1 ns resolution, up to 1 hour, as a flat array of counts.
 * Hot: `indexOf` and `recordInto` run several times per request, allocate nothing and stay monomorphic.
 *
 * Layout (HdrHistogram, "Histogram internals"): the first 2048 indices are single nanoseconds; after them every power of two
 * has 1024 indices, so a bucket is never wider than 1/1024 of its lowest value. Indices equal those of the HDR libraries.
 */

/** Non-zero buckets only: `indices` ascending, `counts` beside them. What travels between threads, processes and files. */
export interface SparseCounts {
  readonly indices: readonly number[];
  readonly counts: readonly number[];
}

/** What the HDR libraries need to build the same layout. */
export const hdrLayout = { lowestNs: 1, highestNs: 3.6e12, significantDigits: 3 } as const;

/** 2 x 10^3 rounded up to a power of two, and its half. */
const halfCount = 1024;
/** Powers of two needed until 2048 x 2^(n-1) exceeds one hour: 2^42 ns = 73 minutes. */
const bucketCount = 32;
/** First value past the array. */
const endNs = 2 ** 42;

/** Number of counts of one histogram: 33,792. */
export const histogramLength = (bucketCount + 1) * halfCount;
const topIndex = histogramLength - 1;
const mostCount = 2 ** 32 - 1;

/**
 * Index of the bucket that holds a value. Fractions are cut off; negative values and NaN go to 0; values of 2^42 ns (73 min) and
 * more saturate in the top bucket, so that they are counted and seen (`Histogram.saturated`).
 */
export function indexOf(valueNs: number): number {
  if (valueNs < 0x80000000) {
    if (valueNs < 2048) return valueNs > 0 ? valueNs | 0 : 0;
    const value = valueNs | 0;
    const shift = 21 - Math.clz32(value);
    return (shift << 10) + (value >> shift);
  }
  if (valueNs >= endNs) return topIndex;
  // Too big for 32-bit shifts: the low 11 bits cannot matter from 2^31 on, where a bucket is 2^21 wide.
  const high = (valueNs / 2048) | 0;
  const shift = 21 - Math.clz32(high);
  return high === 0 ? 0 : ((shift + 11) << 10) + (high >> shift);
}

/** Adds one value to the histogram whose counts begin at `base` in an array that may hold many. */
export function recordInto(counts: Uint32Array, base: number, valueNs: number): void {
  counts[base + indexOf(valueNs)]!++;
}

/** Width of the bucket in ns: a power of two. */
function widthOf(index: number): number {
  return index < 2 * halfCount ? 1 : 2 ** ((index >> 10) - 1);
}

/** Smallest whole value in the bucket, ns. */
export function lowestAt(index: number): number {
  return index < 2 * halfCount ? index : ((index & (halfCount - 1)) + halfCount) * widthOf(index);
}

/** Largest whole value in the bucket, ns: what HDR tools print for a quantile. */
export function highestEquivalentAt(index: number): number {
  return lowestAt(index) + widthOf(index) - 1;
}

/** Middle of the bucket, ns, rounded up: what HDR tools use for mean and standard deviation. */
export function medianEquivalentAt(index: number): number {
  return lowestAt(index) + Math.floor(widthOf(index) / 2);
}

/**
 * Rank of the quantile `p` among `count` values: ceil(p x count), at least 1. The product is lowered by two units in the last
 * place first, so that 0.07 x 100 is rank 7 although the float product is 7.000000000000001. Throws a RangeError for p outside 0..1.
 */
export function rankOf(p: number, count: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`a quantile is between 0 and 1, not ${p}`);
  return Math.max(1, Math.ceil(p * count * (1 - 2 ** -51)));
}

/** Throws a RangeError unless the sparse form is well-formed: equal lengths, indices ascending and in range, whole counts above 0. */
export function assertSparse(sparse: SparseCounts): void {
  const { indices, counts } = sparse;
  if (indices.length !== counts.length) {
    throw new RangeError(`sparse histogram has ${indices.length} indices but ${counts.length} counts`);
  }
  let previous = -1;
  indices.forEach((index, position) => {
    if (!Number.isInteger(index) || index <= previous || index > topIndex) {
      throw new RangeError(`sparse histogram has index ${index} after ${previous}; they ascend within 0..${topIndex}`);
    }
    const count = counts[position];
    if (!Number.isSafeInteger(count) || count! < 1) {
      throw new RangeError(`sparse histogram has count ${count ?? 'nothing'} at index ${index}`);
    }
    previous = index;
  });
}

/** The sparse form of a full array of counts. */
export function sparseOf(counts: Float64Array | Uint32Array): SparseCounts {
  const indices: number[] = [];
  const present: number[] = [];
  counts.forEach((count, index) => {
    if (count === 0) return;
    indices.push(index);
    present.push(count);
  });
  return { indices, counts: present };
}

/**
 * One histogram. Its figures are computed from the counts when asked for, so the counts may live in shared memory and be written by
 * `recordInto` elsewhere. A bucket holds up to 2^32 - 1. Figures of an empty histogram are null: it has none.
 */
export class Histogram {
  readonly counts: Uint32Array;

  /** With `counts`: a view of exactly `histogramLength` counts, which is used in place. Throws a RangeError for another length. */
  constructor(counts: Uint32Array = new Uint32Array(histogramLength)) {
    if (counts.length !== histogramLength) {
      throw new RangeError(`a histogram has ${histogramLength} counts, not ${counts.length}`);
    }
    this.counts = counts;
  }

  /** Throws a RangeError for a malformed sparse form, or a count past 2^32 - 1. */
  static fromSparse(sparse: SparseCounts): Histogram {
    const histogram = new Histogram();
    histogram.mergeSparse(sparse);
    return histogram;
  }

  record(valueNs: number): void {
    this.counts[indexOf(valueNs)]!++;
  }

  /** Adds `times` equal values. Throws a RangeError where the bucket would pass 2^32 - 1. */
  recordMany(valueNs: number, times: number): void {
    this.#add(indexOf(valueNs), times);
  }

  merge(other: Histogram): void {
    other.counts.forEach((count, index) => {
      if (count > 0) this.#add(index, count);
    });
  }

  mergeSparse(sparse: SparseCounts): void {
    assertSparse(sparse);
    sparse.indices.forEach((index, position) => {
      this.#add(index, sparse.counts[position]!);
    });
  }

  #add(index: number, times: number): void {
    const sum = this.counts[index]! + times;
    if (!Number.isInteger(times) || times < 0 || sum > mostCount) {
      throw new RangeError(`cannot add ${times} to the ${this.counts[index]!} values of one bucket`);
    }
    this.counts[index] = sum;
  }

  clear(): void {
    this.counts.fill(0);
  }

  toSparse(): SparseCounts {
    return sparseOf(this.counts);
  }

  /** Number of values. */
  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** Values in the top bucket: those beyond the layout's range, 73 minutes. */
  get saturated(): number {
    return this.counts[topIndex]!;
  }

  /**
   * Smallest value that at least ceil(p x count) values do not exceed, ns, as the largest value of its bucket: at most 0.1 % above
   * the exact one. As in HDR tools, p = 0 gives the smallest value instead. Throws a RangeError for p outside 0..1.
   */
  quantile(p: number): number | null {
    const rank = rankOf(p, this.count);
    if (p === 0) return this.min;
    let seen = 0;
    for (let index = 0; index < histogramLength; index++) {
      seen += this.counts[index]!;
      if (seen >= rank) return highestEquivalentAt(index);
    }
    return null;
  }

  /** Lower edge of the lowest bucket in use, ns. */
  get min(): number | null {
    const index = this.counts.findIndex((count) => count > 0);
    return index < 0 ? null : lowestAt(index);
  }

  /** Upper edge of the highest bucket in use, ns. */
  get max(): number | null {
    const index = this.counts.findLastIndex((count) => count > 0);
    return index < 0 ? null : highestEquivalentAt(index);
  }

  /** Mean of the buckets' middles, ns. */
  get mean(): number | null {
    let count = 0;
    let sum = 0;
    this.counts.forEach((times, index) => {
      count += times;
      sum += times * medianEquivalentAt(index);
    });
    return count === 0 ? null : sum / count;
  }

  /** Standard deviation of the buckets' middles (divided by the count), ns. */
  get stddev(): number | null {
    const { mean } = this;
    if (mean === null) return null;
    let count = 0;
    let squares = 0;
    this.counts.forEach((times, index) => {
      count += times;
      squares += times * (medianEquivalentAt(index) - mean) ** 2;
    });
    return Math.sqrt(squares / count);
  }
}
