import { describe, expect, it } from 'vitest';
import { counterNames, kernelDelta, readKernelCounters } from '../../src/samplers/kernel-counters.ts';
import { makeClosedConnections } from './closed-connections.ts';

describe('kernelDelta', () => {
  it('keeps the counters that concern connections, null where either reading lacks one', () => {
    const before = { atNs: 1, counters: { ActiveOpens: 5, TW: 7, RtoMin: 200, OutRsts: 1, CurrEstab: 9 } };
    const after = { atNs: 2, counters: { ActiveOpens: 8, TW: 7, RtoMin: 200, TWKilled: 3, CurrEstab: 2 } };
    const delta = kernelDelta(before, after);
    expect(Object.keys(delta)).toEqual([...counterNames]);
    expect(delta).toMatchObject({ ActiveOpens: 3, TW: 0, CurrEstab: -7, OutRsts: null, TWKilled: null });
    expect(delta).not.toHaveProperty('RtoMin');
  });
});

describe.skipIf(process.platform !== 'linux')('readKernelCounters (Linux)', () => {
  it('counts connections of its namespace, read by itself or by pid', async () => {
    const before = readKernelCounters();
    const beforeByPid = readKernelCounters(process.pid);
    const connections = await makeClosedConnections(6, 5);
    const after = readKernelCounters();
    const afterByPid = readKernelCounters(process.pid);
    await connections.stop();
    for (const [first, last] of [
      [before, after],
      [beforeByPid, afterByPid],
    ] as const) {
      if ('missing' in first || 'missing' in last) throw new Error('no counters on Linux');
      const delta = kernelDelta(first, last);
      // Others may connect in this namespace meanwhile.
      expect(delta.ActiveOpens).toBeGreaterThanOrEqual(11);
      expect(delta.PassiveOpens).toBeGreaterThanOrEqual(11);
      expect(delta.TW).toBeGreaterThanOrEqual(11);
      expect(last.atNs).toBeGreaterThan(first.atNs);
    }
  });

  it('says why there are none for a process that does not exist', () => {
    // Linux gives no pid above 2^22.
    expect(readKernelCounters(2 ** 22 + 1)).toEqual({ missing: `ENOENT on /proc/${2 ** 22 + 1}/net` });
  });
});
