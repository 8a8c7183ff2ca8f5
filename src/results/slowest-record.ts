/** The slowest requests of a trial as a result file keeps them: where the time of each went, and what happened on its connection. */
import { z } from 'zod';
import { amountSchema, countSchema, type DeepReadonly } from './values.ts';

/** The words for origin and fate stay open strings in the file, so that an older reader accepts a newer writer's. */
export const slowRequestSchema = z.object({
  /** Its intended start, ms from the start of measure. */
  dueMs: z.number(),
  /** Of all users, from 0; null in the open model. */
  user: countSchema.nullable(),
  /** Response time; of a request without an answer its age when it was given up. */
  responseNs: amountSchema,
  /** They add up to the response time. One that was not reached is 0; the one in which the request was given up lasts until then. */
  phasesNs: z.object({
    lag: amountSchema,
    connectionWait: amountSchema,
    connect: amountSchema,
    /** Absent where there was none. */
    tls: z.exactOptional(amountSchema),
    firstByte: amountSchema,
    download: amountSchema,
  }),
  /** HTTP status; null without an answer. */
  status: countSchema.nullable(),
  /** Why there is no answer: a code as in `errors`, or `ABANDONED` at the end of the drain; null with an answer. */
  code: z.string().nullable(),
  connection: z.object({
    /** How the request came by it: `opened`, `reused`, `handedOver`, `pipelined`, `openedAhead`, `none`. */
    origin: z.string(),
    /** What became of it at the end of the request: `kept`, `closing`, `serverClosed`, `reset`, `timeout`, `error`, `unfinished`, `none`. */
    fate: z.string(),
    /** Requests that it was given, this one included; null without a connection. */
    use: countSchema.nullable(),
    /** Its age when the request got it; null without one that was established. */
    ageMs: amountSchema.nullable(),
    /** How long it had been idle then; null unless it was. */
    idleMs: amountSchema.nullable(),
  }),
});
export type SlowRequestRecord = DeepReadonly<z.infer<typeof slowRequestSchema>>;
