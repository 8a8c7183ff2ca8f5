/**
 * The middlebox: a firewall or NAT that forgets a flow after a time without packets in either direction. Pure; time is an argument.
 * Hot: no allocation per packet. Only a SYN of the client makes a flow known, so what the server opens meets a forgotten flow.
 */
import type { ForgottenFlow } from '../scenario/config.ts';
import type { Side } from './messages.ts';
import { ACK, RST, SYN, type Segment } from './packet.ts';
import { FlowIndex } from './flow-index.ts';

/** What becomes of a packet: it goes on, vanishes, or vanishes and its sender gets a RST. */
export type Passage = 'pass' | 'drop' | 'reset';

export class FlowTable {
  readonly #idleTimeoutNs: number;
  readonly #then: ForgottenFlow;
  readonly #index: FlowIndex;
  /** Time of the last packet of each flow, ns. */
  readonly #lastNs: Float64Array;

  constructor(config: { readonly idleTimeoutMs: number; readonly then: ForgottenFlow }, index = new FlowIndex()) {
    this.#idleTimeoutNs = config.idleTimeoutMs * 1e6;
    this.#then = config.then;
    this.#index = index;
    this.#lastNs = new Float64Array(index.places);
  }

  /** Judges one segment that `from` sent, and remembers its flow where it passes. */
  judge(from: Side, segment: Segment, nowNs: number): Passage {
    const isFromClient = from === 'client';
    const clientPort = isFromClient ? segment.sourcePort : segment.destinationPort;
    const serverPort = isFromClient ? segment.destinationPort : segment.sourcePort;
    const client = isFromClient ? segment.sourceHost : segment.destinationHost;
    let place = this.#index.find(client, clientPort, serverPort);
    if (isFromClient && (segment.flags & (SYN | ACK)) === SYN) {
      if (place < 0) place = this.#index.claim(client, clientPort, serverPort);
    } else if (place < 0 || nowNs - this.#lastNs[place]! >= this.#idleTimeoutNs) {
      return this.#refusal(isFromClient, segment);
    }
    this.#lastNs[place] = nowNs;
    return 'pass';
  }

  #refusal(isFromClient: boolean, segment: Segment): Passage {
    // A RST is never answered (RFC 9293 section 3.5.2).
    if (this.#then === 'drop' || (segment.flags & RST) !== 0) return 'drop';
    return this.#then === 'reset' || isFromClient ? 'reset' : 'drop';
  }
}
