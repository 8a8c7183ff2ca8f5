/** Decides which variant answers fastest under each load, what it is compared with, and what it costs. The words are in answer-text.ts. */
import { compareOverBlocks, type BlockComparison } from '../compare/blocks.ts';
import { percent } from '../compare/words.ts';
import { milliseconds } from './format.ts';
import { loadGroups, type LoadGroup, type LoadGroupMember } from './load-group.ts';
import { figuresByVariant, lossRate, type ReportedMetric, type RunResults } from './variant-figures.ts';

/** Variants this close to the best are level with it. */
export const levelMargin = 0.05;
/** Margin of the verdict on p99, whose spread is wider. */
const tailMargin = 0.1;
/** A share of lost requests this far above the lowest disqualifies: the latency of the survivors says too little. */
const materialLossRate = 0.001;

export const priceMetrics = [
  'connections.opened',
  'fds.client.peak',
  'fds.server.peak',
  'timeWait.client.entered',
  'timeWait.server.entered',
  'cpu.generator.perRequestUs',
  'cpu.server.perRequestUs',
] as const satisfies readonly ReportedMetric[];

interface Exclusion {
  readonly member: LoadGroupMember;
  readonly reason: string;
}

export interface GroupAnswer {
  readonly group: LoadGroup;
  /** Null where nothing can be compared. */
  readonly winner: LoadGroupMember | null;
  /** What the winner is compared with: the baseline, else the variant that closes every connection, else the slowest. */
  readonly reference: LoadGroupMember | null;
  readonly referenceIs: 'baseline' | 'close' | 'slowest' | null;
  /** Within the level margin of the best on p50 and p99, the winner left out. */
  readonly levelWith: readonly LoadGroupMember[];
  /** Where nobody is level with the best on both: who has the lowest of each. The winner then has the lowest product of the two. */
  readonly split: { readonly p50: LoadGroupMember; readonly p99: LoadGroupMember } | null;
  readonly excluded: readonly Exclusion[];
  /** Those that the winner was picked from, itself among them. */
  readonly candidates: number;
  /** Whether one that is not level on both has a p50 within the level margin of the lowest: it lost by its p99 alone. */
  readonly p50Level: boolean;
  /** Winner against reference, not corrected for the choice of the winner; null with too few blocks. */
  readonly overBlocks: { readonly p50: BlockComparison | null; readonly p99: BlockComparison | null };
  /** Most blocks that any two of the group's variants could share. */
  readonly blocks: number;
}

/** One answer per load of the run. */
export function answersOf(results: RunResults): readonly GroupAnswer[] {
  const { baseline } = results.header;
  return loadGroups(figuresByVariant(results)).map((group) => answerGroup(group, baseline));
}

interface Candidate {
  readonly member: LoadGroupMember;
  readonly p50: number;
  readonly p99: number;
}

function answerGroup(group: LoadGroup, baseline: Readonly<Record<string, string>> | null): GroupAnswer {
  const { candidates, excluded } = screen(group.members);
  const blocks = Math.max(0, ...group.members.map((member) => member.validTrials.length));
  const nothing = { levelWith: [], split: null, p50Level: false, overBlocks: { p50: null, p99: null } };
  const known = { group, excluded, blocks, candidates: candidates.length };
  if (candidates.length < 2) return { ...known, winner: null, reference: null, referenceIs: null, ...nothing };
  const { winner, levelWith, split, p50Level } = pick(candidates);
  const { reference, referenceIs } = referenceFor(winner, candidates, baseline);
  const compare = (metric: ReportedMetric, margin: number): BlockComparison | null =>
    compareOverBlocks(winner.validTrials, reference.validTrials, metric, margin);
  const p50 = compare('latency.response.p50', levelMargin);
  const p99 = compare('latency.response.p99', tailMargin);
  return { ...known, winner, reference, referenceIs, levelWith, split, p50Level, overBlocks: { p50, p99 } };
}

/** Those whose latency may be compared, and why the others' may not. */
function screen(members: readonly LoadGroupMember[]): {
  candidates: readonly Candidate[];
  excluded: readonly Exclusion[];
} {
  const rates = members
    .filter((member) => member.validTrials.length > 0)
    .flatMap((member) => lossRate(member.losses) ?? []);
  const lowestRate = Math.min(...rates);
  const candidates: Candidate[] = [];
  const excluded: Exclusion[] = [];
  for (const member of members) {
    const { value: p50, atLeast: bounded } = member.figures['latency.response.p50'];
    const { value: p99, atLeast: tailBounded } = member.figures['latency.response.p99'];
    const rate = lossRate(member.losses) ?? 0;
    if (member.validTrials.length === 0) excluded.push({ member, reason: 'no valid trial' });
    else if (p50 === null || p99 === null) excluded.push({ member, reason: withoutLatency(member) });
    else if (rate - lowestRate > materialLossRate) excluded.push({ member, reason: lossReason(rate, lowestRate) });
    else if (bounded) excluded.push({ member, reason: boundReason('p50', p50) });
    else if (tailBounded) excluded.push({ member, reason: boundReason('p99', p99) });
    else candidates.push({ member, p50, p99 });
  }
  return { candidates, excluded };
}

/** A client that is a program gives no histogram of what it answered. */
function withoutLatency({ validTrials }: LoadGroupMember): string {
  const own = validTrials.some(({ client }) => client.ownFigures !== undefined);
  return own ? 'its client times its requests itself, and nobody checked that' : 'no request was answered';
}

function boundReason(name: string, valueNs: number): string {
  return `its ${name} is only known to be at least ${milliseconds(valueNs)} ms, since requests had no answer in time`;
}

function lossReason(rate: number, lowestRate: number): string {
  return `${percent(rate)} of its requests were lost, against ${percent(lowestRate)}`;
}

function pick(
  candidates: readonly Candidate[],
): Pick<GroupAnswer, 'levelWith' | 'split' | 'p50Level'> & { winner: LoadGroupMember } {
  const byP50 = lowest(candidates, (candidate) => candidate.p50);
  const byP99 = lowest(candidates, (candidate) => candidate.p99);
  const top = 1 + levelMargin;
  const level = candidates.filter(({ p50, p99 }) => p50 <= byP50.p50 * top && p99 <= byP99.p99 * top);
  if (level.length === 0) {
    const balanced = lowest(candidates, ({ p50, p99 }) => p50 * p99);
    const split = { p50: byP50.member, p99: byP99.member };
    return { winner: balanced.member, levelWith: [], split, p50Level: false };
  }
  const winner = cheapest(level).member;
  const levelWith = level.map((candidate) => candidate.member).filter((member) => member !== winner);
  const p50Level = candidates.some((candidate) => candidate.p50 <= byP50.p50 * top && !level.includes(candidate));
  return { winner, levelWith, split: null, p50Level };
}

/** Fewest connections opened, then fewest descriptors held, then the faster. */
function cheapest(candidates: readonly Candidate[]): Candidate {
  const cost = ({ member }: Candidate, metric: ReportedMetric): number => member.figures[metric].value ?? Infinity;
  const order = (a: number, b: number): number => (a === b ? 0 : a - b);
  const sorted = candidates.toSorted(
    (a, b) =>
      order(cost(a, 'connections.opened'), cost(b, 'connections.opened')) ||
      order(cost(a, 'fds.client.peak'), cost(b, 'fds.client.peak')) ||
      order(a.p50 * a.p99, b.p50 * b.p99),
  );
  return sorted[0]!;
}

function lowest(candidates: readonly Candidate[], figure: (candidate: Candidate) => number): Candidate {
  return candidates.reduce((best, candidate) => (figure(candidate) < figure(best) ? candidate : best));
}

/** Among those whose latency may be compared: a reference that lost its slow requests would look fast. */
function referenceFor(
  winner: LoadGroupMember,
  candidates: readonly Candidate[],
  baseline: Readonly<Record<string, string>> | null,
): { reference: LoadGroupMember; referenceIs: 'baseline' | 'close' | 'slowest' } {
  const others = candidates.filter(({ member }) => member !== winner);
  if (baseline !== null) {
    const wanted = { ...winner.variant.axes, ...baseline };
    const found = others.find(({ member }) => sameAxes(member.variant.axes, wanted));
    if (found !== undefined) return { reference: found.member, referenceIs: 'baseline' };
  }
  const closing = others.find(({ member }) => closesEveryConnection(member));
  if (closing !== undefined) return { reference: closing.member, referenceIs: 'close' };
  return { reference: lowest(others, ({ p50, p99 }) => -p50 * p99).member, referenceIs: 'slowest' };
}

function sameAxes(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(b).every((axis) => a[axis] === b[axis]);
}

function closesEveryConnection(member: LoadGroupMember): boolean {
  const { strategy } = member.variant.config;
  return (
    typeof strategy === 'object' && strategy !== null && 'connection' in strategy && strategy.connection === 'close'
  );
}
