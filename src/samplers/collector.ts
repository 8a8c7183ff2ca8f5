/** Takes one sample after another of both hosts and the namespace, and remembers why a figure was missing and what the samples cost. */
import { readlinkSync } from 'node:fs';
import { nowNs } from '../kernel/clock.ts';
import { parseSockstat, netRoot } from '../kernel/proc-net.ts';
import { ProcessTreeReader } from '../kernel/proc-tree.ts';
import { ProcessReader, ProcFile, type Figure } from '../kernel/proc.ts';
import type {
  Gauge,
  HopSample,
  HostSample,
  MedianAndMax,
  NamespaceSockets,
  Sample,
  SamplerReport,
  SamplerRequest,
} from './messages.ts';
import { MachineReader } from './machine.ts';
import {
  PacedTimeWait,
  openChainTimeWait,
  openNamespaceTimeWait,
  openTimeWaitSource,
  type TimeWaitReading,
  type TimeWaitSource,
} from './time-wait.ts';

type Side = 'client' | 'server';

type ProcessGauges = Omit<HostSample, 'timeWait' | 'sockets'>;
type Sockstat = Sample['sockstat'];

const nothing: ProcessGauges = { fds: null, rssBytes: null, cpuUs: null };
const emptySockstat: Sockstat = { inUse: null, orphan: null, timeWait: null, memPages: null };

/** What a collector keeps open on Linux. */
interface Sources {
  readonly client: ProcessReader | ProcessTreeReader;
  readonly server: ProcessReader | ProcessTreeReader;
  readonly hops: readonly ProcessReader[];
  /** One for each namespace: the one that both sides share, or the client's and the server's. */
  readonly sockstats: readonly (ProcFile | Error)[];
  readonly timeWaitSource: TimeWaitSource;
  readonly timeWait: PacedTimeWait;
  readonly machine: MachineReader;
  /** Why TIME_WAIT of a side cannot be seen from this namespace; null where it can. */
  readonly hidden: Readonly<Record<Side, string | null>>;
}

/** Synchronous and without a timer: whoever owns it decides when a sample is taken. Holds about a dozen descriptors until `close`, which keep namespaces alive. */
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

  /** Takes a sample now. `exact` counts TIME_WAIT even where that is dear and not due yet, `machine` looks at the machine likewise. */
  sample(exact: boolean, machine = exact): Sample {
    const atNs = nowNs();
    const gauges = this.#take(atNs, exact);
    // With every sample: a process may end long before the next look at the machine.
    this.#sources?.machine.note({ client: gauges.client.cpuUs, server: gauges.server.cpuUs });
    const sample = this.#isMachineDue(atNs, machine) ? this.#withMachine(gauges) : gauges;
    this.#costsUs.push((nowNs() - atNs) / 1000);
    return sample;
  }

  #isMachineDue(atNs: number, asked: boolean): boolean {
    return this.#sources !== null && (asked || this.#sources.machine.isDue(atNs));
  }

  #withMachine(sample: Sample): Sample {
    return { ...sample, machine: this.#sources!.machine.read(sample.atNs) };
  }

  #take(atNs: number, exact: boolean): Sample {
    const sources = this.#sources;
    if (sources === null) return this.#emptySample(atNs, `needs Linux; this is ${this.#platform}`);
    const timeWait = sources.timeWait.read(exact);
    const sockstats = sources.sockstats.map((file) => this.#sockstat(file));
    const [first = emptySockstat, second = null] = sockstats;
    return {
      atNs,
      client: this.#host('client', sources, timeWait, second === null ? null : first),
      server: this.#host('server', sources, timeWait, second),
      sockstat: second === null ? first : bothHosts(first, second),
      ...(sources.hops.length === 0 ? {} : { hops: this.#hops(sources, timeWait) }),
    };
  }

  #hops({ hops }: Sources, { hops: timeWaits = [] }: TimeWaitReading): readonly HopSample[] {
    return hops.map((reader, index) => {
      const reading = reader.read();
      const timeWait = timeWaits[index] ?? null;
      if (reading.ended) return { fds: null, timeWait, rssBytes: null };
      const known = (figure: Figure): Gauge => (typeof figure === 'number' ? figure : null);
      return { fds: known(reading.openFiles), timeWait, rssBytes: known(reading.rssBytes) };
    });
  }

  #host(side: Side, sources: Sources, reading: TimeWaitReading, own: Sockstat | null): HostSample {
    const reason = sources.hidden[side] ?? reading.reason;
    if (reason !== null) this.#note(`${side}.timeWait`, reason);
    // TIME_WAIT belongs to the kernel and outlives its process.
    const timeWait = sources.hidden[side] === null ? reading[side] : null;
    const sockets: NamespaceSockets | null = own === null ? null : { inUse: own.inUse, timeWait: own.timeWait };
    return { ...this.#processGauges(side, sources[side]), timeWait, sockets };
  }

  #processGauges(side: Side, reader: Sources[Side]): ProcessGauges {
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

  #sockstat(file: ProcFile | Error): Sockstat {
    try {
      if (!(file instanceof ProcFile)) throw file;
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
    const host = { ...nothing, timeWait: null, sockets: null };
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
    for (const reader of [this.#sources?.client, this.#sources?.server, ...(this.#sources?.hops ?? [])])
      if (reader instanceof ProcessReader) reader.close();
    for (const file of this.#sources?.sockstats ?? []) if (file instanceof ProcFile) file.close();
    this.#sources?.timeWaitSource.close();
    this.#sources?.machine.close();
  }
}

function openSources(request: SamplerRequest): Sources {
  const { clientPid, clientTree = false, serverPid, serverPort, serverTree, namespaces, hops = [] } = request;
  const shared = namespaces === null;
  const timeWaitSource = shared
    ? openSharedTimeWait([...hops.map(({ port }) => port), serverPort])
    : openNamespaceTimeWait({ client: namespaces.clientPid, server: namespaces.serverPid });
  return {
    client: clientTree ? new ProcessTreeReader(clientPid) : new ProcessReader(clientPid),
    server: serverTree ? new ProcessTreeReader(serverPid) : new ProcessReader(serverPid),
    hops: hops.map(({ pid }) => new ProcessReader(pid)),
    sockstats: shared ? [openSockstat()] : [openSockstat(namespaces.clientPid), openSockstat(namespaces.serverPid)],
    timeWaitSource,
    timeWait: new PacedTimeWait(timeWaitSource),
    machine: new MachineReader(request),
    hidden: { client: shared ? whyHidden(clientPid) : null, server: shared ? whyHidden(serverPid) : null },
  };
}

/** One port is that of a server that the client talks to. */
function openSharedTimeWait(ports: readonly number[]): TimeWaitSource {
  return ports.length === 1 ? openTimeWaitSource(ports[0]!) : openChainTimeWait(ports);
}

/** The error says why a later reading will fail. */
function openSockstat(pid?: number): ProcFile | Error {
  const path = `${netRoot(pid)}/sockstat`;
  try {
    return new ProcFile(path);
  } catch {
    return new Error(`${path} cannot be opened`);
  }
}

/** Sockets of two namespaces; what counts the whole machine is not added up. */
function bothHosts(client: Sockstat, server: Sockstat): Sockstat {
  const added = (name: 'inUse' | 'timeWait'): Gauge => {
    const [first, second] = [client[name], server[name]];
    return first === null || second === null ? null : first + second;
  };
  return { ...client, inUse: added('inUse'), timeWait: added('timeWait') };
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
