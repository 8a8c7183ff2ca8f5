/** The text of the claims file -> the claims, or every problem in it with its place. Scenarios, axes and metrics that it names must exist. */
import { check } from '../scenario/check.ts';
import { metricProblem, metricUnit } from '../scenario/metrics.ts';
import { locate, type Node } from '../scenario/node.ts';
import type { Scenario } from '../scenario/parse.ts';
import { byPlace, joinPath, quote, type Problem } from '../scenario/problem.ts';
import { select } from '../scenario/selection.ts';
import { nearest } from '../scenario/suggest.ts';
import { readYaml } from '../scenario/yaml-tree.ts';
import { claimsSchema, type Claim } from './claims-schema.ts';

/** A scenario as far as claims refer to it. */
export type KnownScenario = Pick<Scenario, 'name' | 'variants' | 'expectations'>;

export type ReadClaims =
  | { readonly ok: true; readonly claims: readonly Claim[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Problems come in the order of the file, which is shown in them as `file`. */
export function readClaims(text: string, file: string, scenarios: readonly KnownScenario[]): ReadClaims {
  const { root, problems: syntax } = readYaml(text, file);
  if (root === null || syntax.length > 0) return { ok: false, problems: syntax };
  const checked = check(claimsSchema, root, { path: '' });
  if (checked.value === null) return { ok: false, problems: [...checked.problems].sort(byPlace) };
  const reader = new References(root, scenarios);
  const { claims } = checked.value;
  claims.forEach((claim, at) => {
    reader.checkClaim(claim, at, claims);
  });
  reader.checkIds(claims);
  const problems = [...reader.problems].sort(byPlace);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, claims };
}

/** Finds names that lead nowhere. */
class References {
  readonly problems: Problem[] = [];
  readonly #root: Node;
  readonly #scenarios: readonly KnownScenario[];

  constructor(root: Node, scenarios: readonly KnownScenario[]) {
    this.#root = root;
    this.#scenarios = scenarios;
  }

  checkClaim(claim: Claim, at: number, claims: readonly Claim[]): void {
    const path = ['claims', at];
    const first = claims.findIndex(({ id }) => id === claim.id);
    if (first < at) this.#report([...path, 'id'], `${claim.id} is the id of claims[${first}] already`);
    claim.scenarios.forEach((name, index) => {
      this.#checkEvidence(claim, name, [...path, 'scenarios', index]);
    });
    claim.tables.forEach((table, index) => {
      const place = [...path, 'tables', index];
      this.#checkPlace(claim, table, place);
      table.metrics.forEach((metric, column) => {
        this.#checkMetric(metric, [...place, 'metrics', column]);
      });
    });
    this.#checkPlace(claim, claim.plot, [...path, 'plot']);
    this.#checkMetric(claim.plot.metric, [...path, 'plot', 'metric']);
  }

  /** Every id that an expectation shows is a claim's. */
  checkIds(claims: readonly Claim[]): void {
    for (const { name, expectations } of this.#scenarios) {
      for (const id of new Set(expectations.flatMap(({ shows }) => shows))) {
        if (claims.some((claim) => claim.id === id)) continue;
        this.#report(['claims'], `lacks ${id}, which an expectation of ${name} shows`);
      }
    }
  }

  #checkEvidence({ id }: Claim, name: string, path: readonly PropertyKey[]): void {
    const scenario = this.#find(name, path);
    if (scenario === null || scenario.expectations.some(({ shows }) => shows.includes(id))) return;
    this.#report(path, `${name} has no expectation that shows ${id}`);
  }

  #checkPlace(
    { scenarios }: Claim,
    { scenario: name, where }: Pick<Claim['plot'], 'scenario' | 'where'>,
    path: readonly PropertyKey[],
  ): void {
    const scenario = this.#find(name, [...path, 'scenario']);
    if (scenario === null) return;
    if (!scenarios.includes(name)) {
      this.#report([...path, 'scenario'], `${name} is not among the scenarios of this claim: ${scenarios.join(', ')}`);
    }
    const found = where === undefined ? null : select(scenario.variants, where);
    if (found !== null && !found.ok) this.#report([...path, 'where'], found.message, found.suggestion);
  }

  #checkMetric(metric: string, path: readonly PropertyKey[]): void {
    if (metricUnit(metric) !== null) return;
    const { message, suggestion } = metricProblem(metric);
    this.#report(path, message, suggestion);
  }

  #find(name: string, path: readonly PropertyKey[]): KnownScenario | null {
    const scenario = this.#scenarios.find((one) => one.name === name);
    if (scenario !== undefined) return scenario;
    const names = this.#scenarios.map((one) => one.name);
    this.#report(path, `${quote(name)} is not a scenario of the catalogue`, nearest(name, names));
    return null;
  }

  #report(keys: readonly PropertyKey[], message: string, suggestion?: string): void {
    const { at } = locate(this.#root, keys);
    const path = joinPath('', keys);
    this.problems.push({ ...at, path, message, ...(suggestion === undefined ? {} : { suggestion }) });
  }
}
