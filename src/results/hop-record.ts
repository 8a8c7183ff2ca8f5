/** The part of a trial's record about the programs on the way: their settings, and their own counts over the whole trial. */
import { z } from 'zod';
import { requestsPerConnectionSchema } from './server-record.ts';
import { amountSchema, countSchema, limitSchema, tallySchema, type DeepReadonly } from './values.ts';

const settingsSchema = z.object({
  runtime: z.string(),
  keepAliveTimeoutMs: limitSchema.nullable(),
  maxRequests: limitSchema.nullable(),
  upstream: z.object({
    poolSize: countSchema.nullable(),
    idleTimeoutMs: limitSchema.nullable(),
    maxRequests: limitSchema.nullable(),
    connectTimeoutMs: limitSchema.nullable(),
    responseTimeoutMs: limitSchema.nullable(),
  }),
  /** The configuration as the program itself prints it. */
  text: z.string().nullable(),
});

/** Connections on one side of a hop. */
const sideSchema = z.object({
  /** Accepted, or established. */
  opened: countSchema,
  /** By whose FIN went first; `reset` where a connection ended without one. `hop` ones left TIME_WAIT with the hop. */
  closedBy: z.object({ peer: countSchema, hop: countSchema, reset: countSchema }),
  requestsPerConnection: requestsPerConnectionSchema,
  /** From their opening to their end; null where none has ended. */
  ages: z.object({ meanMs: amountSchema, maxMs: amountSchema }).nullable(),
});

/** First and last value, and the most in between; null where none could be read. */
const spanSchema = z.object({
  start: countSchema.nullable(),
  peak: countSchema.nullable(),
  end: countSchema.nullable(),
});

/** One program on the way; the first is the nearest to the client. What it does not tell is null, and `missing` says why. */
export const hopSchema = z.object({
  kind: z.string(),
  /** What metrics call it beside its place; absent where it was given none. */
  name: z.exactOptional(z.string()),
  /** In a lab, the host that it ran on. */
  host: z.enum(['client', 'server']),
  settings: settingsSchema.nullable(),
  /** Why figures are null; null where none is. */
  missing: z.string().nullable(),
  accepted: countSchema.nullable(),
  downstream: sideSchema.nullable(),
  upstream: sideSchema.extend({ attempted: countSchema, connectFailed: countSchema }).nullable(),
  requests: z.object({
    received: countSchema.nullable(),
    refused: countSchema.nullable(),
    ignored: countSchema.nullable(),
    /** Times that a request went on to the next program, again included; of nginx: was to go. */
    sent: countSchema.nullable(),
    sentOnReuse: countSchema.nullable(),
    answered: countSchema.nullable(),
    abandoned: countSchema.nullable(),
    retries: countSchema.nullable(),
  }),
  /** Answers of its own with these statuses. */
  failed: z.object({ 502: countSchema, 504: countSchema }).nullable(),
  /** Requests that failed for good, by cause. */
  failures: tallySchema.nullable(),
  /** Requests that were tried again, by the cause. */
  retriesByCause: tallySchema.nullable(),
  fds: spanSchema,
  /** Sockets of this program in TIME_WAIT, as the sampler saw them. */
  timeWait: spanSchema,
  /** Connections that it closed first, and so went into TIME_WAIT with it, by its own tally. */
  timeWaitEntered: countSchema.nullable(),
  rssPeakBytes: amountSchema.nullable(),
});
export type HopRecord = DeepReadonly<z.infer<typeof hopSchema>>;
