/**
 * What one worker counts and measures. Hot: seven or eight records a request into one flat array, no allocation.
 *
 * Latencies hold requests whose intended start is in measure, so all series of a trial have the same count (connect and tls: new
 * connections only). They are of answered requests; those that were given up have their ages in a histogram of their own.
 * Intervals hold everything, warm-up included, by the second in which it happened.
 */
import { histogramLength, indexOf, sparseOf, type SparseCounts } from '../stats/histogram.ts';
import { FailureTally } from './failure-tally.ts';
import { COMPLETED, DROPPED, FAILED, STARTED, type LiveCounts } from './live.ts';
import { latencyNames, type FailurePhase, type Interval, type LatencyName, type WorkerReport } from './observations.ts';
import { PhaseCheck } from './phase-check.ts';
import { addCounts, assertConserved, PhaseCounts } from './request-balance.ts';
import { SlowestLog } from './slowest.ts';

/** Base of each series in the array: the new-connection histogram; that of reused ones follows at once. */
const base = Object.fromEntries(latencyNames.map((name, index) => [name, index * 2 * histogramLength])) as Record<
  LatencyName,
  number
>;
const { response: responseAt, service: serviceAt, connectionWait: waitAt, connect: connectAt } = base;
const { tls: tlsAt, firstByte: firstByteAt, download: downloadAt, lag: lagAt } = base;

/** Longer trials get longer intervals, so that a report never holds more than this many. */
const mostIntervals = 600;

export interface RecorderWindow {
  readonly startNs: number;
  /** As it is planned: `beginMeasureAt` may bring it forward. */
  readonly measureStartNs: number;
  readonly measureEndNs: number;
}

export interface RecorderOptions {
  /** Check of every answered request that its phases add up. */
  readonly checkPhases?: boolean;
  /** Connections are encrypted: only then there is a series `tls`. */
  readonly tls?: boolean;
  /** The number that a worker's user has among those of all workers; null where the load has no users. */
  readonly userNumber?: (user: number) => number | null;
  /** Some responses are never read: then they are counted. */
  readonly leaks?: boolean;
  /** For a warm-up that ends when it is steady. */
  readonly warmUp?: WarmUpOptions;
}

export interface WarmUpOptions {
  /** Length of its intervals. */
  readonly intervalNs: number;
  /** Gets the response times of each in turn, as soon as it is over. */
  readonly tell: (response: SparseCounts) => void;
}

/** An interval by its place on the clock: where measure begins may not be known yet. */
type ClockInterval = Omit<Interval, 'startMs'> & { readonly startNs: number };

export class Recorder {
  readonly warmUp = new PhaseCounts();
  readonly measure = new PhaseCounts();
  sent = 0;
  answered = 0;
  bytesSent = 0;
  bytesReceived = 0;
  /** The slowest requests of measure. */
  readonly slowest = new SlowestLog();

  /** Ages of the requests of measure that were given up. */
  readonly #censored = new Uint32Array(histogramLength);
  readonly #phaseCheck: PhaseCheck | null;
  readonly #hasTls: boolean;
  readonly #leaks: boolean;
  readonly #userNumber: (user: number) => number | null;
  readonly #counts = new Uint32Array(latencyNames.length * 2 * histogramLength);
  readonly #statuses = new Uint32Array(1000);
  readonly #failures = new FailureTally();
  readonly #warmUpFailures = new FailureTally();
  readonly #live: LiveCounts;
  readonly #startNs: number;
  #measureStartNs: number;
  #measureEndNs: number;

  readonly #intervals: ClockInterval[] = [];
  readonly #intervalNs: number;
  readonly #warmUpIntervals: WarmUpOptions | undefined;
  readonly #intervalResponse = new Uint32Array(histogramLength);
  readonly #intervalLag = new Uint32Array(histogramLength);
  #intervalStartNs: number;
  #intervalLowest = histogramLength;
  #intervalHighest = -1;
  #intervalStarted = 0;
  #intervalCompleted = 0;
  #intervalFailed = 0;
  #intervalDropped = 0;
  #intervalOpened = 0;
  /** When the current interval ends; the loop calls `endInterval` at or after it. */
  intervalEndNs: number;

  constructor(window: RecorderWindow, live: LiveCounts, options: RecorderOptions = {}) {
    this.#startNs = window.startNs;
    this.#measureStartNs = window.measureStartNs;
    this.#measureEndNs = window.measureEndNs;
    this.#live = live;
    this.#phaseCheck = options.checkPhases === true ? new PhaseCheck() : null;
    this.#hasTls = options.tls === true;
    this.#leaks = options.leaks === true;
    this.#userNumber = options.userNumber ?? ((user) => user);
    this.#warmUpIntervals = options.warmUp;
    // A warm-up with intervals of its own has few enough of them.
    const fromNs = options.warmUp === undefined ? window.startNs : window.measureStartNs;
    const seconds = Math.ceil((window.measureEndNs - fromNs) / 1e9 / mostIntervals);
    this.#intervalNs = Math.max(1, seconds) * 1e9;
    // Interval borders fall on the start of measure and on its end, so that no interval mixes it with what is before or after.
    const warmUpNs = window.measureStartNs - window.startNs;
    const intervalNs = options.warmUp?.intervalNs ?? this.#intervalNs;
    this.#intervalStartNs = window.measureStartNs - Math.ceil(warmUpNs / intervalNs) * intervalNs;
    this.intervalEndNs = this.#endNs();
  }

  /** Of the interval that begins at `#intervalStartNs`. */
  #endNs(): number {
    const startNs = this.#intervalStartNs;
    const isWarmUp = startNs < this.#measureStartNs;
    const endNs = startNs + (isWarmUp ? (this.#warmUpIntervals?.intervalNs ?? this.#intervalNs) : this.#intervalNs);
    return startNs < this.#measureEndNs ? Math.min(endNs, this.#measureEndNs) : endNs;
  }

  /** Measure begins at a border between intervals that is still to come, before its planned time. Gives how much earlier, ns. */
  beginMeasureAt(measureStartNs: number): number {
    const earlierNs = this.#measureStartNs - measureStartNs;
    this.#measureStartNs = measureStartNs;
    this.#measureEndNs -= earlierNs;
    return earlierNs;
  }

  #of(inMeasure: number): PhaseCounts {
    return inMeasure === 1 ? this.measure : this.warmUp;
  }

  scheduled(inMeasure: number): void {
    this.#of(inMeasure).scheduled++;
  }

  started(inMeasure: number, lagNs: number): void {
    this.#of(inMeasure).started++;
    this.#intervalStarted++;
    this.#live[STARTED]!++;
    this.#intervalRecord(this.#intervalLag, lagNs);
  }

  opened(): void {
    this.#intervalOpened++;
  }

  /**
   * A response was read in full. Times are CLOCK_MONOTONIC ns: intended and actual start, connection assigned or its opening begun,
   * connection established, writing the request begun, first byte, end. `reused` is 0 or 1; then `connectedNs` is not looked at. On a new
   * connection the time from assigned to connected is the connect phase, that from connected to sent the tls phase (0 without TLS).
   */
  completed(
    inMeasure: number,
    reused: number,
    intendedNs: number,
    startNs: number,
    assignedNs: number,
    connectedNs: number,
    sentNs: number,
    firstByteNs: number,
    endNs: number,
    status: number,
  ): void {
    this.answered++;
    this.#intervalCompleted++;
    this.#live[COMPLETED]!++;
    this.#intervalRecord(this.#intervalResponse, endNs - intendedNs);
    if (inMeasure === 0) {
      this.warmUp.completed++;
      return;
    }
    this.measure.completed++;
    if (status < 1000) this.#statuses[status]!++;
    const response = endNs - intendedNs;
    const service = endNs - startNs;
    const wait = assignedNs - startNs;
    const connect = reused === 0 ? connectedNs - assignedNs : 0;
    const tls = reused === 0 ? sentNs - connectedNs : 0;
    const firstByte = firstByteNs - sentNs;
    const download = endNs - firstByteNs;
    const lag = startNs - intendedNs;
    const counts = this.#counts;
    const side = reused * histogramLength;
    counts[responseAt + side + indexOf(response)]!++;
    counts[serviceAt + side + indexOf(service)]!++;
    counts[waitAt + side + indexOf(wait)]!++;
    if (reused === 0) {
      counts[connectAt + indexOf(connect)]!++;
      if (this.#hasTls) counts[tlsAt + indexOf(tls)]!++;
    }
    counts[firstByteAt + side + indexOf(firstByte)]!++;
    counts[downloadAt + side + indexOf(download)]!++;
    counts[lagAt + side + indexOf(lag)]!++;
    if (this.#phaseCheck !== null) {
      this.#phaseCheck.check(lag, wait, connect, tls, firstByte, download, service, response);
    }
  }

  /** A request that timed out or was unfinished at the end of the drain: its response time is at least `ageNs`, from its intended start. */
  censored(inMeasure: number, ageNs: number): void {
    if (inMeasure === 1) this.#censored[indexOf(ageNs)]!++;
  }

  failed(inMeasure: number, phase: FailurePhase, code: string, reused: boolean, ageMs: number | null): void {
    this.#of(inMeasure).failed++;
    this.#intervalFailed++;
    this.#live[FAILED]!++;
    const failures = inMeasure === 1 ? this.#failures : this.#warmUpFailures;
    failures.add(phase, code, reused, ageMs);
  }

  dropped(inMeasure: number): void {
    this.#of(inMeasure).dropped++;
    this.#intervalDropped++;
    this.#live[DROPPED]!++;
  }

  /** The head of a response was read, and nobody reads the rest: for those who wait for the request it is over. */
  leaked(inMeasure: number): void {
    this.#of(inMeasure).leaked++;
    this.#live[COMPLETED]!++;
  }

  abandoned(inMeasure: number, count = 1): void {
    this.#of(inMeasure).abandoned += count;
  }

  #intervalRecord(counts: Uint32Array, valueNs: number): void {
    const index = indexOf(valueNs);
    counts[index]!++;
    if (index < this.#intervalLowest) this.#intervalLowest = index;
    if (index > this.#intervalHighest) this.#intervalHighest = index;
  }

  /** Closes the intervals that ended by `nowNs` and begins the one that holds it. */
  endInterval(nowNs: number): void {
    while (nowNs >= this.intervalEndNs) {
      const { response } = this.#pushInterval();
      if (this.#intervalStartNs < this.#measureStartNs) this.#warmUpIntervals?.tell(response);
      this.#intervalStartNs = this.intervalEndNs;
      this.intervalEndNs = this.#endNs();
    }
  }

  #pushInterval(): ClockInterval {
    const interval = {
      startNs: Math.max(this.#intervalStartNs, this.#startNs),
      started: this.#intervalStarted,
      completed: this.#intervalCompleted,
      failed: this.#intervalFailed,
      dropped: this.#intervalDropped,
      opened: this.#intervalOpened,
      response: this.#takeInterval(this.#intervalResponse),
      lag: this.#takeInterval(this.#intervalLag),
    };
    this.#intervals.push(interval);
    this.#intervalLowest = histogramLength;
    this.#intervalHighest = -1;
    this.#intervalStarted = 0;
    this.#intervalCompleted = 0;
    this.#intervalFailed = 0;
    this.#intervalDropped = 0;
    this.#intervalOpened = 0;
    return interval;
  }

  /** The touched part of an interval's counts, which become 0: a few thousand of 33,792, so that no request waits for it. */
  #takeInterval(counts: Uint32Array): SparseCounts {
    const indices: number[] = [];
    const present: number[] = [];
    for (let index = this.#intervalLowest; index <= this.#intervalHighest; index++) {
      if (counts[index] === 0) continue;
      indices.push(index);
      present.push(counts[index]!);
      counts[index] = 0;
    }
    return { indices, counts: present };
  }

  /** Everything recorded. Throws where the counts do not conserve: that is a bug in the client. */
  report(): Omit<WorkerReport, 'drainedNs' | 'stopped' | 'connections'> {
    if (this.#intervalHighest >= 0 || this.#intervalFailed + this.#intervalDropped + this.#intervalOpened > 0) {
      this.#pushInterval();
    }
    const measure = this.measure.plain(this.#leaks);
    const warmUp = this.warmUp.plain(this.#leaks);
    assertConserved('measure', measure);
    assertConserved('warm-up', warmUp);
    const series = (at: number): SparseCounts => sparseOf(this.#counts.subarray(at, at + histogramLength));
    const latency = Object.fromEntries(
      latencyNames.map((name) => [name, { new: series(base[name]), reused: series(base[name] + histogramLength) }]),
    ) as Record<LatencyName, { new: SparseCounts; reused: SparseCounts }>;
    return {
      measure,
      wholeTrial: { ...addCounts(measure, warmUp), sent: this.sent, answered: this.answered },
      errors: this.#failures.report(),
      warmUpErrors: this.#warmUpFailures.report(),
      statuses: Object.fromEntries([...this.#statuses.entries()].filter(([, count]) => count > 0)),
      latency,
      censored: sparseOf(this.#censored),
      slowest: this.slowest.report(this.#measureStartNs, this.#userNumber),
      phaseFaults: this.#phaseCheck?.report() ?? null,
      bytes: { sent: this.bytesSent, received: this.bytesReceived },
      intervals: this.#intervals.map(({ startNs, ...counts }) => ({
        startMs: (startNs - this.#measureStartNs) / 1e6,
        ...counts,
      })),
    };
  }
}
