/** The parts of a result file's header: environment, claims, variants and planned trials. */
import { z } from 'zod';
import { amountSchema, axesSchema, countSchema, documentSchema, limitSchema, type DeepReadonly } from './values.ts';

export const environmentSchema = z.object({
  node: z.string().nullable(),
  v8: z.string().nullable(),
  kernel: z.string().nullable(),
  os: z.string().nullable(),
  arch: z.string().nullable(),
  cpuModel: z.string().nullable(),
  cores: countSchema.nullable(),
  governor: z.string().nullable(),
  virtualisation: z.string().nullable(),
  memoryBytes: countSchema.nullable(),
  congestionControl: z.string().nullable(),
  /** By name, as the kernel prints them; null where one could not be read. */
  sysctls: z.record(z.string(), z.string().nullable()),
  nofile: z.object({ soft: limitSchema.nullable(), hard: limitSchema.nullable() }),
  /** Version by library name. */
  libraries: z.record(z.string(), z.string().nullable()),
});
export type Environment = DeepReadonly<z.infer<typeof environmentSchema>>;

/** A claim of the scenario. `of` and `against` pick variants by axis name -> alternative; a claim without `against` is about the value itself. */
export const expectationSchema = z.object({
  claim: z.string(),
  /** Dotted path into a trial record, e.g. `latency.response.p50`. */
  metric: z.string(),
  of: axesSchema,
  against: axesSchema.nullable(),
  /** Bounds on of / against; null where the claim has none. */
  ratio: z.object({ below: z.number().nullable(), above: z.number().nullable() }).nullable(),
  /** Bounds on the metric itself, in the record's unit. */
  value: z.object({ below: z.number().nullable(), above: z.number().nullable() }).nullable(),
  /** Ids of the claims of a catalogue that it is evidence for; absent where there are none. */
  shows: z.exactOptional(z.array(z.string())),
});
export type ExpectationRecord = DeepReadonly<z.infer<typeof expectationSchema>>;

/** A metric that may not be worse than the baseline by more than the margin: 0.1 is 10 %, of the loss rate 0.001 one request in a thousand. */
export const gateSchema = z.object({ metric: z.string(), margin: amountSchema });

/** What the scenario says of variants, by name: why their figures are as they are. */
export const explanationSchema = z.object({ variants: z.array(z.string()), text: z.string() });

export const variantSchema = z.object({ name: z.string(), axes: axesSchema, config: documentSchema });
export type VariantRecord = DeepReadonly<z.infer<typeof variantSchema>>;

/** `index` counts the trials of a run from 0 in running order; `order` is the place within its block, from 0. */
export const plannedTrialSchema = z.object({
  index: countSchema,
  block: countSchema,
  order: countSchema,
  variant: z.string(),
});
export type PlannedTrial = DeepReadonly<z.infer<typeof plannedTrialSchema>>;
