/** The parts of a trial's record that count requests: what became of them, why some failed, and how many there were a second. */
import { z } from 'zod';
import { amountSchema, countSchema } from './values.ts';

const requestCountsShape = {
  scheduled: countSchema,
  started: countSchema,
  completed: countSchema,
  failed: countSchema,
  /** Answered, and never read. Absent where the load leaks nothing. */
  leaked: z.exactOptional(countSchema),
};

export const failureSchema = z.object({
  phase: z.string(),
  code: z.string(),
  /** Null only in an imported run. */
  reused: z.boolean().nullable(),
  socketAgeMs: amountSchema.nullable(),
  count: countSchema,
});

/**
 * The plain counts are requests whose intended start lies in measure; `executedByServer` and `wholeTrial` include warm-up.
 * Of the counts only `executedByServer` may be null, save in an imported run.
 */
export const requestsSchema = z.object({
  ...requestCountsShape,
  dropped: countSchema.nullable(),
  abandoned: countSchema.nullable(),
  retried: countSchema.nullable(),
  executedByServer: countSchema.nullable(),
  /** Executions, by the server's count, of a request that had been executed already. Absent where the client does not retry. */
  duplicates: z.exactOptional(countSchema.nullable()),
  /** How the first tries of those that were sent again ended; they are no errors. Absent where nothing is sent again, or nobody knows. */
  retryCauses: z.exactOptional(z.array(failureSchema)),
  wholeTrial: z
    .object({
      ...requestCountsShape,
      dropped: countSchema,
      abandoned: countSchema,
      sent: countSchema,
      answered: countSchema,
      /** Requests that were sent again. Absent where the client does not retry. */
      retried: z.exactOptional(countSchema),
    })
    .nullable(),
});

export const throughputSchema = z.object({
  /** Null in the closed model, where the answers set the pace. */
  offeredPerSecond: amountSchema.nullable(),
  achievedPerSecond: amountSchema,
  /** Achieved, successful statuses only. */
  goodputPerSecond: amountSchema,
  /** HTTP bytes, both directions. */
  bytesPerSecond: amountSchema.nullable(),
});
