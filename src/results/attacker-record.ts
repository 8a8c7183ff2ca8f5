/** The part of a trial's record about attackers: their own counts over the whole trial, apart from those of the load. */
import { z } from 'zod';
import { amountSchema, countSchema, tallySchema, type DeepReadonly } from './values.ts';

/** One group of attackers, as it counts itself. `opened = closedByServer.fin + closedByServer.reset + stillOpen`. */
export const attackerSchema = z.object({
  kind: z.string(),
  /** How many were to be open at once. */
  connections: countSchema,
  attempted: countSchema,
  opened: countSchema,
  connectFailed: countSchema,
  /** Requests that were sent to their end, which the server may have executed. */
  requests: countSchema,
  /** Ended by the server while the attack went on. */
  closedByServer: z.object({ fin: countSchema, reset: countSchema }),
  /** Answers, of kinds that read them. */
  statuses: tallySchema,
  /** Open when the attack ended. */
  stillOpen: countSchema,
  /** How the opened ones ended, the end of the attack included. */
  firstCloser: z.object({ client: countSchema, server: countSchema, reset: countSchema }),
  /** From the established connection to the server's end of it; null where the server ended none. The histogram is HDR V2 base64. */
  untilCut: z
    .object({
      unit: z.literal('ns'),
      count: countSchema,
      min: amountSchema,
      p50: amountSchema,
      p90: amountSchema,
      max: amountSchema,
      mean: amountSchema,
      histogram: z.string(),
    })
    .nullable(),
});
export type AttackerRecord = DeepReadonly<z.infer<typeof attackerSchema>>;
