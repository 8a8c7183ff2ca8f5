/** What the controller and the link process say to each other over IPC (structured clone). */
import type { LinkConfig } from '../scenario/config.ts';
import type { SparseCounts } from '../stats/histogram.ts';

/** RFC 2544 benchmarking addresses, so that they meet nothing real. */
export const clientAddress = '198.18.0.1';
export const serverAddress = '198.18.0.2';
export const prefixLength = 15;

/** So many addresses of the client, its first one among them: 198.18.0.1, then those after the server's. */
export function clientAddresses(count: number): readonly string[] {
  const more = Array.from({ length: count - 1 }, (_, index) => index + 3);
  return [clientAddress, ...more.map((number) => `198.18.${Math.floor(number / 256)}.${number % 256}`)];
}

export type Side = 'client' | 'server';

/** What the link counted of the packets that one side sent. `sent`: read from its device; `delivered`: written to the other's. */
export interface DirectionCounts {
  readonly sent: { readonly packets: number; readonly bytes: number };
  readonly delivered: { readonly packets: number; readonly bytes: number };
  readonly syn: number;
  readonly synAck: number;
  readonly fin: number;
  readonly rst: number;
  /** ACK without data, SYN, FIN or RST. */
  readonly pureAck: number;
  /** Segments whose data, SYN or FIN was sent before on the same flow. */
  readonly retransmitted: number;
  readonly droppedByLoss: number;
  readonly droppedByQueue: number;
  readonly droppedByMiddlebox: number;
  /** The receiver's device did not take them: down, gone, or its queue full. */
  readonly droppedByDevice: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Read, and not yet delivered or dropped: sent + duplicated = delivered + all that was dropped + inFlight. */
  readonly inFlight: number;
  /** RSTs that the middlebox made and sent to this side, in answer to its packets; in no other count. */
  readonly middleboxResets: number;
  /** Bytes of the longest queue. */
  readonly peakQueueBytes: number;
}

export interface LinkReport {
  readonly fromClient: DirectionCounts;
  readonly fromServer: DirectionCounts;
  /** Distinct flows whose SYN the client sent. */
  readonly flows: number;
  /** Flows by the side whose FIN was sent first. */
  readonly firstFin: { readonly client: number; readonly server: number };
  /** Flows that ended by RST without any FIN. */
  readonly resetFlows: number;
  /** Delivery after the due time, ns. */
  readonly lateness: SparseCounts;
  /** Packets that were not of IPv4/TCP (IPv6 neighbour discovery and the like); not relayed, not in the counts. */
  readonly otherPackets: number;
  /** The relay had real-time priority. */
  readonly isRealTime: boolean;
  /** Packets left out of the capture, which had reached its limit; 0 without a capture. */
  readonly notCaptured: number;
  readonly cpu: { readonly userUs: number; readonly systemUs: number };
}

export type ToLink =
  /** Make the devices, give each to the namespace of a process, and relay. `pcapPath`: an absolute path, or null. */
  | {
      readonly type: 'start';
      readonly config: LinkConfig;
      readonly seed: number;
      readonly clientNamespacePid: number;
      readonly serverNamespacePid: number;
      readonly pcapPath: string | null;
    }
  | { readonly type: 'snapshot'; readonly id: number }
  | { readonly type: 'stop' };

export type FromLink =
  | { readonly type: 'ready' }
  /** Both devices are in their namespaces, still without address and down. */
  | { readonly type: 'attached'; readonly clientDevice: string; readonly serverDevice: string }
  | { readonly type: 'snapshot'; readonly id: number; readonly report: LinkReport }
  | { readonly type: 'stopped'; readonly report: LinkReport }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
