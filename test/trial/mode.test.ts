/** Where a trial runs, and what is refused before anything runs. */
import { describe, expect, test, vi } from 'vitest';
import { HopError } from '../../src/hops/hop-handle.ts';
import type { Lab, LabOptions } from '../../src/lab/lab.ts';
import type { NetworkConfig, TrialConfig } from '../../src/scenario/config.ts';
import { UserError } from '../../src/scenario/user-error.ts';
import { assertAllowed, assertSettingsTaken, capturePath, resolveMode } from '../../src/trial/mode.ts';
import { proxyConfig } from '../hops/hop-config.ts';
import { config } from './fixtures.ts';

// A machine that has none, whatever this one has.
vi.mock('../../src/hops/installed-program.ts', () => ({
  findInstalled: (name: string) => {
    throw new HopError('ENOTINSTALLED', `${name} is not installed: no folder has it.`);
  },
}));

const yes = { ok: true, how: 'root' } as const;
const no = { ok: false, reasons: [{ what: 'There is no TUN.', fix: 'Load it.' }] } as const;
const network = (mode: NetworkConfig['mode'], change: Partial<NetworkConfig> = {}): NetworkConfig => ({
  ...config.network,
  congestionControl: 'cubic',
  ...change,
  mode,
});
const inMode = (mode: NetworkConfig['mode'], change: Partial<NetworkConfig> = {}): TrialConfig => ({
  ...config,
  network: network(mode, change),
});

test.each([
  ['lab', yes, { name: 'lab', fallback: null }],
  ['auto', yes, { name: 'lab', fallback: null }],
  ['auto', no, { name: 'host', fallback: 'There is no TUN.' }],
  ['host', yes, { name: 'host', fallback: null }],
  ['host', no, { name: 'host', fallback: null }],
] as const)('%s', (mode, capability, resolved) => {
  expect(resolveMode(network(mode), capability)).toEqual(resolved);
});

describe('refusals', () => {
  const nothing = { allowRemote: false, pcapDir: null };
  const external = (host: string): TrialConfig => ({
    ...inMode('host'),
    server: { kind: 'external', host, port: 80 },
  });

  test('a lab that cannot be had, with what to do', () => {
    const refused = (): void => {
      assertAllowed([inMode('host'), inMode('lab')], no, nothing);
    };
    expect(refused).toThrow(UserError);
    expect(refused).toThrow('this scenario needs a lab, and this machine allows none: There is no TUN. Load it.');
    assertAllowed([inMode('auto'), inMode('host')], no, nothing);
    assertAllowed([inMode('lab')], yes, nothing);
  });

  test('a server on another machine', () => {
    expect(() => {
      assertAllowed([external('10.0.0.1')], no, nothing);
    }).toThrow('the server 10.0.0.1 is not on this machine');
    assertAllowed([external('10.0.0.1')], no, { ...nothing, allowRemote: true });
    assertAllowed([external('127.0.0.2')], no, nothing);
  });

  test('a program that is not installed', () => {
    const hop = { ...proxyConfig(), kind: 'haproxy' } as const;
    expect(() => {
      assertAllowed([{ ...inMode('host'), via: [hop] }], no, nothing);
    }).toThrow(/^via asks for haproxy: haproxy is not installed: /);
    assertAllowed([{ ...inMode('host'), via: [proxyConfig()] }], no, nothing);
  });

  test('a capture without a lab', () => {
    const pcap = { ...nothing, pcapDir: 'x' };
    expect(() => {
      assertAllowed([inMode('auto')], no, pcap);
    }).toThrow('--pcap captures the link of a lab, and no trial runs in one');
    assertAllowed([inMode('host'), inMode('auto')], yes, pcap);
  });
});

test('every set of kernel settings that is not the plain one is tried once', async () => {
  const opened: LabOptions[] = [];
  let closed = 0;
  const openLab = (options: LabOptions): Promise<Lab> => {
    opened.push(options);
    const close = (): Promise<null> => {
      closed++;
      return Promise.resolve(null);
    };
    return Promise.resolve({ close } as Partial<Lab> as Lab);
  };
  const sysctls = { client: { 'net.ipv4.tcp_tw_reuse': '1' }, server: {} };
  const configs = [
    inMode('lab'),
    inMode('lab', { sysctls }),
    inMode('lab', { sysctls }),
    inMode('lab', { congestionControl: 'reno' }),
    inMode('host', { congestionControl: 'default' }),
  ];
  await assertSettingsTaken(configs, openLab);
  expect(opened.map(({ network: { congestionControl, sysctls: asked } }) => [congestionControl, asked])).toEqual([
    ['cubic', sysctls],
    ['reno', { client: {}, server: {} }],
  ]);
  expect(closed).toBe(2);
});

test('captures are named after the result file', () => {
  expect(capturePath('/tmp/x', 'reuse-1', 7)).toBe('/tmp/x/reuse-1-007.pcap');
});
