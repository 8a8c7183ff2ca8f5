import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { listShipped, loadScenario } from '../../src/scenario/file.ts';
import type { Scenario } from '../../src/scenario/parse.ts';
import { scenarioOf } from './read.ts';

async function shipped(name: string): Promise<Scenario> {
  const loaded = await loadScenario(name);
  if (!loaded.ok) throw new Error(name);
  return loaded.scenario;
}

describe('shipped scenarios', () => {
  it('default: five strategies under two loads', async () => {
    const { name, variants, baseline } = await shipped('default');
    expect(name).toBe('reuse');
    expect(baseline).toEqual({ strategy: 'close' });
    expect(variants.map(({ name: variant }) => variant)).toEqual(
      ['close', 'keep-alive-1', 'keep-alive-8', 'keep-alive-32', 'keep-alive-32-max-100'].flatMap((strategy) => [
        `strategy=${strategy} load=open`,
        `strategy=${strategy} load=closed`,
      ]),
    );
    const [open, closed] = variants.slice(-2);
    expect(open?.trial).toMatchObject({
      strategy: { connection: 'keep-alive', pool: { size: 32, maxRequests: 100 } },
      load: { model: 'open', ratePerSecond: 1000, arrivals: 'poisson' },
    });
    expect(closed?.trial.load).toMatchObject({ model: 'closed', users: 32, thinkTimeMs: 0 });
  });

  it('keep-alive timeouts stay where the hint does not disable reuse by itself', async () => {
    for (const { trial } of (await shipped('keep-alive-timeout')).variants) {
      expect(trial.server.keepAliveTimeoutMs).toBeGreaterThanOrEqual(3000);
    }
  });

  it('can be written out in full and read again', async () => {
    for (const { name } of await listShipped()) {
      const scenario = await shipped(name);
      const again = scenarioOf(stringify(scenario.document));
      expect({ ...again, document: null }).toEqual({ ...scenario, file: 'test.yaml', document: null });
      expect(again.document).toEqual(scenario.document);
    }
  });
});
