import { access, readFile } from 'node:fs/promises';
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
    const claims = { 'handshake-tax': 6, packets: 5, 'port-exhaustion': 7, 'silent-middlebox': 10, 'slow-start': 6 };
    for (const [name, count] of Object.entries(claims)) {
      const { variants, expectations } = await shipped(name);
      expect(new Set(variants.map(({ trial }) => trial.network.mode))).toEqual(new Set(['lab']));
      expect(expectations).toHaveLength(count);
    }
  });

  it('port-exhaustion: 500 ports, reuse by who closes first', async () => {
    const { variants } = await shipped('port-exhaustion');
    expect(variants).toHaveLength(5);
    const range = { 'net.ipv4.ip_local_port_range': '40000 40499' };
    expect(variants.slice(0, 4).map(({ trial }) => trial.network.sysctls.client)).toEqual([
      { ...range, 'net.ipv4.tcp_tw_reuse': '0' },
      { ...range, 'net.ipv4.tcp_tw_reuse': '2' },
      { ...range, 'net.ipv4.tcp_tw_reuse': '1', 'net.ipv4.tcp_tw_reuse_delay': '1000' },
      { ...range, 'net.ipv4.tcp_tw_reuse': '1', 'net.ipv4.tcp_tw_reuse_delay': '10' },
    ]);
    // Who closes first: the client, but for the last.
    expect(variants.map(({ trial: { strategy } }) => [strategy.connection, strategy.pool.maxRequests])).toEqual([
      ...Array.from({ length: 4 }, () => ['keep-alive', 1]),
      ['close', Infinity],
    ]);
  });

  it('silent-middlebox: users are away for longer than the box remembers, probes and pool come back sooner', async () => {
    for (const { trial } of (await shipped('silent-middlebox')).variants) {
      const boxMs = trial.network.link.middlebox?.idleTimeoutMs ?? 0;
      const { pool, tcp } = trial.strategy;
      // Twenty at once, and twenty after 3 s.
      expect(trial.load).toMatchObject({ model: 'open', trace: { arrivals: 40 }, durationMs: 3100 });
      expect(boxMs).toBe(2000);
      expect(tcp.keepAliveMs ?? 0).toBeLessThan(boxMs);
      expect([1000, Infinity]).toContain(pool.idleTimeoutMs);
    }
  });

  it('site-locality, bursts, timeouts: what each needs from the load and the server', async () => {
    for (const { axes, trial } of (await shipped('site-locality')).variants) {
      const thinkMs = 500;
      expect(trial.load).toMatchObject({ thinkTime: { meanMs: thinkMs } });
      // Within the page and shorter than the user's pause, or for ever.
      const idleTimeoutMs = axes['connections'] === 'keep-6-for-100ms' ? thinkMs / 5 : Infinity;
      expect(trial.strategy.pool).toMatchObject({ scope: 'session', idleTimeoutMs });
      expect(trial.load).toMatchObject({ users: 40, page: { assets: 12 }, thinkTime: { distribution: 'exponential' } });
    }
    // The mean rate is the same under both loads.
    for (const { axes, trial } of (await shipped('bursts')).variants) {
      const bursts = { ratePerSecond: 1000, shape: { kind: 'bursts', onMs: 200, offMs: 600 } };
      expect(trial.load).toMatchObject(axes['load'] === 'steady-pool-4' ? { ratePerSecond: 250 } : bursts);
    }
    const { variants, expectations } = await shipped('timeouts');
    expect(variants.map(({ trial }) => trial.strategy.timeouts.responseMs)).toEqual([5000, 500]);
    expect(expectations).toHaveLength(4);
  });

  it('idle-race: users come back around the close of the server, in the middle of a round trip and well outside', async () => {
    // Ten open a connection each, which takes a round trip, ten come again at 0.2 s, and ten after the pause. Their answers are there a round
    // trip later, and the close is on its way for half of one.
    const times: Readonly<Record<string, number>> = { early: 480, within: 520, late: 580, 'within-4ms-link': 484 };
    const { variants } = await shipped('idle-race');
    for (const { axes, trial } of variants) {
      const { rttMs } = trial.network.link;
      expect(bundledServer(trial)).toMatchObject({ keepAliveTimeoutMs: 300, faults: [{ fault: 'hint-lies' }] });
      if (trial.load.model !== 'open') throw new Error('not open');
      const text = await readFile(trial.load.trace!.path, 'utf8');
      const returnMs = 1000 * Number(text.trimEnd().split('\n').at(-1));
      expect(returnMs).toBe(times[axes['return']!]);
      // A request that leaves from here on arrives after the close, and from there on its client knows.
      const [from, to] = [200 + 300, 200 + 300 + rttMs];
      const meets = returnMs > from && returnMs < to;
      expect([axes['return'], meets]).toEqual([axes['return'], axes['return'] === 'within']);
      expect(Math.min(Math.abs(returnMs - from), Math.abs(returnMs - to))).toBeGreaterThanOrEqual(16);
    }
  });

  it('hint-honour, reuse-floor: only a client that obeys could let go before the pause is over', async () => {
    for (const name of ['hint-honour', 'reuse-floor']) {
      for (const { trial } of (await shipped(name)).variants) {
        const { pool } = trial.strategy;
        expect(trial.client === 'fetch' ? Infinity : pool.idleTimeoutMs).toBeGreaterThanOrEqual(60_000);
        expect(trial.load).toMatchObject({
          model: 'open',
          warmUpMs: 0,
          trace: { arrivals: expect.any(Number) as number },
        });
        expect(trial.load.durationMs).toBeLessThan(6000);
      }
    }
  });

  it('claims are about quantiles that the planned requests can decide', async () => {
    for (const { name } of await listShipped()) {
      const { variants, expectations } = await shipped(name);
      for (const { metric } of expectations) {
        const p = latencyQuantile(metric)?.p;
        // A median is judged from any number of requests.
        if (p === undefined || p <= 0.5) continue;
        for (const { trial } of variants) {
          if (trial.load.model === 'closed') continue;
          const { ratePerSecond, shape = { kind: 'steady' }, durationMs } = trial.load;
          const planned = rateProfile(ratePerSecond, shape, durationMs * 1e6).countAt(durationMs * 1e6);
          expect([name, metric, planned * (1 - p) >= 100 - 1e-6]).toEqual([name, metric, true]);
        }
      }
    }
  });

  it('zero-rtt, tls-tax: every way of a handshake, at 20 ms, on a server that takes early data where it is asked to', async () => {
    const strategies = async (name: string): Promise<unknown> =>
      (await shipped(name)).variants.map(({ trial: { strategy, server, network } }) => {
        expect([network.mode, network.link.rttMs, server.kind]).toEqual(['lab', 20, 'reference']);
        const { tls = null, connection } = strategy;
        const early = 'tls' in server ? server.tls.earlyDataBytes : 0;
        return [connection, tls === null ? null : `${tls.version} ${tls.resumption}`, early];
      });
    expect(await strategies('zero-rtt')).toEqual([
      ['close', null, 0],
      ['close', '1.3 none', 16_000],
      ['close', '1.3 session', 16_000],
      ['close', '1.3 early-data', 16_000],
      ['close', '1.3 early-data', 0],
    ]);
    expect(await strategies('tls-tax')).toEqual([
      ['close', null, 0],
      ['close', '1.3 none', 0],
      ['close', '1.3 session', 0],
      ['close', '1.2 none', 0],
      ['close', '1.2 session', 0],
      ['keep-alive', null, 0],
      ['keep-alive', '1.3 session', 0],
    ]);
  });

  it('tls-cold-burst: fifty requests within a millisecond, alone or half a second after one', async () => {
    const { variants } = await shipped('tls-cold-burst');
    expect(variants).toHaveLength(8);
    for (const { axes, trial } of variants) {
      const { load } = trial;
      if (load.model !== 'open') throw new Error('not open');
      const profile = rateProfile(load.ratePerSecond, load.shape!, load.durationMs * 1e6);
      const at = [0, 199, 201, 699, 702, 1200].map((ms) => Math.round(profile.countAt(ms * 1e6)));
      expect(at).toEqual(axes['burst'] === 'cold' ? [0, 0, 0, 0, 50, 50] : [0, 0, 1, 1, 51, 51]);
      expect(trial.strategy).toMatchObject({ connection: 'close', tls: { version: '1.3', resumption: 'session' } });
    }
  });

  it('lifo-fifo: each connection has its turn before its idle timeout with fifo, on either side', async () => {
    for (const { axes, trial } of (await shipped('lifo-fifo')).variants) {
      const { pool } = trial.strategy;
      const { shape } = trial.load as {
        readonly shape: { readonly steps: readonly { readonly ratePerSecond: number }[] };
      };
      const turnMs = (1000 * pool.size) / shape.steps.at(-1)!.ratePerSecond;
      const ofServer = bundledServer(trial).keepAliveTimeoutMs;
      const limits = axes['idle-timeout'] === 'client-700ms' ? [700, 60_000] : [Infinity, 700];
      expect([pool.idleTimeoutMs, ofServer, turnMs]).toEqual([...limits, 400]);
    }
  });

  it('retry-policy, hol: what differs between their variants', async () => {
    const { variants } = await shipped('retry-policy');
    expect(variants).toHaveLength(12);
    for (const { axes, trial } of variants) {
      expect(trial.strategy.retry ?? 'none').toBe(axes['policy']);
      const fault = axes['fault'] === 'closed-unread' ? 'close-unsaid' : 'reset-before';
      expect(bundledServer(trial).faults).toEqual([{ fault, probability: 0.04 }]);
      expect(trial.load.request.method).toBe(axes['method']);
    }
    const shapes = (await shipped('hol')).variants.map(({ trial: { strategy } }) => {
      const { protocol, pool, pipelining = 1 } = strategy;
      return [protocol, pool.size, pipelining];
    });
    expect(shapes).toEqual([
      ['http/1.1', 16, 1],
      ['http/1.1', 4, 4],
      ['http/1.1', 1, 16],
      ['h2', 1, 16],
    ]);
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
