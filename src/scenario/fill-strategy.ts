/** Fills in client and strategy: the defaults of connbench, where the client has others its own, options of the client, and what the file gives. */
import { knobsOfOptions } from './clients/options.ts';
import { strategyKnobs } from './clients/knob-list.ts';
import type { ClientTable, KnobEntry, KnobValues, Value } from './clients/table.ts';
import { clientTables } from './clients/tables.ts';
import { withKnobs, withoutNeutral } from './clients/values.ts';
import type { ClientMap, ClientPatch } from './client-schema.ts';
import type { ClientName } from './config.ts';
import { defaultClient, defaultStrategy, defaultTls, type FilledLoad, type FilledStrategy } from './defaults.ts';
import type { ConfigPatch } from './schema.ts';

/** A client in the form of the file: its name where it says no more. */
export type FilledClient = ClientName | ({ readonly name: ClientName } & Readonly<Omit<ClientMap, 'name'>>);
type StrategyPatch = NonNullable<ConfigPatch['strategy']>;

export function fillClient(patch: ClientPatch | undefined): FilledClient {
  if (patch === undefined) return defaultClient;
  if (typeof patch === 'string') return patch;
  const { name = defaultClient, options = {}, ...rest } = patch;
  const more = { ...rest, ...(Object.keys(options).length === 0 ? {} : { options }) };
  return Object.keys(more).length === 0 ? name : { name, ...more };
}

/** What a client says of itself beside its name. */
export function clientDetails(client: FilledClient): { readonly name: ClientName } & Readonly<Omit<ClientMap, 'name'>> {
  return typeof client === 'string' ? { name: client } : client;
}

export function fillStrategy(patch: StrategyPatch, client: FilledClient, load: FilledLoad): FilledStrategy {
  const { name, options = {} } = clientDetails(client);
  const table = clientTables[name];
  const under = withKnobs(withTls(defaultStrategy, patch.tls), fixedValues(table));
  const byOptions = knobsOfOptions(table, options);
  const layered = (defaults: KnobValues): FilledStrategy =>
    layOver(withKnobs(withKnobs(under, defaults), byOptions), patch);
  return table.prefers === undefined ? layered({}) : layered(table.prefers(layered({}), load));
}

function withTls(strategy: FilledStrategy, tls: StrategyPatch['tls'] = 'off'): FilledStrategy {
  return { ...strategy, tls: tls === 'off' ? 'off' : defaultTls };
}

function layOver(under: FilledStrategy, { pool, tcp, timeouts, tls, ...patch }: StrategyPatch): FilledStrategy {
  const details = typeof tls === 'object' ? tls : {};
  return {
    ...under,
    ...patch,
    pool: withoutNeutral('pool', { ...under.pool, ...pool }),
    tcp: withoutNeutral('tcp', { ...under.tcp, ...tcp }),
    timeouts: { ...under.timeouts, ...timeouts },
    tls: under.tls === 'off' ? 'off' : { ...under.tls, ...details },
  };
}

/** The values of the knobs for which the client has one of its own. */
function fixedValues({ strategy }: ClientTable): KnobValues {
  return Object.fromEntries(
    strategyKnobs.flatMap((knob) => {
      const value = ownDefault(strategy[knob]);
      return value === undefined ? [] : [[knob, value]];
    }),
  );
}

/** The default that a client has for a knob; undefined: that of connbench. */
export function ownDefault(entry: KnobEntry): Value | undefined {
  return 'only' in entry ? entry.only : entry.unlessGiven;
}
