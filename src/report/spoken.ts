/** Which client spoke which protocol in which variant, where that is not the reference client over HTTP/1.1 in clear text all over. */
import { plural } from '../compare/words.ts';
import type { TrialRecord } from '../results/record.ts';
import type { VariantFigures } from './variant-figures.ts';

interface Spoken {
  /** `undici 7.30.2, http/1.1 over TLS 1.3 with resumption`. Not safe to print. */
  readonly what: string;
  readonly labels: readonly string[];
}

/** In the order of the variants; empty where there is nothing to say. */
export function spoken(rows: readonly VariantFigures[]): readonly Spoken[] {
  const labels = new Map<string, string[]>();
  for (const row of rows) {
    const what = speechOf(row);
    if (what !== null) labels.set(what, [...(labels.get(what) ?? []), row.label]);
  }
  const all = [...labels].map(([what, of]) => ({ what, labels: of }));
  return all.length === 1 && all[0]!.what === usual ? [] : all;
}

/** `client: variant, variant and 3 more variants`, or the client alone where all variants have it. Not safe to print. */
export function spokenLine({ what, labels }: Spoken, variants: number): string {
  if (labels.length === variants) return what;
  const more = labels.length - mostLabels;
  return `${what}: ${labels.slice(0, mostLabels).join('; ')}${more > 0 ? ` and ${plural(more, 'more variant')}` : ''}`;
}

const mostLabels = 4;
const usual = 'reference, http/1.1';

/** Null where the record does not say. */
function speechOf({ trials }: VariantFigures): string | null {
  const trial = trials[0];
  const strategy = trial?.config['strategy'];
  const protocol = valueOf(strategy, 'protocol');
  if (trial === undefined || typeof protocol !== 'string') return null;
  const found = trials.find(({ client }) => client.version !== undefined || client.runtime !== undefined)?.client;
  return `${clientWords(trial.client.name, found)}, ${protocol}${tlsWords(valueOf(strategy, 'tls'))}`;
}

/** The version of a package has its name in it; that of a part of Node has not. */
function clientWords(
  name: string,
  { version, runtime }: Pick<TrialRecord['client'], 'version' | 'runtime'> = {},
): string {
  if (version === undefined) return runtime === undefined ? name : `${name} (node ${runtime})`;
  return version.startsWith(`${name} `) ? version : `${name} (${version})`;
}

const resumptionWords: Readonly<Record<string, string>> = {
  none: 'without resumption',
  session: 'with resumption',
  'early-data': 'with early data',
};

function tlsWords(tls: unknown): string {
  const version = valueOf(tls, 'version');
  const resumption = valueOf(tls, 'resumption');
  if (typeof version !== 'string' || typeof resumption !== 'string') return '';
  return ` over TLS ${version} ${resumptionWords[resumption] ?? resumption}`;
}

function valueOf(record: unknown, key: string): unknown {
  return typeof record === 'object' && record !== null && Object.hasOwn(record, key)
    ? (record as Readonly<Record<string, unknown>>)[key]
    : undefined;
}
