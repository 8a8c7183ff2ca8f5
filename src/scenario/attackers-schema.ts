/** The part `attackers` of the scenario format: clients that misbehave beside the load; its defaults, rules and resolution. */
import { z } from 'zod';
import { attackerKinds, type AttackerConfig } from './attacker-config.ts';
import type { BrokenRule } from './broken-rule.ts';
import type { FilledConfig } from './defaults.ts';
import { choice, count, duration } from './knobs.ts';
import { durationMs } from './quantities.ts';
import { isLoopback, parseServerUrl } from './server-url.ts';

const aDay = { max: 24 * 3600 * 1000, because: 'a day is the longest time that connbench counts' } as const;
const mostGroups = 8;
const mostConnections = 10_000;

const attacker = z.strictObject({
  kind: choice({
    description:
      'slow-headers: a header byte at a time. slow-body: a body byte at a time. silent: sends nothing. slow-reader: reads 1 kB of the response at a time. unread-body: never reads the response.',
    words: attackerKinds,
  }),
  connections: z.exactOptional(
    count({
      description: 'Held open at once; opened again when the server closes them.',
      min: 1,
      max: mostConnections,
    }),
  ),
  every: z.exactOptional(duration({ description: 'Pause between two bytes, or two readings.', min: 10, ...aDay })),
  from: z.exactOptional(duration({ description: 'When the attack begins, from the start of measure.', ...aDay })),
});
/** One group of attackers, as far as the file describes it. */
type AttackerPatch = z.output<typeof attacker>;
export interface FilledAttacker extends Readonly<Required<Omit<AttackerPatch, 'every'>>> {
  /** Of a kind that sends or reads, and where the file gives it. */
  readonly every?: string;
}

export const attackersSchema = z
  .array(attacker)
  .max(mostGroups, { error: `has more than ${mostGroups} groups` })
  .describe(
    'Clients that misbehave, in a process of their own on the host of the client, from measure on; only against a server of this machine. Their counts are kept apart.',
  );

const defaultAttacker = { connections: 100, every: '1s', from: '0s' } as const;

export function fillAttacker(patch: AttackerPatch): FilledAttacker {
  const { every, ...others } = defaultAttacker;
  return { ...others, ...(patch.kind === 'silent' ? {} : { every }), ...patch };
}

/** Of a group that has passed the schema. */
export function resolveAttacker({ kind, connections, every, from }: FilledAttacker): AttackerConfig {
  return { kind, connections, everyMs: durationMs(every ?? defaultAttacker.every), fromMs: durationMs(from) };
}

/** The rules of `attackers` that a variant breaks. */
export function attackerRules({
  attackers = [],
  strategy,
  server,
  via = [],
  load,
}: FilledConfig): readonly BrokenRule[] {
  if (attackers.length === 0) return [];
  const broken = (rule: string, path: string, message: string): BrokenRule => ({
    rule: `attackers-${rule}`,
    paths: ['attackers', path],
    message,
  });
  const url = server.kind === 'external' ? parseServerUrl(server.url) : null;
  return [
    ...(strategy.tls === 'off'
      ? []
      : [broken('tls', 'strategy.tls', 'does not go with strategy.tls: attackers speak clear text')]),
    ...(strategy.protocol === 'h2'
      ? [broken('h2', 'strategy.protocol', 'does not go with strategy.protocol h2: attackers speak HTTP/1.1')]
      : []),
    ...(via.length > 0
      ? [broken('via', 'via', 'does not go with via: attackers go to the server, not to a program on the way')]
      : []),
    ...(url?.ok === true && !isLoopback(url.value.host)
      ? [broken('address', 'server.url', 'needs a server of this machine: attackers go to no other address')]
      : []),
    ...attackers.flatMap((one, index) => groupRules(one, index, load.duration)),
  ];
}

/** The rules of one group; `measure`: how long that is. */
function groupRules({ kind, from, every }: FilledAttacker, index: number, measure: string): readonly BrokenRule[] {
  const broken: BrokenRule[] = [];
  if (durationMs(from) >= durationMs(measure)) {
    const message = `begins ${from} after the start of measure, which is over after ${measure}: attack earlier, or measure longer`;
    broken.push({ rule: `attackers-from-${index}`, paths: [`attackers[${index}].from`, 'load.duration'], message });
  }
  if (kind === 'silent' && every !== undefined) {
    const message = 'does nothing with kind silent, which sends nothing and has nothing to read';
    broken.push({ rule: `attackers-every-${index}`, paths: [`attackers[${index}].every`], message });
  }
  return broken;
}
