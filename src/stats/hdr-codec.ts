/** Histograms as text: base64 HDR V2, compressed, as every HdrHistogram tool reads it. */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, JsHistogram } from 'hdr-histogram-js';
import { decodeOwnLayout } from './hdr-payload.ts';
import { assertSparse, hdrLayout, indexOf, lowestAt, type SparseCounts } from './histogram.ts';

/** Longer than any histogram of this layout, whose payload is below 310 kB before compression. Bounds what is inflated. */
const mostTextLength = 1 << 20;

/** Compressed V2 text (starts `HISTF`, and `HISTFAAA` if compressed to less than 64 KiB); an empty histogram has one too. Throws a RangeError for a malformed sparse form. */
export function encodeHdr(sparse: SparseCounts): string {
  assertSparse(sparse);
  const hdr = build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: hdrLayout.lowestNs,
    highestTrackableValue: hdrLayout.highestNs,
    numberOfSignificantValueDigits: hdrLayout.significantDigits,
    useWebAssembly: false,
  });
  sparse.indices.forEach((index, position) => {
    hdr.recordValueWithCount(lowestAt(index), sparse.counts[position]!);
  });
  return encodeIntoCompressedBase64(hdr);
}

/**
 * Reads compressed V2 text, taking its unit as ns. A histogram of another layout is recorded anew, each of its buckets by its middle
 * value. Throws an Error saying what is wrong where the text is not such a histogram.
 */
export function decodeHdr(text: string): SparseCounts {
  const own = decodeOwnLayout(text);
  if (own !== null) return own;
  const hdr = parse(text.trim());
  const indices: number[] = [];
  const counts: number[] = [];
  let left = hdr.totalCount;
  for (let index = 0; left > 0 && index < hdr.countsArrayLength; index++) {
    const count = hdr.getCountAtIndex(index);
    if (count <= 0) continue;
    left -= count;
    const own = indexOf(hdr.medianEquivalentValue(hdr.valueFromIndex(index)));
    // Ascending, but a finer layout has several buckets in one of this.
    if (indices.at(-1) === own) counts[counts.length - 1]! += count;
    else {
      indices.push(own);
      counts.push(count);
    }
  }
  return { indices, counts };
}

function parse(text: string): JsHistogram {
  if (text.length > mostTextLength) {
    throw new Error(
      `not an HDR histogram: ${text.length} characters, more than any histogram needs (${mostTextLength})`,
    );
  }
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new Error(`not an HDR histogram: it is not base64 (${text.length} characters)`);
  }
  if (!text.startsWith('HISTF')) {
    throw new Error(`not a compressed HDR V2 histogram: it starts with "${text.slice(0, 8)}", not "HISTF"`);
  }
  let decoded: unknown;
  try {
    decoded = decodeFromCompressedBase64(text, 64, false);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`corrupt HDR histogram: ${reason}`, { cause: error });
  }
  if (!(decoded instanceof JsHistogram))
    throw new Error('hdr-histogram-js gave something other than its JavaScript histogram');
  return decoded;
}
