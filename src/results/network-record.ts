/** The parts of a trial's record that only a lab has: what its link counted, and what its hosts were set to. */
import { z } from 'zod';
import { amountSchema, countSchema, type DeepReadonly } from './values.ts';

/** Packets that did not arrive, by what became of them. */
const droppedSchema = z.object({
  loss: countSchema,
  queue: countSchema,
  middlebox: countSchema,
  device: countSchema,
});
const segmentCountsShape = {
  /** IPv4 packets with a TCP segment, and their bytes with headers, as sent: before loss or duplication on the link. */
  packets: countSchema,
  bytes: countSchema,
  /** Without ACK; with retransmitted ones, as all of these counts. */
  syn: countSchema,
  synAck: countSchema,
  fin: countSchema,
  rst: countSchema,
  /** ACK without data, SYN, FIN or RST. */
  pureAcks: countSchema,
  retransmits: countSchema,
  dropped: droppedSchema,
  duplicated: countSchema,
  reordered: countSchema,
  /** RSTs that the middlebox made; in no other count. */
  middleboxResets: countSchema,
};
const linkDirectionSchema = z.object({
  ...segmentCountsShape,
  deliveredPackets: countSchema,
  deliveredBytes: countSchema,
  /** The longest queue. */
  peakQueueBytes: countSchema,
});

/** The wire's own count over the whole trial, both directions added up. */
export const linkSchema = z.object({
  ...segmentCountsShape,
  /** Per request sent. */
  packetsPerRequest: amountSchema.nullable(),
  /** Distinct connections whose SYN was seen. */
  flows: countSchema,
  /** Flows by the side whose FIN was sent first. */
  firstFin: z.object({ client: countSchema, server: countSchema }),
  /** Flows that ended by RST without any FIN. */
  resetFlows: countSchema,
  /** Delivery after the due time. */
  lateness: z.object({
    count: countSchema,
    p50Ns: amountSchema.nullable(),
    p99Ns: amountSchema.nullable(),
    maxNs: amountSchema.nullable(),
  }),
  fromClient: linkDirectionSchema,
  fromServer: linkDirectionSchema,
  /** Neither IPv4 nor TCP; not relayed and in no other count. */
  otherPackets: countSchema,
  /** Whether the link had real-time priority, which only root can give; without it lateness is higher. Absent in files of earlier versions. */
  realTime: z.exactOptional(z.boolean()),
  cpu: z.object({ userUs: amountSchema, systemUs: amountSchema }),
});
export type LinkRecord = DeepReadonly<z.infer<typeof linkSchema>>;

/** What a host of the lab was set to, read back from its kernel. */
export const hostSettingsSchema = z.object({
  congestionControl: z.string().nullable(),
  /** By full name, as the kernel prints them; null where one could not be read. */
  sysctls: z.record(z.string(), z.string().nullable()),
});
