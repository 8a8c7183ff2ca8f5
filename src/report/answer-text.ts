/** Says an answer in sentences: the winner, by how much, at what price, and how far the figures can be trusted. */
import { blocksNeeded } from '../stats/signed-rank.ts';
import type { Verdict } from '../stats/verdict.ts';
import { levelMargin, type priceMetrics, type GroupAnswer } from './answer.ts';
import { alpha, type BlockComparison } from '../compare/blocks.ts';
import { amount, count, milliseconds, significant } from './format.ts';
import { listed, percent, plural } from '../compare/words.ts';
import type { LoadGroup, LoadGroupMember } from './load-group.ts';
import { printable } from './printable.ts';
import type { ReportedMetric } from './variant-figures.ts';

const label = (member: LoadGroupMember): string => printable(member.shortLabel, 60);

/** The sentences of one answer, safe to print. */
export function answerSentences(answer: GroupAnswer): readonly string[] {
  const { winner, reference } = answer;
  const exclusions = answer.excluded.map(
    ({ member, reason }) => `${label(member)} is out of the comparison: ${printable(reason)}.`,
  );
  if (winner === null || reference === null) return [nothingToCompare(answer), ...exclusions];
  return [
    winnerSentence(answer, winner),
    speedSentence(answer, winner, reference),
    priceSentence(winner, reference),
    ...exclusions,
    trustSentence(answer),
  ];
}

function nothingToCompare({ group, excluded }: GroupAnswer): string {
  const usable = group.members.filter((member) => !excluded.some((exclusion) => exclusion.member === member));
  const [only] = usable;
  if (only === undefined) return 'No variant has figures that can be compared.';
  const figures = `p50 ${figure(only, 'latency.response.p50')}, p99 ${figure(only, 'latency.response.p99')}`;
  return `${label(only)} is the only variant ${reasonAlone(group)}: ${figures}.`;
}

function reasonAlone({ name, members }: LoadGroup): string {
  return name !== null && members.length === 1
    ? 'with its load, network and response'
    : 'with figures that can be compared';
}

function winnerSentence(answer: GroupAnswer, winner: LoadGroupMember): string {
  const { levelWith, split, candidates, p50Level } = answer;
  const name = label(winner);
  if (split !== null) {
    const both = `${label(split.p50)} has the lowest p50 and ${label(split.p99)} the lowest p99`;
    return `No variant is best at both: ${both}. Taken together, ${name} comes out ahead.`;
  }
  const onlyFigures = verdicts(answer).length === 0 && p50Level;
  if (levelWith.length === 0) {
    if (noDifferenceShown(answer)) return `${name} has the lowest figures, but the blocks show no gain.`;
    return `${name} ${onlyFigures ? 'has the lowest figures' : 'answers fastest'}.`;
  }
  const all = [winner, ...levelWith].map(label);
  const margin = percent(levelMargin);
  return all.length === candidates
    ? `All variants are level within ${margin} on p50 and p99; ${name} is the cheapest.`
    : `${listed(all)} ${onlyFigures ? 'have the lowest figures' : 'answer fastest'}, level within ${margin}; ${name} is the cheapest of them.`;
}

/** The blocks were enough to tell, and neither quantile is better beyond its margin. */
function noDifferenceShown(answer: GroupAnswer): boolean {
  const known = verdicts(answer);
  return known.length > 0 && known.every((verdict) => verdict !== 'improvement');
}

function verdicts({ overBlocks: { p50, p99 } }: GroupAnswer): readonly Verdict[] {
  return [p50, p99].flatMap((comparison) => comparison?.verdict ?? []);
}

const referenceWords = { baseline: ' (the baseline)', close: '', slowest: ' (the slowest)' } as const;

function speedSentence({ referenceIs }: GroupAnswer, winner: LoadGroupMember, reference: LoadGroupMember): string {
  const against = (metric: ReportedMetric): string => {
    const a = winner.figures[metric].value;
    const b = reference.figures[metric].value;
    const times = a === null || b === null || a === 0 || b === 0 ? '' : ` (${timesAs(b / a)})`;
    return `${figure(winner, metric)} against ${figure(reference, metric)}${times}`;
  };
  const other = `${label(reference)}${referenceIs === null ? '' : referenceWords[referenceIs]}`;
  return `Compared with ${other}: response p50 ${against('latency.response.p50')}, p99 ${against('latency.response.p99')}.`;
}

/** `speedup`: time of the reference over time of the winner. */
function timesAs(speedup: number): string {
  if (speedup < 1 + levelMargin && speedup > 1 / (1 + levelMargin)) return 'level';
  return speedup > 1 ? `${significant(speedup)} times as fast` : `${significant(1 / speedup)} times as slow`;
}

/** What is paid in, and on which sides. */
const prices: readonly {
  readonly name: string;
  readonly unit: string;
  readonly metrics: readonly (typeof priceMetrics)[number][];
}[] = [
  { name: 'connections opened', unit: '', metrics: ['connections.opened'] },
  { name: 'peak FDs, client/server', unit: '', metrics: ['fds.client.peak', 'fds.server.peak'] },
  { name: 'TIME_WAIT, client/server', unit: '', metrics: ['timeWait.client.entered', 'timeWait.server.entered'] },
  {
    name: 'CPU per request, client/server',
    unit: ' us',
    metrics: ['cpu.generator.perRequestUs', 'cpu.server.perRequestUs'],
  },
];

function priceSentence(winner: LoadGroupMember, reference: LoadGroupMember): string {
  const parts = prices.map(({ name, unit, metrics }) => {
    const figures = (member: LoadGroupMember): string =>
      metrics.map((metric) => priceFigure(member, metric)).join('/') + unit;
    const own = figures(winner);
    const other = figures(reference);
    return own === other ? `${name} ${own} on both` : `${name} ${own} instead of ${other}`;
  });
  return `Price: ${parts.join('; ')}.`;
}

function priceFigure(member: LoadGroupMember, metric: ReportedMetric): string {
  const { value } = member.figures[metric];
  if (value === null) return '-';
  return metric.startsWith('cpu.') ? amount(value) : count(value);
}

function trustSentence({ blocks, overBlocks, winner, reference, candidates }: GroupAnswer): string {
  const parts = [describe('p50', overBlocks.p50), describe('p99', overBlocks.p99)].flatMap((part) => part ?? []);
  if (parts.length === 0 || winner === null || reference === null) {
    const needed = blocksNeeded(alpha);
    const advice = blocks < needed ? '--blocks 8 gives one' : `fewer than ${needed} of them can be compared`;
    return `${plural(blocks, 'block')}: figures, not a verdict; ${advice}.`;
  }
  const shared = overBlocks.p50?.blocks ?? overBlocks.p99?.blocks ?? blocks;
  // The interval is that of one pair, and of two the choice does not matter: it is the same test from the other side.
  const chosen = candidates > 2 ? `, chosen from ${candidates} variants by the same figures,` : '';
  return `Over ${plural(shared, 'block')}, ${label(winner)}${chosen} relative to ${label(reference)}: ${listed(parts)}.`;
}

const verdictWords = {
  improvement: 'faster',
  regression: 'slower',
  equivalent: 'no difference that matters',
  inconclusive: 'not decided',
} as const;

function describe(name: string, comparison: BlockComparison | null): string | null {
  if (comparison === null) return null;
  const { interval, estimate, verdict, reason } = comparison;
  if (verdict === null) return `${name} figures only${reason === null ? '' : ` (${reason})`}`;
  const range = `${significant(interval.low)} to ${significant(interval.high)}`;
  return `${name} ${significant(estimate)} times (95 % interval ${range}: ${verdictWords[verdict]})`;
}

function figure(member: LoadGroupMember, metric: ReportedMetric): string {
  const { value, atLeast } = member.figures[metric];
  return value === null ? '-' : `${atLeast ? '>= ' : ''}${milliseconds(value)} ms`;
}
