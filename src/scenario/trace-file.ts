/** Reads the trace of arrivals that a scenario names: the only file that it needs beside its own. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { formatSize } from './units.ts';
import { parseTrace, type TraceProblem } from './trace-text.ts';

/** Room for a million lines of NDJSON. */
const mostFileBytes = 64_000_000;

export interface Trace {
  /** Of the file's bytes, hexadecimal. */
  readonly sha256: string;
  /** Ascending, whole ns from the start of measure. */
  readonly timesNs: Float64Array<ArrayBuffer>;
}

export type TraceRead =
  { readonly ok: true; readonly trace: Trace } | { readonly ok: false; readonly problems: readonly TraceProblem[] };

/** Reads a trace of at most 64 MB. What is wrong with it comes back as problems; it does not throw for them. */
export function readTraceFile(path: string): TraceRead {
  const bytes = readBytes(path);
  if (typeof bytes === 'string') return refuse(bytes);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('is not UTF-8 text');
  }
  const parsed = parseTrace(text);
  if (!parsed.ok) return parsed;
  return { ok: true, trace: { sha256: createHash('sha256').update(bytes).digest('hex'), timesNs: parsed.timesNs } };
}

function refuse(message: string): TraceRead {
  return { ok: false, problems: [{ line: 0, message }] };
}

/** The content, or why there is none. */
function readBytes(path: string): Uint8Array | string {
  try {
    // Opening a FIFO would wait for a writer, so the kind is asked first.
    const stats = statSync(path);
    if (!stats.isFile()) return 'is not a regular file';
    if (stats.size > mostFileBytes) return tooLarge(stats.size);
    const descriptor = openSync(path, 'r');
    try {
      return readAtMost(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read: ${code}`;
  }
}

/** Reads no more than the limit, even if the file has grown since its size was asked. */
function readAtMost(descriptor: number): Uint8Array | string {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const part = Buffer.alloc(1 << 20);
    const length = readSync(descriptor, part);
    if (length === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, length));
    total += length;
    if (total > mostFileBytes) return tooLarge(total);
  }
}

function tooLarge(bytes: number): string {
  return `has ${bytes} bytes; at most ${formatSize(mostFileBytes)} are read`;
}
