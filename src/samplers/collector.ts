/** Takes one sample after another of both hosts and the namespace, and remembers why a figure was missing and what the samples cost. */
import { readlinkSync } from 'node:fs';
import { nowNs } from '../kernel/clock.ts';
import { parseSockstat, netRoot } from '../kernel/proc-net.ts';
import { ProcessReader, ProcFile, type Figure } from '../kernel/proc.ts';
import type { Gauge, HostSample, MedianAndMax, Sample, SamplerReport, SamplerRequest } from './messages.ts';
import { PacedTimeWait, openTimeWaitSource, type TimeWaitReading, type TimeWaitSource } from './time-wait.ts';

type Side = 'client' | 'server';

const nothing: Omit<HostSample, 'timeWait'> = { fds: null, rssBytes: null, cpuUs: null };
const emptySockstat: Sample['sockstat'] = { inUse: null, orphan: null, timeWait: null, memPages: null };

/** What a collector keeps open on Linux. */
interface Sources {
  readonly client: ProcessReader;
  readonly server: ProcessReader;
  readonly sockstat: ProcFile | null;
  readonly timeWaitSource: TimeWaitSource;
  readonly timeWait: PacedTimeWait;
  /** Why TIME_WAIT of a side cannot be seen from this namespace; null where it can. */
  readonly hidden: Readonly<Record<Side, string | null>>;
}

/** Synchronous and without a timer: whoever owns it decides when a sample is taken. Holds about eight descriptors until `close`. */
export class Collector {
  readonly #sources: Sources | null;
  readonly #platform: string;
  readonly #missing = new Map<string, string>();
  readonly #costsUs: number[] = [];
  readonly #ended = new Set<Side>();

  /** `platform` is `process.platform`, or another system's name to see what a collector does there. */
  constructor(request: SamplerRequest, platform: string = process.platform) {
    this.#platform = platform;
    this.#sources = platform === 'linux' ? openSources(request) : null;
  }

  /** Takes a sample now. `exact` counts TIME_WAIT even where that is dear and not due yet. */
  sample(exact: boolean): Sample {
    const atNs = nowNs();
    const sample = this.#take(atNs, exact);
    this.#costsUs.push((nowNs() - atNs) / 1000);
    return sample;
  }

  #take(atNs: number, exact: boolean): Sample {
    const sources = this.#sources;
    if (sources === null) return this.#emptySample(atNs, `needs Linux; this is ${this.#platform}`);
    const timeWait = sources.timeWait.read(exact);
    return {
      atNs,
      client: this.#host('client', sources, timeWait),
      server: this.#host('server', sources, timeWait),
      sockstat: this.#sockstat(sources.sockstat),
    };
  }

  #host(side: Side, sources: Sources, reading: TimeWaitReading): HostSample {
    const reason = sources.hidden[side] ?? reading.reason;
    if (reason !== null) this.#note(`${side}.timeWait`, reason);
    // TIME_WAIT belongs to the kernel and outlives its process.
    const timeWait = sources.hidden[side] === null ? reading[side] : null;
    return { ...this.#processGauges(side, sources[side]), timeWait };
  }

  #processGauges(side: Side, reader: ProcessReader): Omit<HostSample, 'timeWait'> {
    const reading = this.#ended.has(side) ? ({ ended: true } as const) : reader.read();
    if (reading.ended) {
      this.#ended.add(side);
      for (const name of Object.keys(nothing)) this.#note(`${side}.${name}`, `process ${reader.pid} ended`);
      return nothing;
    }
    return {
      fds: this.#gauge(`${side}.fds`, reading.openFiles),
      rssBytes: this.#gauge(`${side}.rssBytes`, reading.rssBytes),
      cpuUs: this.#gauge(`${side}.cpuUs`, reading.cpuUs),
    };
  }

  #sockstat(file: ProcFile | null): Sample['sockstat'] {
    try {
      if (file === null) throw new Error('/proc/net/sockstat cannot be opened');
      const { inUse, orphan, timeWait, memPages } = parseSockstat(file.read());
      const read = { inUse, orphan, timeWait, memPages };
      for (const [name, value] of Object.entries(read)) {
        if (value === null) this.#note(`sockstat.${name}`, 'not in /proc/net/sockstat of this kernel');
      }
      return read;
    } catch (error) {
      for (const name of Object.keys(emptySockstat)) this.#note(`sockstat.${name}`, (error as Error).message);
      return emptySockstat;
    }
  }

  #emptySample(atNs: number, reason: string): Sample {
    for (const side of ['client', 'server']) {
      for (const name of [...Object.keys(nothing), 'timeWait']) this.#note(`${side}.${name}`, reason);
    }
    for (const name of Object.keys(emptySockstat)) this.#note(`sockstat.${name}`, reason);
    const host = { ...nothing, timeWait: null };
    return { atNs, client: host, server: host, sockstat: emptySockstat };
  }

  #gauge(field: string, figure: Figure): Gauge {
    if (typeof figure === 'number') return figure;
    this.#note(field, figure.missing);
    return null;
  }

  /** The first reason stays: later ones tend to follow from it. */
  #note(field: string, reason: string): void {
    if (!this.#missing.has(field)) this.#missing.set(field, reason);
  }

  /** Everything of the report but the samples and the lateness, which the owner has. */
  summary(): Omit<SamplerReport, 'samples' | 'late'> {
    const intervalsNs = this.#sources?.timeWait.intervalsNs ?? [];
    return {
      missing: Object.fromEntries(this.#missing),
      timeWaitMethod: this.#sources?.timeWaitSource.method ?? null,
      timeWaitIntervalMs: medianAndMax(intervalsNs.map((ns) => ns / 1e6)),
      costUs: medianAndMax(this.#costsUs) ?? { median: 0, max: 0 },
    };
  }

  close(): void {
    this.#sources?.client.close();
    this.#sources?.server.close();
    this.#sources?.sockstat?.close();
    this.#sources?.timeWaitSource.close();
  }
}

function openSources(request: SamplerRequest): Sources {
  const timeWaitSource = openTimeWaitSource(request.serverPort);
  return {
    client: new ProcessReader(request.clientPid),
    server: new ProcessReader(request.serverPid),
    sockstat: openSockstat(),
    timeWaitSource,
    timeWait: new PacedTimeWait(timeWaitSource),
    hidden: { client: whyHidden(request.clientPid), server: whyHidden(request.serverPid) },
  };
}

function openSockstat(): ProcFile | null {
  try {
    return new ProcFile(`${netRoot()}/sockstat`);
  } catch {
    return null;
  }
}

/** Counting from here would say 0 for a process in another network namespace. A process whose namespace cannot be read is taken to share ours. */
function whyHidden(pid: number): string | null {
  try {
    const same = readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
    return same ? null : `process ${pid} is in another network namespace`;
  } catch {
    return null;
  }
}

/** The lower median and the largest of some numbers; null of none. */
function medianAndMax(values: readonly number[]): MedianAndMax | null {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  const max = sorted.at(-1);
  return median === undefined || max === undefined ? null : { median, max };
}
