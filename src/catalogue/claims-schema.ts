/** The keys of the claims file: what the catalogue says of keep-alive, and where each sentence is shown. */
import { z } from 'zod';

const text = (most: number): z.ZodString =>
  z
    .string({ error: 'must be text' })
    .trim()
    .min(1, { error: 'must not be empty' })
    .max(most, { error: `must be at most ${most} characters` });

const scenarioName = z.string({ error: 'must be the name of a shipped scenario' });
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'must be an alternative of the axis' });
const where = z.exactOptional(z.record(z.string(), scalar));
const metric = z.string({ error: 'must be a metric such as latency.response.p50' });

const claimSchema = z.strictObject({
  id: z.string({ error: 'must be an id such as C7' }).regex(/^C[1-9]\d{0,2}$/, { error: 'must be an id such as C7' }),
  /** A few words, for tables. */
  title: text(80),
  claim: text(600),
  /** What is commonly said. */
  folklore: text(600),
  /** The mechanism, without figures: these come from the runs. */
  finding: text(1500),
  /** The scenarios to begin with. Others with an expectation that shows the claim count all the same. */
  scenarios: z
    .array(scenarioName, { error: 'must be a list of names of scenarios' })
    .min(1, { error: 'must name a scenario' })
    .max(10, { error: 'must be at most 10 scenarios' }),
  /** The figures to show: of all variants that fit `where`. */
  tables: z
    .array(
      z.strictObject({
        scenario: scenarioName,
        metrics: z
          .array(metric, { error: 'must be a list of metrics' })
          .min(1, { error: 'must name a metric' })
          .max(6, { error: 'must be at most 6 metrics' }),
        where,
      }),
      { error: 'must be a list of tables' },
    )
    .min(1, { error: 'must be one table at least' })
    .max(4, { error: 'must be at most 4 tables' }),
  plot: z.strictObject({ scenario: scenarioName, metric, where }),
  /** What to set as a consequence, by program. Names of options stand between backticks. */
  set: z.strictObject({ node: text(1000), undici: text(1000), nginx: text(1000), loadBalancer: text(1000) }),
});
export type Claim = Readonly<z.output<typeof claimSchema>>;

export const claimsSchema = z.strictObject({
  claims: z
    .array(claimSchema, { error: 'must be a list of claims' })
    .min(1, { error: 'must be one claim at least' })
    .max(100, { error: 'must be at most 100 claims' }),
});
