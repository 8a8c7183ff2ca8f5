/** Rules of the server's faults: their durations, their shares, and which of them HTTP/2 knows. */
import type { BrokenRule } from './broken-rule.ts';
import type { FaultName } from './config.ts';
import type { FilledConfig } from './defaults.ts';
import type { FaultItem } from './server-schema.ts';
import { parsePercent } from './units.ts';

/** Faults that take a time, and what it is. */
export const timedFaults: Readonly<Partial<Record<FaultName, string>>> = {
  'slow-drip': 'how long the body takes',
  'late-fin': 'how late the FIN is',
  'hint-lies': 'what the header promises',
};
/** Faults of HTTP/1 framing and connection fields, which HTTP/2 does not have (RFC 9113, 8.2.2). The others mean something there, too. */
export const http1Faults: readonly FaultName[] = [
  'no-length',
  'length-and-chunked',
  'half-close',
  'late-fin',
  'close-not-done',
  'hint-lies',
];

/** The rules of faults that a variant breaks. */
export function faultRules({ server, strategy }: FilledConfig): readonly BrokenRule[] {
  if (!('faults' in server)) return [];
  const { faults } = server;
  return [
    ...faults.flatMap((fault, index) => durationRules(fault, index)),
    ...shareRules(faults),
    ...faults.flatMap((fault, index) => protocolRules(fault, index, strategy.protocol)),
  ];
}

function rule(name: string, index: number, message: string, more: readonly string[] = []): BrokenRule {
  return { rule: `fault-${name}-${index}`, paths: ['server.faults', ...more], message: `[${index}] ${message}` };
}

function durationRules({ fault, duration }: FaultItem, index: number): readonly BrokenRule[] {
  const meaning = timedFaults[fault];
  if (meaning === undefined && duration !== undefined) {
    const timed = Object.keys(timedFaults).join(', ');
    return [rule('time', index, `${fault} takes no duration; those that do are ${timed}`)];
  }
  if (meaning === undefined || duration !== undefined) return [];
  return [rule('time', index, `${fault} needs a duration, such as 2s: ${meaning}`)];
}

function shareRules(faults: readonly FaultItem[]): readonly BrokenRule[] {
  const shares = faults.map(({ probability }) => {
    const parsed = parsePercent(probability);
    return parsed.ok ? parsed.value * 100 : NaN;
  });
  const sum = Number(shares.reduce((total, share) => total + share, 0).toPrecision(12));
  if (!(sum > 100)) return [];
  const message = `add up to ${sum}%; a request meets at most one, so that 100% is the most`;
  return [{ rule: 'fault-sum', paths: ['server.faults'], message }];
}

function protocolRules({ fault }: FaultItem, index: number, protocol: string): readonly BrokenRule[] {
  if (protocol !== 'h2' || !http1Faults.includes(fault)) return [];
  return [
    rule('h2', index, `${fault} is a fault of HTTP/1 and has no like with strategy.protocol h2`, ['strategy.protocol']),
  ];
}
