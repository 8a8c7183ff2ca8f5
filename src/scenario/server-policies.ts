/** The policies of the bundled servers in the scenario format: their knobs, their defaults, and the numbers that they become. */
import { z } from 'zod';
import { drainMap, fillDrain, resolveDrain, type FilledDrain } from './drain.ts';
import { choice, count, countOr, duration, knobs } from './knobs.ts';
import type { ServerPolicies } from './policy-config.ts';
import { quote } from './problem.ts';
import { durationMs } from './quantities.ts';

const threshold = (description: string): ReturnType<typeof count> => count({ description, min: 1, max: 1_000_000 });

const shedMap = knobs({
  above: threshold('Responses relieve the server while it has more than this.'),
  of: choice({
    description: 'What is counted: open connections, or descriptors of the process.',
    words: ['connections', 'fds'],
  }),
  then: z
    .union(
      [
        z.literal('close'),
        knobs({
          keepAliveTimeout: duration({
            description: 'How long a connection that becomes idle is kept then, and told to be kept.',
            min: 1,
            max: 24 * 3600 * 1000,
            because: 'a day is the longest time that connbench counts',
          }),
        }),
      ],
      { error: ({ input }) => `must be close or { keepAliveTimeout: 1s }, not ${quote(input)}` },
    )
    .describe('close: responses say Connection: close. A map: connections that become idle get a shorter timeout.'),
});

const offOr = <Of extends z.ZodType>(map: Of, example: string): z.ZodUnion<readonly [z.ZodLiteral<'off'>, Of]> =>
  z.union([z.literal('off'), map], { error: ({ input }) => `must be off or ${example}, not ${quote(input)}` });

/** Part of the map `server`. */
export const policyKnobs = {
  shed: offOr(shedMap, '{ above: 500, then: close }').describe(
    'node, reference: how responses relieve a server that has many connections.',
  ),
  evictIdle: offOr(
    knobs({ above: threshold('Most connections that leave idle ones in peace.') }),
    '{ above: 500 }',
  ).describe('node, reference: beyond so many, each new connection ends the one that has been idle for longest.'),
  acceptPause: offOr(
    knobs({ above: threshold('Most connections; further ones wait in the backlog.') }),
    '{ above: 500 }',
  ).describe('reference: with so many connections open nothing is accepted until one is gone.'),
  nofile: countOr('default', {
    description: "reference: most descriptors of the server's process (RLIMIT_NOFILE).",
    min: 32,
    max: 1_000_000,
  }),
  drain: offOr(drainMap, '{ at: 2s, style: close-idle, deadline: 10s }').describe(
    'node, reference: the server shuts down, as in a rolling restart. Its successor takes over the listening socket, so that no new connection is refused.',
  ),
  connectionsCheckingInterval: duration({
    description:
      'node: how often overdue heads and requests are looked for; default: a quarter of the shorter of headersTimeout and requestTimeout, at most 30s.',
    words: [['default']],
    min: 1,
    max: 24 * 3600 * 1000,
    because: 'a day is the longest time that connbench counts',
  }),
};

/** Every policy by its key, as it is where nothing is asked for. */
export const neutralPolicies = {
  shed: 'off',
  evictIdle: 'off',
  acceptPause: 'off',
  nofile: 'default',
  drain: 'off',
  connectionsCheckingInterval: 'default',
} as const;

export type PolicyKey = keyof typeof policyKnobs;
type PolicyPatch = { readonly [Key in PolicyKey]?: z.output<(typeof policyKnobs)[Key]> | undefined };

interface FilledShed {
  readonly above: number;
  readonly of: 'connections' | 'fds';
  readonly then: 'close' | { readonly keepAliveTimeout: string };
}
interface FilledThreshold {
  readonly above: number;
}
/** Each stands where it is on. */
export interface FilledPolicies {
  readonly shed?: FilledShed;
  readonly evictIdle?: FilledThreshold;
  readonly acceptPause?: FilledThreshold;
  readonly nofile?: number;
  readonly drain?: FilledDrain;
  readonly connectionsCheckingInterval?: string;
}

/** A number that is missing becomes 0, a time 0s: either breaks a rule. */
export function fillPolicies({
  shed = 'off',
  evictIdle = 'off',
  acceptPause = 'off',
  nofile,
  drain = 'off',
  connectionsCheckingInterval = 'default',
}: PolicyPatch): FilledPolicies {
  return {
    ...(shed === 'off' ? {} : { shed: fillShed(shed) }),
    ...(evictIdle === 'off' ? {} : { evictIdle: { above: evictIdle.above ?? 0 } }),
    ...(acceptPause === 'off' ? {} : { acceptPause: { above: acceptPause.above ?? 0 } }),
    ...(nofile === undefined || nofile === 'default' ? {} : { nofile }),
    ...(drain === 'off' ? {} : { drain: fillDrain(drain) }),
    ...(connectionsCheckingInterval === 'default' ? {} : { connectionsCheckingInterval }),
  };
}

function fillShed({ above = 0, of = 'connections', then = 'close' }: z.output<typeof shedMap>): FilledShed {
  return { above, of, then: then === 'close' ? then : { keepAliveTimeout: then.keepAliveTimeout ?? '0s' } };
}

export function resolvePolicies({
  shed,
  evictIdle,
  acceptPause,
  nofile,
  drain,
  connectionsCheckingInterval,
}: FilledPolicies): ServerPolicies {
  return {
    ...(shed === undefined
      ? {}
      : {
          shed: {
            above: shed.above,
            of: shed.of,
            then: shed.then === 'close' ? shed.then : { keepAliveTimeoutMs: durationMs(shed.then.keepAliveTimeout) },
          },
        }),
    ...(evictIdle === undefined ? {} : { evictIdle }),
    ...(acceptPause === undefined ? {} : { acceptPause }),
    ...(nofile === undefined ? {} : { nofile }),
    ...(drain === undefined ? {} : { drain: resolveDrain(drain) }),
    ...(connectionsCheckingInterval === undefined
      ? {}
      : { connectionsCheckingIntervalMs: durationMs(connectionsCheckingInterval) }),
  };
}
