import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { NetworkConfig } from '../../src/scenario/config.ts';
import { shortSysctlNames } from '../../src/scenario/sysctls.ts';
import { briefsOf, problemsOf, scenarioOf } from './read.ts';

function networkOf(network: unknown): NetworkConfig {
  return scenarioOf(stringify({ name: 'x', base: { network } })).variants[0]!.trial.network;
}
function messagesOf(base: unknown): readonly string[] {
  return problemsOf(stringify({ name: 'x', base })).map(({ path, message, suggestion }) => {
    return `${path}: ${message}${suggestion === undefined ? '' : ` [${suggestion}]`}`;
  });
}

describe('the link', () => {
  it('has every knob in its unit', () => {
    const network = {
      mode: 'lab',
      rtt: '20ms',
      jitter: '500us',
      bandwidth: '10Mbit/s',
      queue: '64KiB',
      loss: '0.5%',
      reorder: '1%',
      duplicate: '100%',
      congestionControl: 'reno',
      middlebox: { idleTimeout: '3s', then: 'reset' },
    };
    expect(networkOf(network)).toEqual({
      mode: 'lab',
      link: {
        rttMs: 20,
        jitterMs: 0.5,
        bandwidthBitsPerSecond: 10_000_000,
        queueBytes: 65_536,
        loss: 0.005,
        reorder: 0.01,
        duplicate: 1,
        middlebox: { idleTimeoutMs: 3000, then: 'reset' },
      },
      congestionControl: 'reno',
      sysctls: { client: {}, server: {} },
    });
  });

  it('has a middlebox with defaults, that an axis can change or take away', () => {
    expect(networkOf({ middlebox: {} }).link.middlebox).toEqual({ idleTimeoutMs: 240_000, then: 'drop' });
    const { variants } = scenarioOf(`name: x
base: { network: { middlebox: { idleTimeout: 1s } } }
axes:
  box: { reset: { network: { middlebox: { then: reset } } }, none: { network: { middlebox: off } } }
`);
    expect(variants.map(({ trial }) => trial.network.link.middlebox)).toEqual([
      { idleTimeoutMs: 1000, then: 'reset' },
      null,
    ]);
  });

  it.each<[knob: string, value: unknown, message: string]>([
    ['rtt', 20, '20 needs a unit, for example 20s'],
    ['rtt', '2m', 'must be at most 1m, not 2m: TCP gives up on a link slower than that'],
    [
      'bandwidth',
      '10Mbps',
      '"10Mbps" has the unit "Mbps", which is not one of a bandwidth; write Mbit/s, or unlimited',
    ],
    [
      'bandwidth',
      '1MB/s',
      '"1MB/s" has the unit "MB/s", which is not one of a bandwidth; write Mbit/s; a byte is 8 bits, or unlimited',
    ],
    ['bandwidth', '0bit/s', 'must be at least 1kbit/s, not 0bit/s'],
    ['bandwidth', '0.5bit/s', '"0.5bit/s" is too large, or not a whole number of bits per second, or unlimited'],
    ['queue', '1kB', 'must be at least 1500B, not 1kB'],
    ['loss', 0.01, '0.01 needs a unit, for example 0.01%'],
    ['loss', '101%', '"101%" is more than 100%'],
    [
      'congestionControl',
      '../cubic',
      'must be the name of a congestion control such as cubic, reno or bbr, or default, not "../cubic"',
    ],
    ['middlebox', 'on', 'must be off or { idleTimeout: ..., then: drop }, not "on"'],
    ['mode', 'labs', 'must be lab, host or auto, not "labs" [lab]'],
  ])('%s: %s is refused', (knob, value, message) => {
    expect(messagesOf({ network: { [knob]: value } })).toEqual([`base.network.${knob}: ${message}`]);
  });

  it('has problems of a middlebox where they are written', () => {
    expect(messagesOf({ network: { middlebox: { idleTimeout: '0s', then: 'dorp' } } })).toEqual([
      'base.network.middlebox.idleTimeout: must be at least 1ms, not 0s',
      'base.network.middlebox.then: must be drop, reset or refuse, not "dorp" [drop]',
    ]);
  });
});

describe('the mode', () => {
  const asking = [
    ['rtt', '1us'],
    ['jitter', '1ms'],
    ['bandwidth', '1Gbit/s'],
    ['loss', '0.1%'],
    ['reorder', '1%'],
    ['duplicate', '1%'],
    ['congestionControl', 'bbr'],
    ['middlebox', { then: 'drop' }],
    ['sysctls', { client: { tcp_tw_reuse: 0 } }],
    ['sysctls', { server: { somaxconn: 1 } }],
  ] as const;

  it.each(asking)('%s: %j makes auto a lab, and is refused in host mode', (knob, value) => {
    expect(networkOf({ [knob]: value }).mode).toBe('lab');
    expect(networkOf({ mode: 'lab', [knob]: value }).mode).toBe('lab');
    const path = knob === 'sysctls' ? `sysctls.${Object.keys(value)[0] ?? ''}` : knob;
    expect(messagesOf({ network: { mode: 'host', [knob]: value } })).toEqual([
      `base.network.${path}: needs a lab, but network.mode is host`,
    ]);
    expect(messagesOf({ server: { kind: 'external', url: 'http://127.0.0.1/' }, network: { [knob]: value } })).toEqual([
      `base.network.${path}: needs a lab, but server.kind external runs in host mode`,
    ]);
  });

  it.each([
    [{}, 'auto', 'cubic'],
    [{ mode: 'auto', rtt: '0ms', queue: '1MB', middlebox: 'off', congestionControl: 'cubic' }, 'auto', 'cubic'],
    [{ congestionControl: 'default' }, 'auto', 'default'],
    [{ mode: 'lab' }, 'lab', 'cubic'],
    [{ mode: 'host' }, 'host', 'default'],
    [{ mode: 'host', congestionControl: 'default' }, 'host', 'default'],
  ])('%j: %s, %s', (network, mode, congestionControl) => {
    expect(networkOf(network)).toMatchObject({ mode, congestionControl });
  });

  it('is blamed where an axis sets it', () => {
    const text = 'name: x\nbase: { network: { rtt: 1ms } }\naxes:\n  network.mode: [lab, host]\n';
    expect(problemsOf(text)).toEqual([
      expect.objectContaining({
        line: 4,
        path: 'network.mode',
        message: 'network.rtt needs a lab, but network.mode is host (in network.mode=host)',
      }),
    ]);
  });

  it('may be an axis of a scenario that is written out in full', () => {
    const { document } = scenarioOf('name: x\naxes: { network.mode: [lab, host] }');
    expect(scenarioOf(stringify(document)).variants.map(({ trial }) => trial.network.mode)).toEqual(['lab', 'host']);
  });
});

describe('sysctls', () => {
  it('have short names and full ones, and numbers or text', () => {
    const sysctls = {
      client: { ip_local_port_range: '40000   40499', tcp_tw_reuse: 0, 'net.ipv4.tcp_max_tw_buckets': '5' },
      server: { somaxconn: 16, 'net.core.netdev_max_backlog': -1 },
    };
    expect(networkOf({ sysctls }).sysctls).toEqual({
      client: {
        'net.ipv4.ip_local_port_range': '40000 40499',
        'net.ipv4.tcp_tw_reuse': '0',
        'net.ipv4.tcp_max_tw_buckets': '5',
      },
      server: { 'net.core.somaxconn': '16', 'net.core.netdev_max_backlog': '-1' },
    });
  });

  it('are set by axes and by the command line, by dotted path', () => {
    const text = 'name: x\naxes: { network.sysctls.client.tcp_tw_reuse: [0, 1] }';
    const { variants } = scenarioOf(text, ['network.sysctls.server.somaxconn=1']);
    expect(variants.map(({ name, trial }) => [name, trial.network.sysctls])).toEqual(
      ['0', '1'].map((value) => [
        `network.sysctls.client.tcp_tw_reuse=${value}`,
        { client: { 'net.ipv4.tcp_tw_reuse': value }, server: { 'net.core.somaxconn': '1' } },
      ]),
    );
  });

  const known = shortSysctlNames.join(', ');
  it.each([
    ['tcp_tw_reuses', ' [tcp_tw_reuse]'],
    ['net/ipv4/tcp_tw_reuse', ''],
    ['net.ipv4/../../kernel.core_pattern', ''],
    ['net...kernel', ''],
    ['net.ipv4.', ''],
    ['kernel.core_pattern', ''],
    ['net.ipv4.a b', ''],
    ['net.ipv4.a\nb', ''],
  ])('%j is no name', (name, suggestion) => {
    const [message] = messagesOf({ network: { sysctls: { client: { [name]: 1 } } } });
    expect(message).toContain(
      `is not a sysctl that can be set; give the full name of one under net, such as net.ipv4.tcp_tw_reuse, or a short name: ${known}${suggestion}`,
    );
  });

  it('may not be a polluting key', () => {
    const text = 'name: x\nbase: { network: { sysctls: { client: { __proto__: 1 } } } }';
    expect(briefsOf(text)).toEqual(['2:41 base.network.sysctls.client.__proto__: is not a possible key']);
  });

  it.each([
    ['two lines', '1\n2'],
    ['control characters', '\u001b[2J'],
    ['nothing', ''],
    ['half a number', 0.5],
    ['a flag', true],
    ['no value', null],
    ['a list', [1]],
    ['a long text', 'x'.repeat(201)],
  ])('%s is no value', (_name, value) => {
    const [message] = messagesOf({ network: { sysctls: { server: { tcp_rmem: value } } } });
    expect(message).toMatch(
      /^base\.network\.sysctls\.server\.tcp_rmem: must be a whole number, or one line of printable ASCII such as "40000 40499", not /,
    );
  });

  it('may not be set twice, nor the congestion control', () => {
    const client = { tcp_tw_reuse: 0, 'net.ipv4.tcp_tw_reuse': 1, 'net.ipv4.tcp_congestion_control': 'bbr' };
    expect(messagesOf({ network: { sysctls: { client } } })).toEqual([
      'base.network.sysctls.client: sets one sysctl twice, as tcp_tw_reuse and as net.ipv4.tcp_tw_reuse',
      'base.network.sysctls.client: may not set tcp_congestion_control; use network.congestionControl',
    ]);
  });
});
