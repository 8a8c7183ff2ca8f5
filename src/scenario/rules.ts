/** Rules between knobs: combinations that make no sense, or that this version does not run. */
import type { FilledConfig } from './defaults.ts';
import type { BrokenRule } from './broken-rule.ts';
import { attackerRules } from './attackers-schema.ts';
import { clientRules } from './client-rules.ts';
import { discriminators, foreignKeys } from './discriminators.ts';
import { faultRules } from './fault-rules.ts';
import { loadRules } from './load-rules.ts';
import { networkRules } from './network-rules.ts';
import { parameterRules } from './parameter-rules.ts';
import { policyRules } from './policy-rules.ts';
import { delayPoints } from './resolve.ts';
import type { ConfigPatch, DelayMap } from './schema.ts';
import { strategyRules } from './strategy-rules.ts';
import { tlsRules } from './tls-rules.ts';
import { parseDuration } from './units.ts';
import { viaRules } from './via-rules.ts';

/** Every rule that one variant breaks. `patch` is what the file gives, `filled` the same with defaults. */
export function brokenRules(patch: ConfigPatch, filled: FilledConfig): readonly BrokenRule[] {
  return [
    ...loadRules(patch, filled),
    ...serverRules(patch, filled),
    ...delayRules(patch),
    ...strategyRules(filled),
    ...tlsRules(patch, filled),
    ...faultRules(filled),
    ...policyRules(filled),
    ...viaRules(patch, filled),
    ...attackerRules(filled),
    ...networkRules(patch, filled),
    ...clientRules(patch, filled),
  ];
}

function serverRules({ server = {} }: ConfigPatch, filled: FilledConfig): readonly BrokenRule[] {
  const { kind } = filled.server;
  const broken: BrokenRule[] = foreignKeys(discriminators.server, kind, Object.keys(server)).map(({ key, kinds }) => ({
    rule: `server-${key}`,
    paths: [`server.${key}`, 'server.kind'],
    message: `is for server.kind ${kinds.join(' and ')}, but the kind is ${kind}`,
  }));
  if (kind === 'command' && server.command === undefined) {
    const message = 'is missing: server.kind command needs the program to start, for example [node, server.mjs]';
    broken.push({ rule: 'command-missing', paths: ['server.command', 'server.kind'], message });
  }
  if (kind === 'external' && server.url === undefined) {
    const message =
      'is missing: server.kind external needs to know where it listens, for example http://127.0.0.1:8080/';
    broken.push({ rule: 'url-missing', paths: ['server.url', 'server.kind'], message });
  }
  return broken;
}

function delayRules(patch: ConfigPatch): readonly BrokenRule[] {
  const delay = patch.server?.response?.delay;
  if (delay === undefined || typeof delay === 'string') return [];
  const path = 'server.response.delay';
  const broken = parameterRules('delay', discriminators.delay, delay);
  return delay.distribution === undefined ? broken : [...broken, ...delayShapeRules(delay, path)];
}

function delayShapeRules(delay: DelayMap, path: string): readonly BrokenRule[] {
  const { min, max, points } = delay;
  if (delay.distribution === 'uniform' && min !== undefined && max !== undefined && ms(min) > ms(max)) {
    const message = `min ${min} is above max ${max}`;
    return [{ rule: 'delay-min-max', paths: [`${path}.min`, `${path}.max`], message }];
  }
  if (delay.distribution !== 'percentiles' || points === undefined) return [];
  if (Object.keys(points).length < 2) {
    return [{ rule: 'delay-points', paths: [`${path}.points`], message: 'needs at least two percentiles' }];
  }
  const sorted = delayPoints(points);
  const falls = sorted.some((point, index) => index > 0 && point.valueMs < sorted[index - 1]!.valueMs);
  const twice = sorted.some((point, index) => index > 0 && point.p === sorted[index - 1]!.p);
  const message = twice ? 'names one percentile twice' : 'must not fall from one percentile to a higher one';
  return falls || twice ? [{ rule: 'delay-points', paths: [`${path}.points`], message }] : [];
}

function ms(text: string): number {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : NaN;
}
