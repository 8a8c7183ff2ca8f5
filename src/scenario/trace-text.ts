/** The text of a trace of arrivals -> its times, or every line that is wrong. */
import { quote } from './problem.ts';

/** Most arrivals of a trace. */
export const mostTraceArrivals = 1_000_000;
/** A line of NDJSON may hold more than its time, but not a document. */
const mostLineChars = 4096;
/** A day, as every other time of a scenario. */
const latestSeconds = 86_400;
/** Bad lines that are named; the rest are counted. */
const mostProblems = 20;

export interface TraceProblem {
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
  readonly message: string;
}

export type TraceTimes =
  | { readonly ok: true; readonly timesNs: Float64Array<ArrayBuffer> }
  | { readonly ok: false; readonly problems: readonly TraceProblem[] };

/**
 * Reads a line per arrival: a time in seconds from the start of measure, as a number or as NDJSON with the time in `t`. Empty lines and
 * lines that start with # are passed over. Times may not go back; they are rounded to whole ns.
 */
export function parseTrace(text: string): TraceTimes {
  const reader = new TraceReader();
  let line = 1;
  for (let start = 0; start < text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    reader.read(line, text.slice(start, Math.min(end, start + mostLineChars + 1)).trim());
    start = end + 1;
  }
  return reader.result();
}

/** How many of the ascending times lie before `endNs`. */
export function arrivalsBefore(timesNs: Float64Array, endNs: number): number {
  let low = 0;
  let high = timesNs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timesNs[middle]! < endNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

class TraceReader {
  readonly #problems: TraceProblem[] = [];
  #bad = 0;
  #count = 0;
  #timesNs = new Float64Array(1024);
  #lastSeconds = 0;

  read(line: number, text: string): void {
    if (text === '' || text.startsWith('#')) return;
    const seconds = text.length > mostLineChars ? `is longer than ${mostLineChars} characters` : secondsOf(text);
    if (typeof seconds === 'string') {
      this.#report(line, seconds);
    } else if (seconds > latestSeconds) {
      this.#report(line, `${quote(text)} is later than a day; times are seconds from the start of measure`);
    } else if (seconds < this.#lastSeconds) {
      this.#report(line, `${seconds} comes after ${this.#lastSeconds}; sort the times`);
    } else {
      this.#lastSeconds = seconds;
      this.#add(Math.round(seconds * 1e9));
    }
  }

  result(): TraceTimes {
    const problems = [...this.#problems];
    if (this.#bad > problems.length) {
      problems.push({ line: 0, message: `has ${this.#bad - problems.length} more bad lines` });
    }
    if (this.#bad === 0 && this.#count === 0) problems.push({ line: 0, message: 'has no arrivals' });
    if (this.#count > mostTraceArrivals) {
      problems.push({ line: 0, message: `has ${this.#count} arrivals; at most ${mostTraceArrivals} are replayed` });
    }
    return problems.length > 0 ? { ok: false, problems } : { ok: true, timesNs: this.#timesNs.slice(0, this.#count) };
  }

  #add(timeNs: number): void {
    if (this.#count === this.#timesNs.length && this.#count <= mostTraceArrivals) {
      const wider = new Float64Array(this.#count * 2);
      wider.set(this.#timesNs);
      this.#timesNs = wider;
    }
    this.#timesNs[this.#count++] = timeNs;
  }

  #report(line: number, message: string): void {
    this.#bad++;
    if (this.#problems.length < mostProblems) this.#problems.push({ line, message });
  }
}

/** The seconds that a line says, or what is wrong with it. */
function secondsOf(text: string): number | string {
  if (text.startsWith('{')) return jsonSeconds(text);
  if (/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (/^-\d/.test(text)) return `${quote(text)} is before the start of measure`;
  return `${quote(text)} is not a time in seconds, such as 1.25 or {"t": 1.25}`;
}

function jsonSeconds(text: string): number | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `${quote(text)} is not JSON`;
  }
  const seconds = (value as Readonly<Record<string, unknown>>)['t'];
  if (typeof seconds !== 'number') return `${quote(text)} has no number t, the time in seconds`;
  return seconds < 0 ? `${seconds} is before the start of measure` : seconds;
}
