/** What the link of a lab counted, in the form of the record. Pure. */
import type { DirectionCounts, LinkReport } from '../lab/messages.ts';
import type { LinkRecord } from '../results/network-record.ts';
import { Histogram } from '../stats/histogram.ts';

/** `requests`: those sent over the link in the whole trial; null where nobody knows. */
export function linkRecord(report: LinkReport, requests: number | null): LinkRecord {
  const { fromClient, fromServer, flows, firstFin, resetFlows, otherPackets, cpu } = report;
  const both = (pick: (counts: DirectionCounts) => number): number => pick(fromClient) + pick(fromServer);
  const packets = both(({ sent }) => sent.packets);
  const lateness = Histogram.fromSparse(report.lateness);
  return {
    packets,
    bytes: both(({ sent }) => sent.bytes),
    syn: both(({ syn }) => syn),
    synAck: both(({ synAck }) => synAck),
    fin: both(({ fin }) => fin),
    rst: both(({ rst }) => rst),
    pureAcks: both(({ pureAck }) => pureAck),
    retransmits: both(({ retransmitted }) => retransmitted),
    packetsPerRequest: requests === null || requests === 0 ? null : packets / requests,
    flows,
    firstFin,
    resetFlows,
    dropped: {
      loss: both(({ droppedByLoss }) => droppedByLoss),
      queue: both(({ droppedByQueue }) => droppedByQueue),
      middlebox: both(({ droppedByMiddlebox }) => droppedByMiddlebox),
      device: both(({ droppedByDevice }) => droppedByDevice),
    },
    duplicated: both(({ duplicated }) => duplicated),
    reordered: both(({ reordered }) => reordered),
    middleboxResets: both(({ middleboxResets }) => middleboxResets),
    lateness: {
      count: lateness.count,
      p50Ns: lateness.quantile(0.5),
      p99Ns: lateness.quantile(0.99),
      maxNs: lateness.max,
    },
    fromClient: directionRecord(fromClient),
    fromServer: directionRecord(fromServer),
    otherPackets,
    realTime: report.isRealTime,
    cpu: { userUs: cpu.userUs, systemUs: cpu.systemUs },
  };
}

function directionRecord(counts: DirectionCounts): LinkRecord['fromClient'] {
  const { sent, delivered, syn, synAck, fin, rst, pureAck, retransmitted, peakQueueBytes } = counts;
  const { droppedByLoss, droppedByQueue, droppedByMiddlebox, droppedByDevice } = counts;
  return {
    packets: sent.packets,
    bytes: sent.bytes,
    deliveredPackets: delivered.packets,
    deliveredBytes: delivered.bytes,
    syn,
    synAck,
    fin,
    rst,
    pureAcks: pureAck,
    retransmits: retransmitted,
    dropped: { loss: droppedByLoss, queue: droppedByQueue, middlebox: droppedByMiddlebox, device: droppedByDevice },
    duplicated: counts.duplicated,
    reordered: counts.reordered,
    middleboxResets: counts.middleboxResets,
    peakQueueBytes,
  };
}
