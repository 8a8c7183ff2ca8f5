/** A catalogue of two claims and two scenarios, and results of them whose every figure is chosen. */
import type { ScenarioResults } from '../../src/catalogue/claim-outcome.ts';
import type { Claim } from '../../src/catalogue/claims-schema.ts';
import { readClaims } from '../../src/catalogue/claims-file.ts';
import type { CatalogueScenario } from '../../src/catalogue/handbook.ts';
import { headerRecord } from '../../src/trial/header.ts';
import { jsonForm } from '../../src/results/json-form.ts';
import { headerSchema } from '../../src/results/record.ts';
import { planTrials } from '../../src/scenario/plan.ts';
import { scenarioOf } from '../scenario/read.ts';
import { footer, header, trial, type TrialChoice } from '../results/fixtures.ts';

const scenarioTexts = {
  reuse: `name: reuse
base: { load: { model: open, rate: 100/s, warmUp: 0s, duration: 1s } }
axes:
  strategy: { close: { strategy: { connection: close } }, keep-alive: {} }
blocks: 6
expect:
  - claim: A kept connection is half as slow
    metric: latency.response.p50
    of: { strategy: keep-alive }
    against: { strategy: close }
    ratio: { below: 0.6 }
    shows: [C1]
  - claim: It needs eight connections
    metric: connections.opened
    of: { strategy: keep-alive }
    value: { above: 7, below: 9 }
    shows: [C1, C2]
`,
  pile: `name: pile
blocks: 2
expect:
  - claim: One connection is opened
    metric: connections.opened
    of: default
    value: { below: 2 }
    shows: [C2]
`,
};

export const claimsText = `claims:
  - id: C1
    title: Reuse | pays
    claim: Reuse saves a handshake, *mostly*.
    folklore: It is <b>free</b>.
    finding: A round trip is saved; see \`keepAlive | x\`.
    scenarios: [reuse]
    tables:
      - { scenario: reuse, metrics: [latency.response.p50, connections.opened] }
    plot: { scenario: reuse, metric: latency.response.p50 }
    set: &set { node: 'Set \`keepAlive: true\`.', undici: u, nginx: n, loadBalancer: l }
  - id: C2
    title: Few connections
    claim: Few are needed.
    folklore: Many are.
    finding: Little's law.
    scenarios: [pile]
    tables:
      - { scenario: pile, metrics: [connections.opened] }
    plot: { scenario: pile, metric: connections.opened }
    set: *set
`;

export const scenarios: readonly CatalogueScenario[] = (['reuse', 'pile'] as const).map((name) => {
  return { ...scenarioOf(scenarioTexts[name]), group: name === 'reuse' ? 'cost' : 'failure', estimatedSeconds: 30 };
});

export function smallClaims(text = claimsText): readonly Claim[] {
  const read = readClaims(text, 'claims.yaml', scenarios);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.claims;
}

/** A finished run of a scenario by the figures of each trial. */
export function results(
  name: keyof typeof scenarioTexts,
  choose: (variant: string, block: number) => TrialChoice,
): ScenarioResults {
  const scenario = scenarioOf(scenarioTexts[name]);
  const { environment, connbenchVersion } = header({ variants: [] });
  const identity = { runId: name, startedAt: '2026-11-22T00:49:58.123Z', connbenchVersion, environment };
  const top = headerSchema.parse(jsonForm(headerRecord(scenario, planTrials(scenario, { seed: 1 }), identity)));
  const trials = top.trials.map((planned) => {
    const variant = top.variants.find((one) => one.name === planned.variant)!;
    return trial(planned, variant, choose(planned.variant, planned.block));
  });
  return { header: top, trials, footer: { ...footer, completedTrials: trials.length } };
}

/** Bucket edges: 200,191 ns and 100,095 ns; each block a bucket or more higher. */
export function reuseResults(over: (variant: string, block: number) => TrialChoice = () => ({})): ScenarioResults {
  return results('reuse', (variant, block) => {
    const isClose = variant === 'strategy=close';
    return {
      p50Ns: (isClose ? 200_000 : 100_000) + 1000 * block,
      opened: isClose ? 22_000 : 8,
      ...over(variant, block),
    };
  });
}
