/** Which variants are set against each other: those that answer the same question. */
import { describe, expect, it } from 'vitest';
import { loadGroups } from '../../src/report/load-group.ts';
import { figuresByVariant } from '../../src/report/variant-figures.ts';
import type { VariantRecord } from '../../src/results/run-plan.ts';
import { listShipped, loadScenario } from '../../src/scenario/file.ts';
import { planTrials } from '../../src/scenario/plan.ts';
import { headerRecord } from '../../src/trial/header.ts';
import { header, run } from '../results/fixtures.ts';

/** `name: member, member`, a line per group. */
function groupsOf(variants: readonly VariantRecord[]): readonly string[] {
  return loadGroups(figuresByVariant(run({ variants }, () => ({ samples: 10 })))).map(
    ({ name, members }) => `${name ?? 'all'}: ${members.map(({ shortLabel }) => shortLabel).join(', ')}`,
  );
}

async function shippedGroups(name: string): Promise<readonly string[]> {
  const loaded = await loadScenario(name);
  if (!loaded.ok) throw new Error(name);
  const { runId, startedAt, connbenchVersion, environment } = header({ variants: [] });
  const identity = { runId, startedAt, connbenchVersion, environment };
  return groupsOf(
    headerRecord(loaded.scenario, planTrials(loaded.scenario, { seed: 1, blocks: 1 }), identity).variants,
  );
}

const fiveStrategies = 'close, keep-alive-1, keep-alive-8, keep-alive-32, keep-alive-32-max-100';
const sizes = ['1kB', '15kB', '100kB', '300kB', '1MB'];

describe('the shipped scenarios', () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    default: [`load=open: ${fiveStrategies}`, `load=closed: ${fiveStrategies}`],
    'handshake-tax': ['0ms', '1ms', '10ms', '50ms'].map((rtt) => `network.rtt=${rtt}: close, keep-alive`),
    // How long the server keeps a connection is no work: both timeouts answer one question.
    'keep-alive-timeout': [
      `all: ${['3s', '8s'].flatMap((timeout) => ['2s', '10s', '10s-no-hint'].map((idle) => `${timeout}, idle-${idle}`)).join(', ')}`,
    ],
    'max-requests': [
      `all: unlimited, ${['client', 'server'].flatMap((side) => [1, 2, 10, 100, 1000].map((limit) => `${side}-${limit}`)).join(', ')}`,
    ],
    'own-server': ['all: 1000, 2000, 5000, 65000'],
    packets: ['all: close, keep-alive', 'strategy=keep-alive-busy: keep-alive-busy'],
    'pool-size': ['all: 1, 2, 4, 8, 16, 32, 64'],
    'port-exhaustion': ['never', 'always', 'always-10ms', 'loopback-only'].map(
      (reuse) => `reuse=${reuse}: client, server`,
    ),
    'pull-request': ['all: base, head'],
    'silent-middlebox': ['drop', 'reset'].map(
      (then) => `network.middlebox.then=${then}: none, tcp-keepalive-1s, pool-idle-2s`,
    ),
    bursts: ['steady', 'bursts'].map((load) => `load=${load}: 2, 4, 32, 4-limit-10`),
    'site-locality': ['all: close-6, keep-1, keep-2, keep-6, keep-12'],
    timeouts: ['all: patient, impatient'],
    // A body of another size is other work: no strategy competes by it. The users who think for five seconds are another load.
    'slow-start': [
      ...sizes.map((size) => `server.response.size=${size}: new, warm`),
      ...sizes.map((size) => `connection=idle-5s server.response.size=${size}: idle-5s, ${size}`),
    ],
    'time-wait-owner': [
      'all: connection-close, connection-close-client-first, server-max-requests, client-max-requests, client-reset',
      'ended-by=server-idle-timeout: server-idle-timeout',
      'ended-by=client-idle-timeout: client-idle-timeout',
    ],
  };

  it('are grouped by load, network and work', async () => {
    const names = (await listShipped()).map(({ name }) => name);
    const groups = await Promise.all(names.map(async (name) => [name, await shippedGroups(name)] as const));
    expect(Object.fromEntries(groups)).toEqual(expected);
  });
});

describe('the work that the server is asked for', () => {
  const config = (response: object, path = '/'): VariantRecord['config'] => ({
    strategy: {},
    server: {
      kind: 'reference',
      keepAliveTimeout: '5s',
      response: { size: '1kB', framing: 'length', delay: '0s', ...response },
    },
    load: { model: 'open', request: { method: 'GET', path } },
    network: {},
  });
  const alone = (other: VariantRecord['config']): boolean =>
    groupsOf([
      { name: 'a', axes: { x: 'a' }, config: config({}) },
      { name: 'b', axes: { x: 'b' }, config: other },
    ]).length === 2;

  it('tells questions apart: size, framing, delay and what is requested', () => {
    expect(alone(config({ size: '1MB' }))).toBe(true);
    expect(alone(config({ framing: 'chunked' }))).toBe(true);
    expect(alone(config({ delay: '10ms' }))).toBe(true);
    expect(alone(config({}, '/other'))).toBe(true);
  });

  it('is not how the server keeps its connections, nor which server it is', () => {
    const same = config({});
    expect(alone(same)).toBe(false);
    expect(
      alone({ ...same, server: { ...(same['server'] as object), keepAliveTimeout: '1s', maxRequestsPerSocket: 10 } }),
    ).toBe(false);
    const own = (command: string): VariantRecord => {
      return { name: command, axes: { x: command }, config: { ...same, server: { command: [command] } } };
    };
    expect(groupsOf([own('a'), own('b')])).toEqual(['all: a, b']);
  });
});
