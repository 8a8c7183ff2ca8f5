/** The settings that the clients of a run were in force with, as they were read from what ran: defaults included. */
import type { TrialRecord } from '../results/record.ts';
import type { VariantFigures } from './variant-figures.ts';

type Value = string | number | boolean | null;

/** One setting of one client. Nothing of it is safe to print. */
export interface ClientSetting {
  /** `undici 7.30.2, node v20.20.2`. */
  readonly client: string;
  readonly name: string;
  /** Each value once, with the variants that had it. */
  readonly values: readonly { readonly value: Value; readonly labels: readonly string[] }[];
}

/** What a client said of itself; null of one that says nothing: connbench's own, and in imported runs. */
export function clientInForce({ trials }: Pick<VariantFigures, 'trials'>): TrialRecord['client'] | null {
  return trials.find(({ client }) => client.settings !== undefined)?.client ?? null;
}

/** By client in the order of the variants, and by setting in the client's own order. */
export function clientSettings(rows: readonly VariantFigures[]): readonly ClientSetting[] {
  const found = new Map<string, Map<string, Map<Value, string[]>>>();
  for (const row of rows) {
    const client = clientInForce(row);
    if (client === null) continue;
    const settings = entry(found, clientTitle(client), () => new Map<string, Map<Value, string[]>>());
    for (const [name, value] of Object.entries(client.settings ?? {})) {
      entry(
        entry(settings, name, () => new Map<Value, string[]>()),
        value,
        () => [],
      ).push(row.label);
    }
  }
  return [...found].flatMap(([client, settings]) =>
    [...settings].map(([name, values]) => ({
      client,
      name,
      values: [...values].map(([value, labels]) => ({ value, labels })),
    })),
  );
}

/** A paragraph for each client: `undici 7.30.2: keepAliveTimeout 4000, connections 8 or 64`. Not safe to print. */
export function clientSettingLines(rows: readonly VariantFigures[]): readonly string[] {
  const byClient = new Map<string, string[]>();
  for (const { client, name, values } of clientSettings(rows)) {
    const text = values.map(({ value }) => settingText(value)).join(' or ');
    entry(byClient, client, () => []).push(`${name} ${text}`);
  }
  return [...byClient].map(([client, settings]) => `${client}: ${settings.join(', ')}`);
}

/** Null is a setting without a value: there is no such limit, or the client's own default stands. */
export function settingText(value: Value): string {
  return value === null ? 'not set' : String(value);
}

/** The version of a package has its name in it; that of a part of Node has not. */
function clientTitle({ name, version }: TrialRecord['client']): string {
  if (version === undefined) return name;
  return version.startsWith(`${name} `) ? version : `${name} (${version})`;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
