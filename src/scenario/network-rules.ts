/** Rules of the network: what needs a lab, and which sysctls may be set. */
import type { BrokenRule } from './broken-rule.ts';
import { defaultNetwork, type FilledConfig, type FilledNetwork } from './defaults.ts';
import type { ConfigPatch } from './schema.ts';
import { fullSysctlName } from './sysctls.ts';

const neutralKnobs = ['rtt', 'jitter', 'bandwidth', 'loss', 'reorder', 'duplicate', 'middlebox'] as const;
const hosts = ['client', 'server'] as const;

/** Dotted paths of the knobs that only a lab can honour and that ask for something. A queue asks for nothing without a bandwidth. */
export function knobsOfLab(network: FilledNetwork): readonly string[] {
  const { congestionControl, sysctls } = network;
  const leavesAlone = congestionControl === 'default' || congestionControl === defaultNetwork.congestionControl;
  return [
    ...neutralKnobs.filter((knob) => network[knob] !== defaultNetwork[knob]).map((knob) => `network.${knob}`),
    ...(leavesAlone ? [] : ['network.congestionControl']),
    ...hosts.filter((host) => Object.keys(sysctls[host]).length > 0).map((host) => `network.sysctls.${host}`),
  ];
}

/** The rules of the network that a variant breaks. */
export function networkRules(patch: ConfigPatch, filled: FilledConfig): readonly BrokenRule[] {
  const sysctls = patch.network?.sysctls ?? {};
  return [...modeRules(filled), ...hosts.flatMap((host) => sysctlRules(host, Object.keys(sysctls[host] ?? {})))];
}

function modeRules({ network, server }: FilledConfig): readonly BrokenRule[] {
  const isExternal = server.kind === 'external';
  if (isExternal && network.mode === 'lab') {
    const message = 'lab does not run with server.kind external, whose server is in no lab; use host, or leave it out';
    return [{ rule: 'lab-external', paths: ['network.mode', 'server.kind'], message }];
  }
  if (!isExternal && network.mode !== 'host') return [];
  const [culprit, reason] = isExternal
    ? ['server.kind', 'server.kind external runs in host mode']
    : ['network.mode', 'network.mode is host'];
  return knobsOfLab(network).map((path) => ({
    rule: `lab-${path}`,
    paths: [path, culprit],
    message: `needs a lab, but ${reason}`,
  }));
}

function sysctlRules(host: 'client' | 'server', names: readonly string[]): readonly BrokenRule[] {
  const paths = [`network.sysctls.${host}`];
  const twice = names.flatMap((name, index) => {
    const earlier = names.slice(0, index).find((other) => fullSysctlName(other) === fullSysctlName(name));
    return earlier === undefined
      ? []
      : [{ rule: `sysctl-${name}`, paths, message: `sets one sysctl twice, as ${earlier} and as ${name}` }];
  });
  const congestion = names.includes('net.ipv4.tcp_congestion_control')
    ? [
        {
          rule: 'sysctl-congestion',
          paths,
          message: 'may not set tcp_congestion_control; use network.congestionControl',
        },
      ]
    : [];
  return [...twice, ...congestion];
}
