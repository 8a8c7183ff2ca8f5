/** The figures of programs on the way that a claim can be about: `hops.PROGRAM.FIGURE`, a program by its name or by its place from 1. */
import { hopFailures } from './hop-config.ts';
import { quote } from './problem.ts';
import { nearest } from './suggest.ts';

type HopUnit = 'count' | 'bytes';

const under = (prefix: string, names: readonly string[]): readonly string[] => names.map((name) => `${prefix}.${name}`);
const ofConnections = ['opened', ...under('closedBy', ['peer', 'hop', 'reset'])];
const perConnection = under('requestsPerConnection', ['mean', 'max']);
const ofRequests = ['received', 'refused', 'ignored', 'sent', 'sentOnReuse', 'answered', 'abandoned', 'retries'];
const span = ['start', 'peak', 'end'];

const counts: readonly string[] = [
  'accepted',
  ...under('downstream', [...ofConnections, ...perConnection]),
  ...under('upstream', ['attempted', 'connectFailed', ...ofConnections, ...perConnection]),
  ...under('requests', ofRequests),
  ...under('failed', ['502', '504']),
  ...under('failures', hopFailures),
  ...under('retriesByCause', hopFailures),
  ...under('fds', span),
  ...under('timeWait', span),
  'timeWaitEntered',
];
const units: ReadonlyMap<string, HopUnit> = new Map([
  ...counts.map((figure) => [figure, 'count'] as const),
  ['rssPeakBytes', 'bytes'],
]);

/** Paths of all figures below `hops.PROGRAM`, as in its record. */
export const hopPaths: readonly string[] = [...units.keys()];

export interface HopMetric {
  /** A name, or digits: the place from the client on, from 1. */
  readonly program: string;
  /** One of `hopPaths`. */
  readonly figure: string;
  readonly unit: HopUnit;
}

/** Names of programs; one that begins with a digit would be a place. */
export const hopName = /^[a-z][a-z0-9-]{0,30}$/;
const place = /^[1-9]\d?$/;

/** What a path such as `hops.proxy.failed.502` or `hops.1.upstream.opened` asks for; null for any other path. */
export function hopMetric(path: string): HopMetric | null {
  const [, program = '', figure = ''] = /^hops\.([^.]+)\.(.+)$/.exec(path) ?? [];
  const unit = units.get(figure);
  return unit === undefined || !(hopName.test(program) || place.test(program)) ? null : { program, figure, unit };
}

/** What a path that begins as one of a program on the way was probably meant to be. */
export function nearestHopMetric(path: string): string | undefined {
  const [, program, figure = ''] = /^hops\.([a-z0-9-]{1,31})\.(.+)$/.exec(path) ?? [];
  const meant = program === undefined ? undefined : nearest(figure, hopPaths);
  return meant === undefined ? undefined : `hops.${program}.${meant}`;
}

/** The programs on the way of a variant, as far as metrics ask. */
export type HopChain = readonly { readonly name?: string }[];

/** Where in a chain the program is that a metric names, from 0; -1 where there is none. */
export function hopIndex({ program }: Pick<HopMetric, 'program'>, chain: HopChain): number {
  if (!place.test(program)) return chain.findIndex(({ name }) => name === program);
  return Number(program) <= chain.length ? Number(program) - 1 : -1;
}

/** Why no variant has a figure: its program stands on the way of none. Null for every other metric, and where the chains are not known. */
export function noSuchHop(
  path: string,
  chains: readonly HopChain[] | null,
): { readonly message: string; readonly suggestion?: string } | null {
  const metric = hopMetric(path);
  if (metric === null || chains === null || chains.some((chain) => hopIndex(metric, chain) >= 0)) return null;
  const { program, figure } = metric;
  const known = [...new Set(chains.flatMap((chain) => chain.flatMap(namesOf)))];
  if (known.length === 0) return { message: 'is of a program on the way, but no variant has any (via)' };
  const meant = nearest(program, known);
  return {
    message: `is of the program ${quote(program)}, which no variant has on the way (via); there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`,
    ...(meant === undefined ? {} : { suggestion: `hops.${meant}.${figure}` }),
  };
}

function namesOf({ name }: { readonly name?: string }, index: number): readonly string[] {
  return [String(index + 1), ...(name === undefined ? [] : [name])];
}
