/**
 * Counts the segments of each side as that side sent them, before anything befalls them on the link. Pure. Hot: no allocation per
 * packet, and memory that does not grow with the number of flows.
 *
 * - A SYN without ACK whose initial sequence number is new for its ends begins a new flow; with the same number it is a retransmission.
 * - A retransmission is a segment that begins below what its side has sent on the flow before and has data, SYN or FIN. A keepalive
 *   probe of Linux begins there too but is empty: a pure ACK.
 * - A flow that was not seen from its SYN (its place was needed for another) is taken up at its next segment, which counts as new.
 */
import type { Side } from './messages.ts';
import { ACK, FIN, RST, SYN, sequenceLength, type Segment } from './packet.ts';
import { FlowIndex } from './flow-index.ts';

/** What one side sent. */
export class SentCounts {
  packets = 0;
  bytes = 0;
  syn = 0;
  synAck = 0;
  fin = 0;
  rst = 0;
  pureAck = 0;
  retransmitted = 0;
}

// The state of a flow. Each side has two bits of its own: `1 << side` and `4 << side`.
const clientSide = 0;
const serverSide = 1;
/** `nextSeq` of the side is known. */
const sawSide = 1;
const finBit = 4;
const anyFin = (finBit << clientSide) | (finBit << serverSide);
/** Counted in `resetFlows`. */
const resetBit = 16;

export class WireCounts {
  readonly fromClient = new SentCounts();
  readonly fromServer = new SentCounts();
  /** Flows whose SYN the client sent. */
  flows = 0;
  firstFinByClient = 0;
  firstFinByServer = 0;
  /** Flows with a RST and without any FIN. */
  resetFlows = 0;
  readonly #index: FlowIndex;
  readonly #state: Uint8Array;
  /** First sequence number of each side, its SYN's; two per flow. */
  readonly #firstSeq: Int32Array;
  /** One past the highest sequence number that each side has sent; two per flow. */
  readonly #nextSeq: Int32Array;

  constructor(index = new FlowIndex()) {
    this.#index = index;
    this.#state = new Uint8Array(index.places);
    this.#firstSeq = new Int32Array(2 * index.places);
    this.#nextSeq = new Int32Array(2 * index.places);
  }

  /** Counts one segment that `from` sent in a packet of `bytes` bytes. */
  count(from: Side, segment: Segment, bytes: number): void {
    const sent = from === 'client' ? this.fromClient : this.fromServer;
    const { flags } = segment;
    sent.packets++;
    sent.bytes += bytes;
    const isSyn = (flags & (SYN | ACK)) === SYN;
    if (isSyn) sent.syn++;
    else if ((flags & SYN) !== 0) sent.synAck++;
    if ((flags & FIN) !== 0) sent.fin++;
    if ((flags & RST) !== 0) sent.rst++;
    if (segment.payloadBytes === 0 && (flags & (SYN | FIN | RST | ACK)) === ACK) sent.pureAck++;
    const place = this.#place(from, segment, isSyn);
    if (place < 0) return;
    if (this.#advance(place, from === 'client' ? clientSide : serverSide, segment)) sent.retransmitted++;
    if ((flags & FIN) !== 0) this.#onFin(place, from);
    else if ((flags & RST) !== 0) this.#onReset(place);
  }

  /** The flow of a segment, begun anew by a new SYN; -1 for a RST that belongs to none. */
  #place(from: Side, segment: Segment, isSyn: boolean): number {
    const isFromClient = from === 'client';
    const clientPort = isFromClient ? segment.sourcePort : segment.destinationPort;
    const serverPort = isFromClient ? segment.destinationPort : segment.sourcePort;
    const client = isFromClient ? segment.sourceHost : segment.destinationHost;
    let place = this.#index.find(client, clientPort, serverPort);
    const isKnown = place >= 0;
    if (!isKnown) {
      if ((segment.flags & RST) !== 0) return -1;
      place = this.#index.claim(client, clientPort, serverPort);
    }
    if (!isKnown || (isSyn && !this.#isSameSyn(place, isFromClient ? clientSide : serverSide, segment.seq))) {
      this.#state[place] = 0;
      if (isSyn && isFromClient) this.flows++;
    }
    return place;
  }

  #isSameSyn(place: number, side: number, seq: number): boolean {
    return (this.#state[place]! & (sawSide << side)) !== 0 && this.#firstSeq[2 * place + side] === seq;
  }

  /** Notes what the segment adds to its side's sequence. True where it begins below what was sent before. */
  #advance(place: number, side: number, segment: Segment): boolean {
    const length = sequenceLength(segment);
    // An empty segment sends nothing; and a RST may bear any sequence number.
    if (length === 0 || (segment.flags & RST) !== 0) return false;
    const at = 2 * place + side;
    const end = (segment.seq + length) | 0;
    const isNewSyn = (segment.flags & SYN) !== 0 && !this.#isSameSyn(place, side, segment.seq);
    if (isNewSyn || (this.#state[place]! & (sawSide << side)) === 0) {
      this.#state[place]! |= sawSide << side;
      this.#firstSeq[at] = segment.seq;
      this.#nextSeq[at] = end;
      return false;
    }
    const isAgain = ((segment.seq - this.#nextSeq[at]!) | 0) < 0;
    if (((end - this.#nextSeq[at]!) | 0) > 0) this.#nextSeq[at] = end;
    return isAgain;
  }

  #onFin(place: number, from: Side): void {
    const state = this.#state[place]!;
    if ((state & anyFin) === 0) {
      if (from === 'client') this.firstFinByClient++;
      else this.firstFinByServer++;
      // Its RST and this FIN crossed on the way.
      if ((state & resetBit) !== 0) this.resetFlows--;
    }
    this.#state[place] = (state & ~resetBit) | (finBit << (from === 'client' ? clientSide : serverSide));
  }

  #onReset(place: number): void {
    const state = this.#state[place]!;
    if ((state & (anyFin | resetBit)) !== 0) return;
    this.#state[place] = state | resetBit;
    this.resetFlows++;
  }
}
