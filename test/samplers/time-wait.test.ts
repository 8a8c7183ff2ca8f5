import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadNative } from '../../src/kernel/native.ts';
import {
  PacedTimeWait,
  countSpacingNs,
  openTimeWaitSource,
  type TimeWaitSource,
} from '../../src/samplers/time-wait.ts';
import { makeClosedConnections, type ClosedConnections } from './closed-connections.ts';

describe('countSpacingNs', () => {
  it.each([
    ['a cheap count is taken every time', 0.1e6, 0.1e6, 0],
    ['0.2 ms is still cheap', 0.2e6, 0.2e6, 0],
    ['0.5 ms, at 0.1 % of a core', 0.5e6, 0.5e6, 500e6],
    ['5 ms would be every 5 s: once a second', 5e6, 5e6, 1e9],
    ['80 ms would be 8 % of a core: 5 %', 80e6, 80e6, 1.6e9],
    ['a count that was preempted once', 80e6, 0.1e6, 0],
    ['the count after it', 0.1e6, 80e6, 0],
    ['a growing table', 0.8e6, 0.6e6, 600e6],
  ])('%s', (_name, lastNs, beforeNs, spacingNs) => {
    expect(countSpacingNs(lastNs, beforeNs)).toBeCloseTo(spacingNs, 3);
  });
});

describe('PacedTimeWait', () => {
  /** A source whose nth count gives n on the client side and takes `costNs`. */
  function slowSource(costNs: number): { readonly source: TimeWaitSource; readonly clock: { nowNs: number } } {
    const clock = { nowNs: 1e9 };
    let counts = 0;
    const source: TimeWaitSource = {
      method: 'sock_diag',
      count() {
        counts += 1;
        clock.nowNs += costNs;
        return { client: counts, server: 0, reason: null };
      },
      close: () => undefined,
    };
    return { source, clock };
  }

  function readEvery100Ms(
    costNs: number,
    times: number,
  ): { readonly values: unknown[]; readonly intervalsMs: number[] } {
    const { source, clock } = slowSource(costNs);
    const paced = new PacedTimeWait(source, () => clock.nowNs);
    const values = Array.from({ length: times }, (_, index) => {
      clock.nowNs = 1e9 + index * 100e6;
      return paced.read(index === times - 1).client;
    });
    return { values, intervalsMs: paced.intervalsNs.map((ns) => ns / 1e6) };
  }

  it('counts every time where that is cheap', () => {
    expect(readEvery100Ms(0.1e6, 5)).toEqual({ values: [1, 2, 3, 4, 5], intervalsMs: [100, 100, 100, 100] });
  });

  it('repeats the last count until the next is due where that is dear, and counts last of all', () => {
    // 0.4 ms each: one every 400 ms. The second comes at once, because a single dear count may have been an accident.
    expect(readEvery100Ms(0.4e6, 7)).toEqual({ values: [1, 2, 2, 2, 2, 3, 4], intervalsMs: [100, 400, 100] });
  });
});

describe.skipIf(process.platform !== 'linux')('openTimeWaitSource (Linux)', () => {
  let connections: ClosedConnections;
  beforeAll(async () => {
    connections = await makeClosedConnections(4, 9);
  });
  afterAll(() => connections.stop());

  it.each([
    ['sock_diag', true],
    ['proc-net-tcp', false],
  ])('by %s', (method, mayUseDiag) => {
    const native = loadNative();
    const open = readdirSync('/proc/self/fd').length;
    const source = openTimeWaitSource(connections.port, mayUseDiag);
    expect(source.method).toBe(mayUseDiag && !native.ok ? 'proc-net-tcp' : method);
    expect(source.count(true)).toEqual({ client: 4, server: 9, reason: null });
    source.close();
    expect(readdirSync('/proc/self/fd')).toHaveLength(open);
  });
});
