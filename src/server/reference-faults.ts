/** The faults of the reference server: which response under way meets which, and how much of a dripping body is due. */
import { nowNs } from '../kernel/clock.ts';
import { allocateNative } from '../kernel/memory.ts';
import { Random } from '../load/random.ts';
import type { BundledServerConfig, FaultConfig } from '../scenario/config.ts';
import type { ConnectionLedger } from './connection-ledger.ts';
import { FaultDraw, faultStream, faultyResponse, type FaultyResponse } from './faults.ts';
import { answerCount, answerShape, type PreparedResponses } from './reference-responses.ts';

/** A faulty response under way. */
interface Meeting {
  readonly response: FaultyResponse;
  /** When its first byte could be sent, ns. */
  startNs: number;
}

/** Faulty answers are encoded when they are first met, and then kept. */
export class ReferenceFaults {
  readonly #config: BundledServerConfig;
  readonly #faults: readonly FaultConfig[];
  readonly #draw: FaultDraw;
  readonly #keepAliveTimeoutMs: number;
  readonly #responses: PreparedResponses;
  readonly #ledger: ConnectionLedger;
  /** By fault, then by answer: undefined until it is met, null where the fault does not show in that answer. */
  readonly #faulty: (FaultyResponse | null | undefined)[] = [];
  /** The positions of `#faulty` in `#responses`. */
  readonly #indexes: number[] = [];
  /** By slot. */
  readonly #underWay: (Meeting | null)[] = [];

  constructor(
    config: BundledServerConfig,
    keepAliveTimeoutMs: number,
    seed: number,
    system: { readonly ledger: ConnectionLedger; readonly responses: PreparedResponses },
  ) {
    this.#config = config;
    this.#faults = config.faults ?? [];
    this.#draw = new FaultDraw(this.#faults, new Random(seed).fork(faultStream));
    this.#keepAliveTimeoutMs = keepAliveTimeoutMs;
    this.#responses = system.responses;
    this.#ledger = system.ledger;
  }

  /** Draws for a request that would be answered by `answer`. Gives the position of the response that it gets instead, or `answer`. */
  meet(slot: number, answer: number): number {
    this.#underWay[slot] = null;
    const drawn = this.#draw.next();
    const fault = this.#faults[drawn];
    if (fault === undefined) return answer;
    const place = drawn * answerCount + answer;
    if (this.#faulty[place] === undefined) this.#prepare(place, fault, answer);
    const response = this.#faulty[place] ?? null;
    if (response === null) return answer;
    this.#ledger.fault(fault.fault);
    this.#underWay[slot] = { response, startNs: -1 };
    return this.#indexes[place]!;
  }

  /** A new connection has the slot. */
  clear(slot: number): void {
    this.#underWay[slot] = null;
  }

  #prepare(place: number, fault: FaultConfig, answer: number): void {
    const response = faultyResponse(fault, answerShape(answer, this.#config, this.#keepAliveTimeoutMs));
    this.#faulty[place] = response;
    if (response === null) return;
    const { address, sizeBytes } = this.#responses;
    this.#indexes[place] = address.length;
    const buffer = allocateNative(Math.max(1, response.bytes.length));
    buffer.bytes.set(response.bytes);
    address.push(buffer.address);
    sizeBytes.push(response.bytes.length);
  }

  /** How many bytes of the slot's response, of `sizeBytes` in all, may have been sent by now. */
  dueBytes(slot: number, sizeBytes: number): number {
    const meeting = this.#underWay[slot];
    if (meeting === null || meeting === undefined || meeting.response.dripMs === 0) return sizeBytes;
    const { bodyStart, dripMs } = meeting.response;
    const now = nowNs();
    if (meeting.startNs < 0) meeting.startNs = now;
    const due = Math.floor(((now - meeting.startNs) / (dripMs * 1e6)) * (sizeBytes - bodyStart));
    return Math.min(sizeBytes, bodyStart + due);
  }

  /** When the byte after the first `sentBytes` of a dripping response is due, ns. */
  nextByteNs(slot: number, sentBytes: number): number {
    const { response, startNs } = this.#underWay[slot]!;
    const { bytes, bodyStart, dripMs } = response;
    const share = (sentBytes + 1 - bodyStart) / (bytes.length - bodyStart);
    return startNs + Math.ceil(share * dripMs * 1e6) + 1;
  }

  /** The slot's response is out: what it was, where it ends the connection in its own way; null where all goes on as usual. */
  takeEnd(slot: number): FaultyResponse | null {
    const response = this.#underWay[slot]?.response ?? null;
    this.#underWay[slot] = null;
    return response === null || response.end === 'as-usual' ? null : response;
  }
}
