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

describe('the shipped scenarios', () => {
  /*
   * To be read by whoever changes a line of the file. How long a server keeps a connection is no work, so both timeouts answer one question; a
   * body of another size is other work, no strategy competes by it; users who think for another time, or are fewer, are another load.
   */
  it('are grouped by load, network and work', async () => {
    const names = (await listShipped()).map(({ name }) => name);
    const parts = await Promise.all(names.map(async (name) => [name, ...(await shippedGroups(name))].join('\n  ')));
    await expect(`${parts.join('\n')}\n`).toMatchFileSnapshot('golden/shipped-groups.txt');
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
