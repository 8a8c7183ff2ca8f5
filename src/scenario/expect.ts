/** Reads the claims of a scenario and finds the variants each is about. */
import { z } from 'zod';
import { check } from './check.ts';
import { noSuchHop, type HopChain } from './hop-metrics.ts';
import { metricProblem, metricUnit, parseLimit, type MetricUnit } from './metrics.ts';
import { locate, type Node } from './node.ts';
import { joinPath, type Problem } from './problem.ts';
import { expectSchema, type ExpectInput } from './schema.ts';
import { counterpart, selectOne, type Axes, type Named } from './selection.ts';

/** Both null where the claim has no such bound. */
interface Limits {
  readonly below: number | null;
  readonly above: number | null;
}

/** A claim about one variant, or about one against another. */
export interface Expectation {
  readonly claim: string;
  /** Dotted path into a trial record. */
  readonly metric: string;
  /** Axis -> alternative of the variant it is about, and its name. */
  readonly of: Axes;
  readonly ofVariant: string;
  readonly against: Axes | null;
  readonly againstVariant: string | null;
  /** Bounds on of / against. */
  readonly ratio: Limits | null;
  /** Bounds on the metric itself, in its unit in the record. */
  readonly value: Limits | null;
  /** Ids of the claims of a catalogue that it is evidence for. */
  readonly shows: readonly string[];
}

export interface ReadExpectations {
  readonly expectations: readonly Expectation[];
  readonly problems: readonly Problem[];
}

const maximumClaims = 1000;
const listSchema = z.array(z.unknown()).max(maximumClaims, { error: `must be at most ${maximumClaims} claims` });

/**
 * Reads `expect`. Without `against` a ratio is against the baseline. `variants` is null where they could not be made, `baseline`
 * undefined where there is one that could not be found. `chains`: the programs on the way of every variant, null where they are not known.
 */
export function readExpectations(
  node: Node,
  variants: readonly Named[] | null,
  baseline: Axes | null | undefined,
  chains: readonly HopChain[] | null = null,
): ReadExpectations {
  if (node.kind === 'scalar' && node.value === null) return { expectations: [], problems: [] };
  const whole = check(listSchema, node, { path: 'expect' });
  if (node.kind !== 'list' || whole.value === null) return { expectations: [], problems: whole.problems };
  const expectations: Expectation[] = [];
  const problems: Problem[] = [];
  for (const [index, item] of node.items.entries()) {
    const path = joinPath('expect', [index]);
    const checked = check(expectSchema, item, { path });
    problems.push(...checked.problems);
    if (checked.value === null) continue;
    const reader = new ClaimReader(item, path, chains);
    const expectation = reader.read(checked.value, variants, baseline);
    problems.push(...reader.problems);
    if (expectation !== null) expectations.push(expectation);
  }
  return { expectations, problems };
}

class ClaimReader {
  readonly problems: Problem[] = [];
  private readonly node: Node;
  private readonly path: string;
  private readonly chains: readonly HopChain[] | null;

  constructor(node: Node, path: string, chains: readonly HopChain[] | null) {
    this.node = node;
    this.path = path;
    this.chains = chains;
  }

  read(input: ExpectInput, variants: readonly Named[] | null, baseline: Axes | null | undefined): Expectation | null {
    const unit = metricUnit(input.metric);
    const wrong = unit === null ? metricProblem(input.metric) : noSuchHop(input.metric, this.chains);
    if (wrong !== null) this.report(['metric'], wrong.message, wrong.suggestion);
    this.checkShape(input, variants === null ? undefined : baseline);
    const ratio = this.limits('ratio', input.ratio, null);
    const value = this.limits('value', input.value, unit);
    if (variants === null) return null;
    const of = this.pick('of', input.of, variants);
    const picked = input.against === undefined ? null : this.pick('against', input.against, variants);
    const against = input.ratio === undefined ? null : (picked ?? baselineOf(variants, of, baseline));
    if (against !== null && against.name === of?.name) {
      const given = input.against === undefined ? 'ratio' : 'against';
      this.report([given], `compares ${against.name} with itself`);
    }
    if (of === null || this.problems.length > 0) return null;
    return {
      claim: input.claim,
      metric: input.metric,
      of: of.axes,
      ofVariant: of.name,
      against: against?.axes ?? null,
      againstVariant: against?.name ?? null,
      ratio,
      value,
      shows: input.shows ?? [],
    };
  }

  private report(keys: readonly PropertyKey[], message: string, suggestion?: string): void {
    const { at } = locate(this.node, keys);
    const path = joinPath(this.path, keys);
    this.problems.push({ ...at, path, message, ...(suggestion === undefined ? {} : { suggestion }) });
  }

  private checkShape(input: ExpectInput, baseline: Axes | null | undefined): void {
    if (input.ratio === undefined && input.value === undefined) {
      this.report([], 'claims nothing: give ratio or value, each with below or above');
    }
    if (input.ratio !== undefined && input.against === undefined && baseline === null) {
      this.report(['ratio'], 'needs against, or a baseline of the scenario: the variant to divide by');
    }
    if (input.ratio === undefined && input.against !== undefined) {
      this.report(['against'], 'is for a ratio; a value is not compared with another variant');
    }
  }

  private limits(key: 'ratio' | 'value', input: ExpectInput['value'], unit: MetricUnit | null): Limits | null {
    if (input === undefined) return null;
    if (input.below === undefined && input.above === undefined) this.report([key], 'needs below, above or both');
    const below = this.limit([key, 'below'], input.below, unit);
    const above = this.limit([key, 'above'], input.above, unit);
    if (below !== null && above !== null && above >= below) {
      this.report([key], 'nothing is above the one and below the other: above must be the smaller number');
    }
    return { below, above };
  }

  private limit(keys: readonly string[], input: string | number | undefined, unit: MetricUnit | null): number | null {
    if (input === undefined) return null;
    if (unit === null) return typeof input === 'number' ? input : null;
    const parsed = parseLimit(input, unit);
    if (parsed.ok) return parsed.value;
    this.report(keys, parsed.message);
    return null;
  }

  private pick(key: 'of' | 'against', selector: ExpectInput['of'], variants: readonly Named[]): Named | null {
    const found = selectOne(variants, selector);
    if (found.ok) return found.item;
    this.report([key], found.message, found.suggestion);
    return null;
  }
}

function baselineOf(variants: readonly Named[], of: Named | null, baseline: Axes | null | undefined): Named | null {
  return of === null || baseline === null || baseline === undefined ? null : counterpart(variants, of, baseline);
}
