/** The whole matrix: what `connbench check` says of every client with every knob at every sample. */
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { strategyKnobs, type StrategyKnob } from '../../../src/scenario/clients/knob-list.ts';
import { aRange, type KnobEntry } from '../../../src/scenario/clients/table.ts';
import { clientTables } from '../../../src/scenario/clients/tables.ts';
import { clientNames, type ClientName } from '../../../src/scenario/config.ts';
import { briefsOf, problemsOf, scenarioOf } from '../read.ts';
import { knobSamples } from './samples.ts';

type Json = Record<string, unknown>;

/** What has to be beside a knob so that nothing but the client can be against it. */
function surroundings(client: ClientName, knob: StrategyKnob, value: unknown): Json {
  const withTls = knob.startsWith('tls.');
  const session = knob === 'pool.scope';
  // An Agent obeys hints exactly where it has a timeout.
  const idle =
    client === 'node-http' && knob === 'honourHint' ? { idleTimeout: value === true ? '9s' : 'unlimited' } : {};
  const sized = knob === 'pool.prefetch' && client !== 'fetch' ? { size: 8 } : {};
  const oneTimer = client === 'autocannon' && knob === 'timeouts.connect' ? { response: value } : {};
  return {
    strategy: {
      ...(withTls ? { tls: {} } : {}),
      pool: { ...idle, ...sized },
      timeouts: oneTimer,
    },
    // Refused early data is an experiment, too.
    server: withTls ? { kind: 'node', tls: { earlyData: 'off' } } : {},
    load: session ? { model: 'closed', users: 32 } : {},
  };
}

function scenarioText(client: ClientName, knob: StrategyKnob, value: unknown): string {
  const base = surroundings(client, knob, value);
  const [map = '', key] = knob.split('.');
  const strategy = base['strategy'] as Json;
  strategy[map] = key === undefined ? value : { ...(strategy[map] as Json | undefined), [key]: value };
  return stringify({ name: 'x', base: { client, ...base } });
}

/** The reason in the table; null where the client can do it. */
function reasonInTable(client: ClientName, knob: StrategyKnob, value: unknown): string | null {
  const entry = clientTables[client].strategy[knob] as KnobEntry;
  const shown = typeof value === 'object' ? aRange : value;
  if ('only' in entry) return entry.only === shown ? null : entry.because;
  return (entry.refuses ?? []).find(({ values }) => values.some((one) => one === shown))?.because ?? null;
}

/** Refusals that depend on the rest of the strategy; each is in the tables' `rules`, and worded here again. */
const acrossKnobs: readonly (readonly [ClientName, StrategyKnob, unknown, string])[] = [
  [
    'agentkeepalive',
    'tcp.noDelay',
    false,
    'false is not possible with client agentkeepalive and connection keep-alive: it calls setNoDelay(true) on every socket',
  ],
];

const cells = clientNames.flatMap((client) =>
  strategyKnobs.flatMap((knob) => knobSamples[knob].map((value) => ({ client, knob, value }))),
);

describe('every client with every knob', () => {
  it.each(cells)('$client $knob $value', ({ client, knob, value }) => {
    const text = scenarioText(client, knob, value);
    const across = acrossKnobs.find(([name, path, sample]) => name === client && path === knob && sample === value);
    const reason = reasonInTable(client, knob, value);
    if (reason === null && across === undefined) {
      expect(briefsOf(text)).toEqual([]);
      expect(scenarioOf(text).variants[0]?.trial.client).toBe(client);
      return;
    }
    const shown = typeof value === 'object' ? aRange : stringify(value).trim();
    const message = across?.[3] ?? `${shown} is not possible with client ${client}: ${reason ?? ''}`;
    // A fetch cannot have a pool of a size, and autocannon cannot but open all: what is wrong between the two is said, too.
    const problems = problemsOf(text).filter((problem) => !problem.message.includes('opens the whole pool'));
    expect(problems.map((problem) => `${problem.path}: ${problem.message}`)).toEqual([
      `base.strategy.${knob}: ${message}`,
    ]);
  });

  it('has cells of both kinds for every client but one', () => {
    const refused = (client: ClientName): number =>
      cells.filter((cell) => cell.client === client && reasonInTable(client, cell.knob, cell.value) !== null).length;
    expect(Object.fromEntries(clientNames.map((client) => [client, refused(client)]))).toEqual({
      reference: 1,
      'node-http': 16,
      fetch: 31,
      undici: 15,
      agentkeepalive: 16,
      http2: 18,
      autocannon: 28,
    });
  });
});

describe('a client as it comes', () => {
  it.each(clientNames)('%s runs a scenario that says nothing else', (client) => {
    expect(briefsOf(`name: x\nbase: { client: ${client} }`)).toEqual([]);
    expect(briefsOf(`name: x\nbase: { client: ${client}, load: { model: closed } }`)).toEqual([]);
    expect(briefsOf(`name: x\nbase: { client: ${client}, strategy: { tls: on } }`)).toEqual([]);
  });

  it.each(clientNames)('%s gives a configuration that can be pasted back', (client) => {
    for (const load of ['{}', '{ model: closed }']) {
      const { variants } = scenarioOf(`name: x\nbase: { client: ${client}, strategy: { tls: on }, load: ${load} }`);
      expect(scenarioOf(stringify({ name: 'x', base: variants[0]?.config })).variants).toEqual(variants);
    }
  });

  it('has its own defaults where it cannot do those of connbench', () => {
    const text = 'name: x\naxes: { client: [reference, node-http, fetch, http2, autocannon] }';
    const seen = scenarioOf(text).variants.map(({ trial: { client, strategy, load } }) => [
      client,
      strategy.protocol,
      strategy.pool.size,
      strategy.pool.idleTimeoutMs,
      strategy.honourHint,
      strategy.tcp.keepAliveMs,
      load.model === 'open' ? load.arrivals : null,
    ]);
    expect(seen).toEqual([
      ['reference', 'http/1.1', 32, 4000, true, null, 'poisson'],
      ['node-http', 'http/1.1', 32, 4000, true, 1000, 'poisson'],
      ['fetch', 'http/1.1', Infinity, 4000, true, 60_000, 'poisson'],
      ['http2', 'h2', 1, 4000, false, null, 'poisson'],
      ['autocannon', 'http/1.1', 32, Infinity, false, null, 'constant'],
    ]);
  });

  it('has a default for the hint that follows the timeout of a node-http Agent', () => {
    const text = 'name: x\nbase: { client: node-http }\naxes: { strategy.pool.idleTimeout: [9s, unlimited] }';
    expect(scenarioOf(text).variants.map(({ trial }) => trial.strategy.honourHint)).toEqual([true, false]);
  });
});

describe('what only shows in several knobs', () => {
  it.each([
    [
      'a hint that an Agent without a timeout throws away',
      'client: node-http, strategy: { honourHint: true, pool: { idleTimeout: unlimited } }',
      'base.strategy.honourHint: true is not possible with client node-http and pool.idleTimeout unlimited: an Agent without a timeout throws the hint away; give idleTimeout',
    ],
    [
      'a hint that an Agent with a timeout obeys',
      'client: node-http, strategy: { honourHint: false }',
      'base.strategy.honourHint: false is not possible with client node-http and pool.idleTimeout 4s: an Agent with a timeout obeys the hint; use idleTimeout unlimited',
    ],
    [
      'an Agent without TCP probes',
      'client: agentkeepalive, strategy: { tcp: { keepAlive: off } }',
      'base.strategy.tcp.keepAlive: off is not possible with client agentkeepalive and connection keep-alive: the Agent turns probes on for every socket that it keeps',
    ],
    [
      'other users than connections',
      'client: autocannon, strategy: { pool: { size: 10 } }, load: { model: closed, users: 11 }',
      'base.load.users: 11 is not possible with client autocannon, strategy.pool.size 10 and pipelining 1: its users are its connections, so that there are 10',
    ],
    [
      'a rate of less than one request per connection',
      'client: autocannon, strategy: { pool: { size: 10 } }, load: { rate: 9/s }',
      'base.load.rate: 9/s is not possible with client autocannon and strategy.pool.size 10: it needs a whole number of requests per second, and one for each connection at least',
    ],
    [
      'two timers in place of one',
      'client: autocannon, strategy: { timeouts: { connect: 3s } }',
      'base.strategy.timeouts.connect: 3s is not possible with client autocannon and timeouts.response 30s: one timer is both',
    ],
    [
      'half a second',
      'client: autocannon, strategy: { timeouts: { response: 1500ms } }',
      'base.strategy.timeouts.response: 1500ms is not possible with client autocannon: --timeout counts whole seconds',
    ],
    [
      'HEAD',
      'client: autocannon, load: { request: { method: HEAD } }',
      'base.load.request.method: HEAD is not possible with client autocannon: its parser waits for the body that Content-Length tells of',
    ],
    [
      'a timer finer than those of Node',
      'client: undici, strategy: { pool: { idleTimeout: 1500us } }',
      'base.strategy.pool.idleTimeout: 1500us is not possible with client undici: its timers count whole milliseconds',
    ],
    [
      'a load of another kind',
      'client: autocannon, load: { shape: { ramp: { to: 900/s } } }',
      'base.load.shape: ramp is not possible with client autocannon: --overallRate is one number',
    ],
    [
      'a mix',
      'client: autocannon, load: { requests: [{ path: /a }, { path: /b }] }',
      'base.load.requests: is not possible with client autocannon: it goes through its requests in turn, and draws none by weight',
    ],
  ])('refuses %s', (_name, base, problem) => {
    const seen = problemsOf(`name: x\nbase: { ${base} }`).map(({ path, message }) => `${path}: ${message}`);
    expect(seen).toEqual([problem]);
  });

  it('names the variants that it was found in, at the axis', () => {
    expect(
      briefsOf(
        'name: x\nbase: { strategy: { pool: { order: random } } }\naxes: { client: [reference, undici, fetch] }',
      ),
    ).toEqual([
      '3:29 client: strategy.pool.order random is not possible with client undici: its pools take the first free connection, or each in turn (in client=undici)',
      '3:37 client: strategy.pool.order random is not possible with client fetch: it takes the first connection of its list that is free (in client=fetch)',
    ]);
  });
});
