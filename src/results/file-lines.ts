/** Reads a file line by line with byte offsets. Only LF ends a line: readline would also split at U+2028, which JSON leaves bare. */
import { createReadStream } from 'node:fs';

export interface FileLine {
  /** From 1. */
  readonly number: number;
  /** Null where the line is not UTF-8 or is longer than `longestLineBytes`; after such a long line nothing more is read. */
  readonly text: string | null;
  /** Byte offset past its line feed, or the end of the file. */
  readonly endBytes: number;
  /** False for a last line without a line feed. */
  readonly terminated: boolean;
}

/** A trial of the longest scenario takes far less; a longer line means another kind of file. */
export const longestLineBytes = 64 * 1024 * 1024;

const lineFeed = 0x0a;

/** Yields every line, an empty one too; a file that ends in a line feed has no empty line after it. Rejects with the errno error of the file. */
export async function* fileLines(path: string): AsyncGenerator<FileLine> {
  let number = 0;
  let startBytes = 0;
  let pieces: Buffer[] = [];
  let lengthBytes = 0;
  const finish = (terminated: boolean): FileLine => {
    number++;
    const endBytes = startBytes + lengthBytes + (terminated ? 1 : 0);
    const line = { number, text: decode(pieces, lengthBytes), endBytes, terminated };
    startBytes = endBytes;
    pieces = [];
    lengthBytes = 0;
    return line;
  };
  const keep = (piece: Buffer): boolean => {
    lengthBytes += piece.length;
    pieces.push(piece);
    return lengthBytes <= longestLineBytes;
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
      keep(chunk.subarray(from, at));
      from = at + 1;
      yield finish(true);
    }
    if (from < chunk.length && !keep(chunk.subarray(from))) {
      yield finish(true);
      return;
    }
  }
  if (lengthBytes > 0) yield finish(false);
}

function decode(pieces: readonly Buffer[], lengthBytes: number): string | null {
  if (lengthBytes > longestLineBytes) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces));
  } catch {
    return null;
  }
}
