/**
 * Carries packets between two TUN devices in a loop that never returns to libuv: read, count, judge, wait, deliver.
 * Hot: no allocation per packet.
 *
 * Only TCP over IPv4 is carried. A packet arrives when it is read; each turn reads and delivers a bounded number in each direction, so
 * that neither direction and neither duty waits long for another.
 */
import { nowNs } from '../kernel/clock.ts';
import { EPOLLET, EPOLLIN, Epoll } from '../kernel/epoll.ts';
import { EAGAIN, EINTR } from '../kernel/errno.ts';
import { EventFd } from '../kernel/event-fd.ts';
import { allocateNative } from '../kernel/memory.ts';
import { requireNative } from '../kernel/native.ts';
import { wantExactTimers } from '../kernel/parent-death.ts';
import { wantPromptWakeUps } from '../kernel/scheduling.ts';
import { Random } from '../load/random.ts';
import type { LinkConfig } from '../scenario/config.ts';
import { histogramLength, sparseOf } from '../stats/histogram.ts';
import { Direction, type PacketSink } from './direction.ts';
import { FlowTable } from './flow-table.ts';
import { Impairment } from './impairment.ts';
import type { DirectionCounts, LinkReport, Side } from './messages.ts';
import { Segment, parseSegment, resetBytes, writeReset } from './packet.ts';
import type { PcapChunks } from './pcap.ts';
import { WireCounts, type SentCounts } from './wire-counts.ts';

/** More than the devices' MTU of 1500; a longer packet is cut off, hence not whole, hence of the others. */
const slotBytes = 2048;
/** Packets that may be under way in each direction: 64 MiB of memory where all are. */
const slots = 32_768;
const readsPerTurn = 16;
const deliveriesPerTurn = 16;
/** The last stretch before a packet is due is not slept but polled: waking up takes about as long. */
const spinNs = 50_000;
/** How long packets under way may take to arrive after the link was told to stop. */
const drainNs = 100e6;

const clientTag = 0;
const serverTag = 1;
const wakeTag = 2;

export interface RelayOptions {
  /** TUN devices, non-blocking; who opened them closes them. */
  readonly clientFd: number;
  readonly serverFd: number;
  readonly config: LinkConfig;
  readonly seed: number;
  /** Gets every packet as it was sent, and the middlebox's; null: nobody captures. */
  readonly capture: PcapChunks | null;
}

/** What one side sends: the device that it comes from, and the direction that it goes. */
interface Lane {
  readonly side: Side;
  readonly fd: number;
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly direction: Direction;
}

/** The device at the end of a direction. Any refusal counts as not delivered: down (EIO), gone (EBADFD), full (EAGAIN, ENOBUFS). */
class Device implements PacketSink {
  readonly #libc = requireNative().libc;
  readonly #fd: number;
  readonly #address: number;

  constructor(fd: number, slabAddress: number) {
    this.#fd = fd;
    this.#address = slabAddress;
  }

  write(start: number, length: number): number {
    return this.#libc.write(this.#fd, this.#address + start, length);
  }
}

export class Relay {
  /** Wakes the loop from any thread of the process (`raiseEvent`). */
  readonly wakeFd: number;
  readonly #libc;
  readonly #errno: () => number;
  readonly #epoll = new Epoll(4);
  readonly #wake = new EventFd();
  readonly #segment = new Segment();
  readonly #wire = new WireCounts();
  readonly #middlebox: FlowTable | null;
  readonly #capture: PcapChunks | null;
  readonly #lateness = new Uint32Array(histogramLength);
  readonly #client: Lane;
  readonly #server: Lane;
  readonly #isDelaying: boolean;
  #isRealTime = false;
  #otherPackets = 0;
  #stopAtNs = Infinity;

  constructor(options: RelayOptions) {
    const { libc, errno } = requireNative();
    this.#libc = libc;
    this.#errno = errno;
    this.wakeFd = this.#wake.fd;
    this.#middlebox = options.config.middlebox === null ? null : new FlowTable(options.config.middlebox);
    this.#capture = options.capture;
    this.#isDelaying = delays(options.config);
    this.#client = this.#lane('client', options.clientFd, options.serverFd, options);
    this.#server = this.#lane('server', options.serverFd, options.clientFd, options);
    // Edge-triggered, so that it need not be read: each raise is an edge.
    this.#epoll.add(this.wakeFd, (EPOLLIN | EPOLLET) >>> 0, wakeTag);
    this.#epoll.add(options.clientFd, EPOLLIN, clientTag);
    this.#epoll.add(options.serverFd, EPOLLIN, serverTag);
  }

  #lane(side: Side, fd: number, sinkFd: number, { config, seed }: RelayOptions): Lane {
    const { address, bytes } = allocateNative(slots * slotBytes);
    const direction = new Direction({
      slab: { bytes, slotBytes, slots },
      sink: new Device(sinkFd, address),
      impairment: new Impairment(config, new Random(seed).fork(side === 'client' ? 0 : 1)),
      clock: nowNs,
      lateness: this.#lateness,
    });
    return { side, fd, address, bytes, direction };
  }

  /** Carries packets until `stop` was called (by `onWake`, in this thread) and what is under way has arrived or run out of time. */
  run(onWake: () => void): void {
    // Without a delay the link forwards as fast as both programs let it, and would only take the processor from them.
    if (this.#isDelaying) this.#isRealTime = wantPromptWakeUps();
    else wantExactTimers();
    const client = this.#client.direction;
    const server = this.#server.direction;
    while (!this.#isDone()) {
      const count = this.#epoll.wait(this.#waitNs());
      for (let index = 0; index < count; index++) {
        const tag = this.#epoll.tag(index);
        if (tag === clientTag) this.#read(this.#client);
        else if (tag === serverTag) this.#read(this.#server);
        else onWake();
      }
      if (client.nextDueNs < Infinity) client.deliverDue(nowNs(), deliveriesPerTurn);
      if (server.nextDueNs < Infinity) server.deliverDue(nowNs(), deliveriesPerTurn);
    }
    this.#capture?.flush();
    this.#epoll.close();
    this.#wake.close();
  }

  /** Reads no more; `run` ends soon. Call it from `onWake`. */
  stop(): void {
    if (this.#stopAtNs < Infinity) return;
    this.#stopAtNs = nowNs() + drainNs;
    this.#epoll.remove(this.#client.fd);
    this.#epoll.remove(this.#server.fd);
  }

  report(): LinkReport {
    const { user, system } = process.cpuUsage();
    const wire = this.#wire;
    return {
      fromClient: directionCounts(wire.fromClient, this.#client.direction, this.#server.direction),
      fromServer: directionCounts(wire.fromServer, this.#server.direction, this.#client.direction),
      flows: wire.flows,
      firstFin: { client: wire.firstFinByClient, server: wire.firstFinByServer },
      resetFlows: wire.resetFlows,
      lateness: sparseOf(this.#lateness),
      otherPackets: this.#otherPackets,
      isRealTime: this.#isRealTime,
      notCaptured: this.#capture?.notCaptured ?? 0,
      cpu: { userUs: user, systemUs: system },
    };
  }

  #nextDueNs(): number {
    return Math.min(this.#client.direction.nextDueNs, this.#server.direction.nextDueNs);
  }

  #isDone(): boolean {
    return this.#stopAtNs < Infinity && (this.#nextDueNs() === Infinity || nowNs() >= this.#stopAtNs);
  }

  #waitNs(): number {
    const nextNs = Math.min(this.#nextDueNs(), this.#stopAtNs);
    return nextNs === Infinity ? Infinity : Math.max(0, nextNs - nowNs() - spinNs);
  }

  #read(lane: Lane): void {
    const { direction, bytes } = lane;
    for (let reads = 0; reads < readsPerTurn && this.#stopAtNs === Infinity; reads++) {
      const start = direction.arrivalStart;
      const length = this.#libc.read(lane.fd, lane.address + start, slotBytes);
      if (length <= 0) {
        // A device whose namespace is gone would be reported for ever.
        if (length === 0 || !isNothingYet(this.#errno())) this.#epoll.remove(lane.fd);
        return;
      }
      if (!parseSegment(bytes, start, length, this.#segment)) {
        this.#otherPackets++;
        continue;
      }
      const arrivalNs = nowNs();
      this.#wire.count(lane.side, this.#segment, length);
      this.#capture?.add(bytes, start, length, arrivalNs);
      if (this.#middlebox === null || this.#passes(this.#middlebox, lane, arrivalNs))
        direction.accept(length, arrivalNs);
    }
  }

  #passes(middlebox: FlowTable, lane: Lane, arrivalNs: number): boolean {
    const passage = middlebox.judge(lane.side, this.#segment, arrivalNs);
    if (passage === 'pass') return true;
    lane.direction.refuse();
    if (passage === 'reset') this.#answer(lane, arrivalNs);
    return false;
  }

  /** Half the way to the middlebox and half the way back: the RST is due when a packet sent now would reach the other side. */
  #answer(lane: Lane, arrivalNs: number): void {
    const back = lane === this.#client ? this.#server : this.#client;
    const start = back.direction.injectionStart();
    if (start < 0) return;
    writeReset(lane.bytes, this.#segment, back.bytes, start);
    this.#capture?.add(back.bytes, start, resetBytes, arrivalNs);
    back.direction.inject(resetBytes, arrivalNs);
  }
}

/** Whether packets wait on the link, so that it matters when it wakes up. */
function delays({ rttMs, jitterMs, bandwidthBitsPerSecond }: LinkConfig): boolean {
  return rttMs > 0 || jitterMs > 0 || bandwidthBitsPerSecond < Infinity;
}

function isNothingYet(errno: number): boolean {
  return errno === EAGAIN || errno === EINTR;
}

function directionCounts(sent: SentCounts, direction: Direction, back: Direction): DirectionCounts {
  return {
    sent: { packets: sent.packets, bytes: sent.bytes },
    delivered: { packets: direction.deliveredPackets, bytes: direction.deliveredBytes },
    syn: sent.syn,
    synAck: sent.synAck,
    fin: sent.fin,
    rst: sent.rst,
    pureAck: sent.pureAck,
    retransmitted: sent.retransmitted,
    droppedByLoss: direction.droppedByLoss,
    droppedByQueue: direction.droppedByQueue,
    droppedByMiddlebox: direction.droppedByMiddlebox,
    droppedByDevice: direction.droppedByDevice,
    duplicated: direction.duplicated,
    reordered: direction.reordered,
    inFlight: direction.inFlight,
    middleboxResets: back.injected,
    peakQueueBytes: Math.ceil(direction.impairment.peakQueueBytes),
  };
}
