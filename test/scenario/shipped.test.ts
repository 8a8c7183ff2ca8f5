import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { rateProfile } from '../../src/load/rate-profile.ts';
import { listShipped, loadScenario } from '../../src/scenario/file.ts';
import { latencyQuantile } from '../../src/scenario/metrics.ts';
import { parseScenario, type Scenario } from '../../src/scenario/parse.ts';
import { bundledServer } from './read.ts';

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
      expect(bundledServer(trial).keepAliveTimeoutMs).toBeGreaterThanOrEqual(3000);
    }
  });

  it('can be written out in full and read again', async () => {
    for (const { name } of await listShipped()) {
      const scenario = await shipped(name);
      const { folder } = scenario;
      const parsed = parseScenario(stringify(scenario.document), { file: 'test.yaml', folder });
      const again = parsed.ok ? parsed.scenario : null;
      expect({ ...again, document: null }).toEqual({ ...scenario, file: 'test.yaml', document: null });
      expect(again?.document).toEqual(scenario.document);
    }
  });

  it('those that need a lab say so, and claim what they are about', async () => {
    const claims = { 'handshake-tax': 4, packets: 3, 'port-exhaustion': 5, 'silent-middlebox': 3, 'slow-start': 3 };
    for (const [name, count] of Object.entries(claims)) {
      const { variants, expectations } = await shipped(name);
      expect(new Set(variants.map(({ trial }) => trial.network.mode))).toEqual(new Set(['lab']));
      expect(expectations).toHaveLength(count);
    }
  });

  it('port-exhaustion: 500 ports, reuse by who closes first', async () => {
    const { variants } = await shipped('port-exhaustion');
    expect(variants).toHaveLength(8);
    const range = { 'net.ipv4.ip_local_port_range': '40000 40499' };
    expect(variants.slice(0, 4).map(({ trial }) => trial.network.sysctls.client)).toEqual([
      { ...range, 'net.ipv4.tcp_tw_reuse': '0' },
      { ...range, 'net.ipv4.tcp_tw_reuse': '1', 'net.ipv4.tcp_tw_reuse_delay': '1000' },
      { ...range, 'net.ipv4.tcp_tw_reuse': '1', 'net.ipv4.tcp_tw_reuse_delay': '10' },
      { ...range, 'net.ipv4.tcp_tw_reuse': '2' },
    ]);
  });

  it('silent-middlebox: users are away for longer than the box remembers, probes and pool come back sooner', async () => {
    for (const { trial } of (await shipped('silent-middlebox')).variants) {
      const boxMs = trial.network.link.middlebox?.idleTimeoutMs ?? 0;
      const { pool, tcp } = trial.strategy;
      expect(trial.load).toMatchObject({ model: 'closed', thinkTimeMs: 4000 });
      expect(boxMs).toBe(3000);
      expect(tcp.keepAliveMs ?? 0).toBeLessThan(boxMs);
      expect([2000, Infinity]).toContain(pool.idleTimeoutMs);
    }
  });

  it('site-locality, bursts, timeouts: what each needs from the load and the server', async () => {
    for (const { trial } of (await shipped('site-locality')).variants) {
      expect(trial.strategy.pool).toMatchObject({ scope: 'session', idleTimeoutMs: Infinity });
      expect(trial.load).toMatchObject({ users: 40, page: { assets: 12 }, thinkTime: { distribution: 'exponential' } });
    }
    // The mean rate is the same under both loads.
    for (const { axes, trial } of (await shipped('bursts')).variants) {
      const bursts = { ratePerSecond: 1000, shape: { kind: 'bursts', onMs: 200, offMs: 800 } };
      expect(trial.load).toMatchObject(axes['load'] === 'bursts' ? bursts : { ratePerSecond: 200 });
    }
    const { variants, expectations } = await shipped('timeouts');
    expect(variants.map(({ trial }) => trial.strategy.timeouts.responseMs)).toEqual([5000, 500]);
    expect(expectations).toHaveLength(3);
  });

  it('claims are about quantiles that the planned requests can decide', async () => {
    for (const { name } of await listShipped()) {
      const { variants, expectations } = await shipped(name);
      for (const { metric } of expectations) {
        const p = latencyQuantile(metric)?.p ?? 0;
        for (const { trial } of variants) {
          if (trial.load.model === 'closed') continue;
          const { ratePerSecond, shape = { kind: 'steady' }, durationMs } = trial.load;
          const planned = rateProfile(ratePerSecond, shape, durationMs * 1e6).countAt(durationMs * 1e6);
          expect([name, metric, planned * (1 - p) >= 100 - 1e-6]).toEqual([name, metric, true]);
        }
      }
    }
  });

  it('own-server: a program that is there, with an idle timeout by variant', async () => {
    const { folder, variants } = await shipped('own-server');
    for (const { axes, trial } of variants) {
      expect(trial.server).toMatchObject({
        kind: 'command',
        command: ['node', 'own-server/server.mjs'],
        cwd: folder,
        env: { KEEP_ALIVE_TIMEOUT_MS: axes['server.env.KEEP_ALIVE_TIMEOUT_MS'] },
      });
    }
    await access(join(folder, 'own-server/server.mjs'));
  });
});
