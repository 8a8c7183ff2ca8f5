/** Makes the first line of a result file from a plan, and finds the trials that a result file still lacks. Pure. */
import { jsonDocument } from '../results/json-form.ts';
import { schemaVersion, type HeaderRecord } from '../results/record.ts';
import type { Environment } from '../results/run-plan.ts';
import type { Scenario } from '../scenario/parse.ts';
import type { Plan } from '../scenario/plan.ts';
import { UserError } from '../scenario/user-error.ts';
import type { PlannedTrial } from './evidence.ts';

export interface RunIdentity {
  readonly runId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly connbenchVersion: string;
  readonly environment: Environment;
}

export function headerRecord(scenario: Scenario, plan: Plan, identity: RunIdentity): HeaderRecord {
  const { name, question, look, document, folder } = scenario;
  return {
    type: 'header',
    schemaVersion,
    ...identity,
    scenario: {
      name,
      question,
      look: look.length === 0 ? null : look.join(' '),
      document: jsonDocument(document),
      folder,
    },
    variants: plan.variants.map((variant) => {
      return { name: variant.name, axes: variant.axes, config: jsonDocument(variant.config) };
    }),
    baseline: plan.baseline,
    expectations: plan.expectations.map(({ claim, metric, of, against, ratio, value, shows }) => {
      return { claim, metric, of, against, ratio, value, ...(shows.length === 0 ? {} : { shows: [...shows] }) };
    }),
    ...(plan.gates.length === 0 ? {} : { gates: plan.gates.map(({ metric, margin }) => ({ metric, margin })) }),
    ...(plan.explanations.length === 0
      ? {}
      : { explanations: plan.explanations.map(({ variants, text }) => ({ variants: [...variants], text })) }),
    seed: plan.seed,
    blocks: plan.blocks,
    trials: plan.trials.map(({ index, block, order, variant }) => ({ index, block, order, variant })),
  };
}

/** The plan's trials with the settings of their variants, without those in `completed`. */
export function trialsToRun(plan: Plan, completed: ReadonlySet<number> = new Set()): readonly PlannedTrial[] {
  const configs = new Map(plan.variants.map((variant) => [variant.name, variant.trial]));
  return plan.trials
    .filter(({ index }) => !completed.has(index))
    .map((trial) => ({ ...trial, config: configs.get(trial.variant)! }));
}

/**
 * Throws a UserError unless the plan is the one that `header` was written for: same trials in the same order, and every variant with the
 * same settings.
 */
export function assertSamePlan(header: HeaderRecord, scenario: Scenario, plan: Plan, path: string): void {
  const planned = headerRecord(scenario, plan, header);
  const parts = ['variants', 'trials', 'seed', 'blocks'] as const;
  const differs = parts.filter((part) => JSON.stringify(planned[part]) !== JSON.stringify(header[part]));
  if (differs.length === 0) return;
  throw new UserError(
    'RESUME_DIFFERS',
    `${path} holds another plan than this version makes of its scenario: different ${differs.join(', ')}`,
    'Resume it with the version that began it, or run the scenario anew.',
  );
}
