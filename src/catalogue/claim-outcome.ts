/** What the result files say of each claim: confirmed, refuted, or not decided with the reason. */
import { judgeClaims, type ClaimResult, type Outcome } from '../compare/claims.ts';
import { plural } from '../compare/words.ts';
import type { ResultFile } from '../results/read-file.ts';
import type { ExpectationRecord } from '../results/run-plan.ts';
import type { Expectation } from '../scenario/expect.ts';
import type { KnownScenario } from './claims-file.ts';
import type { Claim } from './claims-schema.ts';

/** What there is of a scenario's run. */
export type ScenarioResults = Pick<ResultFile, 'header' | 'trials' | 'footer'>;

/** The run of each scenario, by its name. */
export type RunsByScenario = ReadonlyMap<string, ScenarioResults>;

/** What one scenario says of a claim. */
export interface ScenarioEvidence {
  readonly scenario: string;
  /** Null without results. */
  readonly results: ScenarioResults | null;
  /** The expectations that show the claim. */
  readonly judged: readonly ClaimResult[];
  /** Why it decides nothing, whatever was judged; null where it may. */
  readonly lacking: string | null;
}

export interface ClaimOutcome {
  readonly claim: Claim;
  /** Confirmed where every expectation that shows it is; refuted where one is. */
  readonly outcome: Outcome;
  /** Why it is refuted or not decided; null where it is confirmed. */
  readonly reason: string | null;
  readonly evidence: readonly ScenarioEvidence[];
}

/** Every claim, in the order of the file. */
export function claimOutcomes(
  claims: readonly Claim[],
  scenarios: readonly KnownScenario[],
  runs: RunsByScenario,
): readonly ClaimOutcome[] {
  return claims.map((claim) => {
    const evidence = scenariosOf(claim, scenarios).map((scenario) => {
      return evidenceOf(claim, scenario, runs.get(scenario.name) ?? null);
    });
    return { claim, ...overall(evidence), evidence };
  });
}

/** Every scenario that shows the claim: those of its list first, in their order. */
function scenariosOf({ id, scenarios: listed }: Claim, scenarios: readonly KnownScenario[]): readonly KnownScenario[] {
  const showing = scenarios.filter(({ expectations }) => expectations.some(({ shows }) => shows.includes(id)));
  const first = listed.flatMap((name) => showing.find((scenario) => scenario.name === name) ?? []);
  return [...first, ...showing.filter((scenario) => !first.includes(scenario))];
}

/** The command that runs everything that a claim rests on. */
export function commandOf({ evidence }: ClaimOutcome): string {
  return `connbench run ${evidence.map(({ scenario }) => scenario).join(' ')}`;
}

function overall(evidence: readonly ScenarioEvidence[]): Pick<ClaimOutcome, 'outcome' | 'reason'> {
  const judged = evidence.flatMap((one) => one.judged.map((result) => ({ ...result, scenario: one.scenario })));
  const refuted = judged.filter(({ outcome }) => outcome === 'refuted');
  if (refuted.length > 0) return { outcome: 'refuted', reason: sentences(refuted) };
  const lacking = evidence.flatMap((one) => one.lacking ?? []);
  const open = judged.filter(({ outcome }) => outcome === 'not decided');
  if (lacking.length === 0 && open.length === 0) return { outcome: 'confirmed', reason: null };
  return { outcome: 'not decided', reason: [...lacking, ...(open.length === 0 ? [] : [sentences(open)])].join('; ') };
}

function sentences(results: readonly (ClaimResult & { readonly scenario: string })[]): string {
  return results.map(({ scenario, expectation }) => `${scenario}: ${expectation.claim}`).join('; ');
}

/**
 * An unfinished run decides nothing, as one that ends when its figures please would; nor does one of another text, whose expectations are not
 * those that the scenario has now.
 */
function evidenceOf({ id }: Claim, scenario: KnownScenario, results: ScenarioResults | null): ScenarioEvidence {
  const { name } = scenario;
  const asked = scenario.expectations.filter(({ shows }) => shows.includes(id));
  if (results === null) return { scenario: name, results, judged: [], lacking: `no results of ${name}` };
  const judged = judgeClaims(results).filter(({ expectation }) => asked.some((one) => isSame(one, expectation)));
  return { scenario: name, results, judged, lacking: lackingOf(name, asked, judged, results) };
}

function lackingOf(
  name: string,
  asked: readonly Expectation[],
  judged: readonly ClaimResult[],
  { header, trials, footer }: ScenarioResults,
): string | null {
  if (footer === null || footer.interrupted) {
    return `the run of ${name} is unfinished: ${trials.length} of ${plural(header.trials.length, 'trial')}`;
  }
  const missing = asked.filter((one) => !judged.some(({ expectation }) => isSame(one, expectation)));
  if (missing.length === 0) return null;
  const claims = missing.map(({ claim }) => `"${claim}"`).join(', ');
  return `the results of ${name} are of another text of the scenario, or of a part of it: they lack ${claims}`;
}

/** The same claim about the same variants and with the same limits. */
function isSame(asked: Expectation, recorded: ExpectationRecord): boolean {
  const parts = ['claim', 'metric', 'of', 'against', 'ratio', 'value'] as const;
  return parts.every((part) => JSON.stringify(asked[part]) === JSON.stringify(recorded[part]));
}
