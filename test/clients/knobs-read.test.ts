/** Every knob that a client's table says it honours is one that the client reads: each runs once with a configuration that records it. */
import { describe, expect, it } from 'vitest';
import { clients } from '../../src/clients/registry.ts';
import { createLiveCounts } from '../../src/clients/live.ts';
import { nowNs } from '../../src/kernel/clock.ts';
import { strategyKnobs, type StrategyKnob } from '../../src/scenario/clients/knob-list.ts';
import { aRange, type KnobEntry } from '../../src/scenario/clients/table.ts';
import { clientTables } from '../../src/scenario/clients/tables.ts';
import type { ClientName, TrialConfig } from '../../src/scenario/config.ts';
import { scenarioOf } from '../scenario/read.ts';
import { configFields } from '../scenario/clients/samples.ts';

/** Paths below `strategy` that are read, of a configuration that behaves like the one that is given. */
function recorded(config: TrialConfig): { readonly config: TrialConfig; readonly read: ReadonlySet<string> } {
  const read = new Set<string>();
  const watch = <Value extends object>(value: Value, prefix: string): Value =>
    new Proxy(value, {
      get: (target, key, receiver) => {
        const inner: unknown = Reflect.get(target, key, receiver);
        const path = `${prefix}${String(key)}`;
        read.add(path);
        return typeof inner === 'object' && inner !== null ? watch(inner, `${path}.`) : inner;
      },
    });
  return { config: { ...config, strategy: watch(config.strategy, '') }, read };
}

/** One request to a port where nobody listens, which ends at once: a client has read its options by then. */
async function fieldsRead(client: ClientName): Promise<ReadonlySet<string>> {
  const base = `{ client: ${client}, strategy: { tls: on }, load: { rate: 100/s, warmUp: 0s, duration: 10ms, arrivals: constant } }`;
  const { trial } = scenarioOf(`name: x\nbase: ${base}`).variants[0]!;
  const { config, read } = recorded(trial);
  const found = clients.find(({ name }) => name === client);
  if (found === undefined) throw new Error(`no client ${client}`);
  const share = await found.prepare({
    config,
    host: '127.0.0.1',
    port: 1,
    seed: 1,
    worker: 0,
    workers: 1,
    live: createLiveCounts(),
  });
  await share.run(nowNs());
  return read;
}

/** Fields that are not read, and why nothing is lost by it. */
const unreadFields: Readonly<Partial<Record<ClientName, readonly string[]>>> = {
  // It is what `pool.idleTimeout` makes of it: the rules of the table refuse everything else.
  'node-http': ['honourHint'],
};

/** What a client has to read for a knob that its table does not refuse altogether. */
function fieldsOf(client: ClientName, knob: StrategyKnob): readonly string[] {
  const entry = clientTables[client].strategy[knob] as KnobEntry;
  if ('only' in entry) return [];
  const ranges = knob === 'pool.maxRequests' && entry.refuses?.some(({ values }) => values.includes(aRange)) !== true;
  return [configFields[knob], ...(ranges ? ['pool.maxRequestsRange'] : [])];
}

describe('every knob in the table of a client is read by it', () => {
  it.each(clients.map(({ name }) => name))('%s', async (name) => {
    const wanted = strategyKnobs.flatMap((knob) => fieldsOf(name, knob));
    const read = await fieldsRead(name);
    expect(wanted.filter((field) => !read.has(field))).toEqual(unreadFields[name] ?? []);
  });
});
