/** Feeds a message to a parser in given pieces, each inside a buffer whose other bytes must not matter, and tells what came out. */
import { RequestParser } from '../../src/http/request-parser.ts';
import type { MessageLimits } from '../../src/http/limits.ts';
import { parseErrorName } from '../../src/http/parse-error.ts';
import { ResponseParser } from '../../src/http/response-parser.ts';

/** One octet for one character, so that tables can write messages as strings. */
export function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export interface ReadOptions {
  /** Offsets at which the input is cut, ascending. */
  readonly cuts?: readonly number[];
  readonly headRequest?: boolean;
  readonly limits?: Partial<MessageLimits>;
  /** Whether the connection ends after the input; so unless said otherwise. */
  readonly end?: boolean;
  /** A parser to use again, instead of a new one. */
  readonly parser?: ResponseParser;
}

interface Parser {
  readonly done: boolean;
  readonly error: number;
  feed(bytes: Uint8Array, start: number, end: number): number;
}

/** Bytes around each piece: a parser that looked past its end would read the rest of a head there. */
const around = octets('5\r\n\r\n');

/** Returns how many bytes were taken. Throws where a parser breaks the contract of `feed`. */
function feedPieces(parser: Parser, input: Uint8Array, cuts: readonly number[]): number {
  let taken = 0;
  const stops = [...cuts, input.length];
  for (const stop of stops) {
    const start = taken;
    const piece = new Uint8Array(stop - start + 2 * around.length);
    piece.set(around);
    piece.set(input.subarray(start, stop), around.length);
    piece.set(around, around.length + stop - start);
    const offset = parser.feed(piece, around.length, around.length + stop - start);
    taken = start + offset - around.length;
    if (taken < start || taken > stop) throw new Error(`feed(${start}, ${stop}) returned ${taken}`);
    const ended = parser.done || parser.error !== 0;
    if (taken < stop && !ended) throw new Error(`feed(${start}, ${stop}) stopped at ${taken} for no reason`);
    if (ended) break;
  }
  return taken;
}

/** Everything a response parser says about an input. */
export function readResponse(input: Uint8Array, options: ReadOptions = {}) {
  const parser = options.parser ?? new ResponseParser(options.limits);
  parser.begin(options.headRequest ?? false);
  const taken = feedPieces(parser, input, options.cuts ?? []);
  if (options.end ?? true) parser.finish();
  const { done, status, versionMinor, keepAlive, hintTimeoutMs, hintMax, bodyBytes, headBytes, untilClose } = parser;
  const error = parseErrorName(parser.error);
  const { interimResponses } = parser;
  const hint = { hintTimeoutMs, hintMax };
  return {
    taken,
    done,
    error,
    status,
    versionMinor,
    keepAlive,
    ...hint,
    bodyBytes,
    headBytes,
    untilClose,
    interimResponses,
  };
}

/** Everything a request parser says about the first request of an input. */
export function readRequest(input: Uint8Array, options: ReadOptions = {}) {
  const parser = new RequestParser(options.limits);
  const taken = feedPieces(parser, input, options.cuts ?? []);
  if (options.end ?? true) parser.finish();
  const { done, started, headDone, method, isHead, versionMinor, keepAlive, bodyBytes, headBytes } = parser;
  const error = parseErrorName(parser.error);
  return { taken, done, error, started, headDone, method, isHead, versionMinor, keepAlive, bodyBytes, headBytes };
}
