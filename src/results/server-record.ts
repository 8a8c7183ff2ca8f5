/** The part of a trial's record that the server reports: its settings, and its own counts over the whole trial. */
import { z } from 'zod';
import { amountSchema, countSchema, limitSchema, tallySchema, type DeepReadonly } from './values.ts';

export const firstCloserSchema = z.object({ client: countSchema, server: countSchema, reset: countSchema });
/** Connections by requests answered on them; mean and max are null where no connection ended. */
export const requestsPerConnectionSchema = z.object({
  histogram: tallySchema,
  mean: amountSchema.nullable(),
  max: countSchema.nullable(),
});

const liveSettingsSchema = z.object({
  runtime: z.string(),
  keepAliveTimeoutMs: limitSchema.nullable(),
  keepAliveTimeoutBufferMs: limitSchema.nullable(),
  maxRequestsPerSocket: limitSchema.nullable(),
  headersTimeoutMs: limitSchema.nullable(),
  requestTimeoutMs: limitSchema.nullable(),
  connectionsCheckingIntervalMs: limitSchema.nullable(),
  maxConnections: limitSchema.nullable(),
  backlog: limitSchema.nullable(),
  noDelay: z.boolean().nullable(),
  /** RLIMIT_NOFILE of the process, soft. Absent where the scenario leaves it alone. */
  nofile: z.exactOptional(limitSchema),
  /** Absent where the server does not speak HTTP/2. */
  maxConcurrentStreams: z.exactOptional(limitSchema.nullable()),
  /** Absent where the server does not speak TLS. */
  tls: z.exactOptional(
    z.object({
      minVersion: z.string().nullable(),
      maxVersion: z.string().nullable(),
      sessionTickets: z.boolean().nullable(),
      earlyDataBytes: countSchema.nullable(),
    }),
  ),
});

/** The server's own count over the whole trial; counts are null where it died before it could report. */
export const serverSchema = z.object({
  kind: z.enum(['node', 'reference', 'command', 'external']),
  settings: liveSettingsSchema.nullable(),
  accepted: countSchema.nullable(),
  executed: countSchema.nullable(),
  refused: countSchema.nullable(),
  turnedAway: countSchema.nullable(),
  closesByReason: tallySchema.nullable(),
  firstCloser: firstCloserSchema.nullable(),
  requestsPerConnection: requestsPerConnectionSchema.nullable(),
  /** Handshakes, and connections whose early data was taken. Absent without TLS. */
  tls: z.exactOptional(
    z.object({ full: countSchema, resumed: countSchema, earlyData: countSchema, failed: countSchema }),
  ),
  /** What the server's policies did. Absent where the scenario has none. */
  policies: z.exactOptional(
    z.object({
      /** Responses that ended a connection, or shortened its timeout, to relieve the server. */
      shedResponses: countSchema,
      /** Connections that ended so. */
      shed: countSchema,
      /** Idle connections that made room for new ones. */
      evicted: countSchema,
      /** How often the server stopped accepting. */
      acceptPauses: countSchema,
      /** Failed attempts to accept, for want of descriptors for example. */
      acceptErrors: countSchema,
      /** What became of the connections that were open when the server began to leave. Null where it never began; absent without drain. */
      drain: z.exactOptional(
        z
          .object({
            connections: countSchema,
            /** Closed while no request was under way. */
            closedIdle: countSchema,
            /** Closed after an answer that said so. */
            closedAnswered: countSchema,
            /** Closed with a request under way. */
            aborted: countSchema,
            /** Open at the end of measure. */
            left: countSchema,
            /** From its beginning until the last one had ended; null where some were left. */
            durationNs: amountSchema.nullable(),
          })
          .nullable(),
      ),
    }),
  ),
  /** Requests that met a fault of the scenario, by its name. Absent without faults. */
  faults: z.exactOptional(tallySchema),
  eventLoopDelay: z
    .object({
      count: countSchema,
      meanNs: amountSchema,
      p50Ns: amountSchema,
      p99Ns: amountSchema,
      maxNs: amountSchema,
    })
    .nullable(),
});
export type ServerRecord = DeepReadonly<z.infer<typeof serverSchema>>;
