/**
 * Reads the line of a trial at a fraction of the cost of parsing and checking it whole. Most of such a line are the points of series and
 * the histograms of intervals: their text is checked here and kept as it is until somebody asks for them, since as objects they cost
 * several times the time and the memory. Whatever is not exactly as this program writes it gets no answer here, and the ordinary way
 * decides.
 */
import { trialSchema, type TrialRecord } from './record.ts';

/**
 * The trial, equal to what the schema makes of the whole line; null for any line that this cannot vouch for. The `series` of its gauges
 * are made anew at every access, its intervals at the first.
 */
export function readTrialLine(text: string): TrialRecord | null {
  if (!text.startsWith('{"type":"trial",')) return null;
  const cut = cutBulk(text);
  if (cut === null) return null;
  const value = parsed(cut.rest);
  if (value === null || !hasIntervalsCut(value) || !hasUsableCounters(value)) return null;
  const { kernel } = value;
  const checked = trialSchema.safeParse({ ...value, kernel: { ...kernel, client: null, server: null } });
  if (!checked.success) return null;
  const { client, server } = kernel;
  const trial = { ...checked.data, kernel: { ...checked.data.kernel, client, server } };
  return putBack(trial, cut) ? trial : null;
}

function parsed(text: string): object | null {
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}

/* ---- what is cut out ---- */

interface Cut {
  /** The line with place holders: `[[n,0]]` stands for the n-th of `points`, `intervalsCut` for the intervals. */
  readonly rest: string;
  readonly points: readonly TextPart[];
  readonly intervals: TextPart;
}

/** A JSON array in ASCII, among those of its trial. */
interface TextPart {
  readonly of: { bytes: Buffer };
  readonly from: number;
  readonly to: number;
}

const key = '"series":';
const intervalsKey = '{"intervals":[';
const intervalsCut = '{"intervals":[],"cut":true}';

/** Numbers that are longer or have an exponent, which could be infinite, are left to the ordinary way. */
const amount = String.raw`(?:0|[1-9]\d{0,15})(?:\.\d{1,20})?`;
const count = String.raw`(?:0|[1-9]\d{0,14})`;
const histogram = String.raw`(?:null|"[A-Za-z0-9+/=]*")`;
/** `[ms,value]`. */
const point = new RegExp(String.raw`\[-?${amount},(?:null|${amount})\]`, 'y');
const interval = new RegExp(
  String.raw`\{"startMs":-?${amount},"started":${count},"completed":${count},"failed":${count},"dropped":${count},` +
    String.raw`"opened":${count},"response":${histogram},"lag":${histogram}\}`,
  'y',
);

/** Null where a series is not written as this program does. A key can be told from text inside a string: there its quotes are escaped. */
function cutBulk(text: string): Cut | null {
  const scissors = new Scissors(text);
  let intervals: TextPart | null = null;
  for (let at = text.indexOf('"series"'); at >= 0; at = text.indexOf('"series"', at)) {
    const start = at + key.length;
    if (!'{,'.includes(text[at - 1]!) || text[start - 1] !== ':') return null;
    at = start;
    if (text.startsWith('[]', start)) continue;
    if (text.startsWith('[', start)) {
      const end = endOfItems(text, start, point);
      if (end === null) return null;
      scissors.cutPoints(start, end);
      at = end;
    } else {
      const first = start + intervalsKey.length - 1;
      if (intervals !== null || !text.startsWith(intervalsKey, start)) return null;
      const end = text[first + 1] === ']' ? first + 2 : endOfItems(text, first, interval);
      if (end === null || text[end] !== '}') return null;
      intervals = scissors.cutIntervals(start, first, end);
      at = end;
    }
  }
  return intervals === null ? null : scissors.finish(intervals);
}

/** Offset past the array that begins at `start`; null where it holds anything but such items. */
function endOfItems(text: string, start: number, item: RegExp): number | null {
  item.lastIndex = start + 1;
  while (item.test(text)) {
    const at = item.lastIndex;
    if (text[at] === ']') return at + 1;
    if (text[at] !== ',') return null;
    item.lastIndex = at + 1;
  }
  return null;
}

/** Takes parts out of a line, from its beginning to its end. */
class Scissors {
  readonly #text: string;
  readonly #rest: string[] = [];
  readonly #taken: string[] = [];
  readonly #points: TextPart[] = [];
  readonly #of = { bytes: Buffer.alloc(0) };
  #done = 0;
  #length = 0;

  constructor(text: string) {
    this.#text = text;
  }

  cutPoints(start: number, end: number): void {
    this.#rest.push(this.#text.slice(this.#done, start), `[[${this.#points.length},0]]`);
    this.#points.push(this.#take(start, end));
    this.#done = end;
  }

  /** `start`: of the object around them, which ends at `end`. */
  cutIntervals(start: number, first: number, end: number): TextPart {
    this.#rest.push(this.#text.slice(this.#done, start), intervalsCut);
    this.#done = end + 1;
    return this.#take(first, end);
  }

  #take(start: number, end: number): TextPart {
    this.#taken.push(this.#text.slice(start, end));
    const from = this.#length;
    this.#length += end - start;
    return { of: this.#of, from, to: this.#length };
  }

  finish(intervals: TextPart): Cut {
    this.#rest.push(this.#text.slice(this.#done));
    this.#of.bytes = Buffer.from(this.#taken.join(''), 'latin1');
    return { rest: this.#rest.join(''), points: this.#points, intervals };
  }
}

/* ---- what is put back ---- */

function textOf({ of, from, to }: TextPart): unknown {
  return JSON.parse(of.bytes.toString('latin1', from, to)) as unknown;
}

/** False where a place holder is not in a gauge, and so would be lost. */
function putBack(trial: TrialRecord, { points, intervals }: Cut): boolean {
  const { fds, timeWait, memory } = trial;
  const gauges = [fds.client, fds.server, timeWait.client, timeWait.server, memory.generator, memory.server];
  const held = gauges.filter(({ series }) => series.length > 0);
  if (held.length !== points.length) return false;
  for (const gauge of held) {
    const part = points[Number(gauge.series[0]?.[0])];
    if (part === undefined) return false;
    Object.defineProperty(gauge, 'series', { enumerable: true, configurable: true, get: () => textOf(part) });
  }
  const { series } = trial;
  const remember = (): unknown => {
    const value = textOf(intervals);
    Object.defineProperty(series, 'intervals', { enumerable: true, configurable: true, writable: true, value });
    return value;
  };
  Object.defineProperty(series, 'intervals', { enumerable: true, configurable: true, get: remember });
  return true;
}

/** Whether the cut intervals are those of the trial. */
function hasIntervalsCut(value: object): boolean {
  return 'series' in value && typeof value.series === 'object' && value.series !== null && 'cut' in value.series;
}

/* ---- counters ---- */

type Counters = TrialRecord['kernel']['client'];

/** Whether the schema would take the counters of both kernels. */
function hasUsableCounters(value: object): value is { readonly kernel: { client: Counters; server: Counters } } {
  if (!('kernel' in value) || typeof value.kernel !== 'object' || value.kernel === null) return false;
  const { kernel } = value;
  return 'client' in kernel && 'server' in kernel && isCounters(kernel.client) && isCounters(kernel.server);
}

function isCounters(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'object' || Array.isArray(value) || Object.hasOwn(value, '__proto__')) return false;
  return Object.values(value).every(Number.isFinite);
}
