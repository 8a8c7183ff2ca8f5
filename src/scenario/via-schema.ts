/** The part `via` of the scenario format: the programs on the way from the client to the server. */
import { z } from 'zod';
import { hopKinds } from './hop-config.ts';
import { hopName } from './hop-metrics.ts';
import { choice, count, countOr, duration, knobs } from './knobs.ts';

const unlimited = [['unlimited', 'never']] as const;
const never = [['never', 'unlimited']] as const;
const aDay = { max: 24 * 3600 * 1000, because: 'a day is the longest time that connbench counts' } as const;
const requests = { min: 1, max: 1_000_000_000 } as const;
const mostHops = 8;

const upstream = knobs({
  connection: choice({
    description: 'One connection per request to the next program, or reuse.',
    words: ['close', 'keep-alive'],
  }),
  pool: knobs({
    size: count({
      description: 'Most idle connections kept; busy ones are as many as there are requests.',
      min: 0,
      max: 1_000_000,
    }),
    idleTimeout: duration({ description: 'How long an unused connection is kept.', words: unlimited, min: 1, ...aDay }),
    maxRequests: countOr('unlimited', { description: 'Requests after which a connection is closed.', ...requests }),
  }),
  retry: choice({
    description:
      'reused-once: an idempotent request whose reused connection ended before an answer goes again on a new one (nginx: on the next one of its pool, until there is none). always-once: every failed one.',
    words: ['none', 'reused-once', 'always-once'],
  }),
  timeouts: knobs({
    connect: duration({ description: 'Longest time to open a connection.', min: 1, ...aDay }),
    response: duration({ description: 'Longest silence while an answer is due.', min: 1, ...aDay }),
  }),
});

const hop = z.strictObject({
  kind: choice({
    description:
      'reverse-proxy: a correct one with a pool. blind-relay: one that passes Connection on and waits for the end of the connection. proxy-aware-relay: one that knows Proxy-Connection. nginx, haproxy: where installed.',
    words: hopKinds,
  }),
  name: z.exactOptional(
    z
      .string()
      .regex(hopName, { error: 'must be a letter, then letters, digits and dashes, 31 at most, all of them small' })
      .describe('What metrics call it: hops.NAME.failed.502. Without a name it is its place: hops.1.failed.502.'),
  ),
  host: z.exactOptional(
    choice({ description: 'In a lab: the host that the program runs on.', words: ['client', 'server'] }),
  ),
  keepAliveTimeout: z.exactOptional(
    duration({
      description: "reverse-proxy, nginx, haproxy: how long an idle connection of a client's is kept.",
      words: never,
      min: 1,
      ...aDay,
    }),
  ),
  maxRequests: z.exactOptional(
    countOr('unlimited', {
      description: "reverse-proxy, nginx: requests after which a client's connection is closed.",
      ...requests,
    }),
  ),
  upstream: z.exactOptional(upstream.describe('reverse-proxy, nginx, haproxy: the connections to the next program.')),
});
/** One program of the list, as far as the file describes it. */
export type HopPatch = z.output<typeof hop>;
export type UpstreamPatch = z.output<typeof upstream>;

export const viaSchema = z
  .array(hop)
  .max(mostHops, { error: `has more than ${mostHops} programs` })
  .describe('Programs on the way, in the order from the client to the server.');
