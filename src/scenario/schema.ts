/** The scenario format: every knob with its kind, bounds and meaning. The keys are a public contract: add, never rename. */
import { z } from 'zod';
import { attackersSchema } from './attackers-schema.ts';
import { clientSchema } from './client-schema.ts';
import { choice, count, countOr, duration, flag, knobs, percent, prose, real, word } from './knobs.ts';
import { loadSchema } from './load-schema.ts';
import { networkSchema } from './network-schema.ts';
import { quote } from './problem.ts';
import { serverSchema, type delayMapSchema } from './server-schema.ts';
import { viaSchema } from './via-schema.ts';

const unlimited = [['unlimited', 'never']] as const;
const aDay = { max: 24 * 3600 * 1000, because: 'a day is the longest time that connbench counts' } as const;

const requestsOfConnection = { min: 1, max: 1_000_000_000 } as const;
const notRequests = ({ input }: { readonly input?: unknown }): string =>
  `must be a whole number from 1 to 1000000000, unlimited, or { min: 80, max: 120 }, not ${quote(input)}`;
const maxRequests = z
  .union(
    [
      z.int().min(1, { error: notRequests }).max(requestsOfConnection.max, { error: notRequests }),
      z.literal('unlimited'),
      knobs({
        min: count({ description: 'The fewest.', ...requestsOfConnection }),
        max: count({ description: 'The most.', ...requestsOfConnection }),
      }),
    ],
    { error: notRequests },
  )
  .describe('Requests after which the client retires a connection; of a range, drawn anew for each connection.');

const pool = knobs({
  size: countOr('unlimited', {
    description: 'Most connections open or opening at once; with scope session, per user.',
    min: 1,
    max: 1_000_000,
  }),
  scope: choice({ description: 'One pool for all, or one for each virtual user.', words: ['shared', 'session'] }),
  order: choice({ description: 'Which idle connection is used next.', words: ['lifo', 'fifo', 'random'] }),
  idleTimeout: duration({ description: 'How long an unused connection is kept.', words: unlimited, ...aDay }),
  maxRequests,
  maxLifetime: duration({
    description: 'Age after which the client retires a connection, once it is free.',
    words: unlimited,
    min: 1,
    ...aDay,
  }),
  maxLifetimeJitter: percent({
    description: 'Each connection draws its own lifetime, up to this much shorter or longer than maxLifetime.',
  }),
  validate: flag("Look for the server's FIN on an idle connection before it is used again."),
  prefetch: flag('Open the whole pool before the first request.'),
  queueLimit: countOr('unlimited', {
    description: 'Requests that may wait for a connection; one more is dropped.',
    min: 0,
    max: 100_000_000,
  }),
  queueTimeout: duration({
    description: 'How long a request may wait for a connection before it fails.',
    words: unlimited,
    min: 1,
    ...aDay,
  }),
});

const tls = z
  .union(
    [
      z.literal('off'),
      z.literal('on'),
      knobs({
        version: z
          .literal(['1.2', '1.3', 1.2, 1.3], { error: ({ input }) => `must be 1.2 or 1.3, not ${quote(input)}` })
          .transform((version): '1.2' | '1.3' => (Number(version) === 1.2 ? '1.2' : '1.3'))
          .describe('The only version that the client offers.'),
        resumption: choice({
          description:
            'session: later connections offer the session of an earlier one to the same origin. early-data: and send their first request with it (0-RTT), which needs version 1.3 and GET or HEAD.',
          words: ['none', 'session', 'early-data'],
        }),
      }),
    ],
    { error: ({ input }) => `must be off, on, or a map such as { version: 1.3 }, not ${quote(input)}` },
  )
  .describe("Encryption; on: with its defaults. The server's certificate is always verified.");

const strategy = knobs({
  protocol: choice({
    description:
      'HTTP/1.0 is sent with an explicit Connection: keep-alive where connections are kept. h2 without tls begins with prior knowledge (RFC 9113, 3.3).',
    words: ['http/1.0', 'http/1.1', 'h2'],
  }),
  connection: choice({ description: 'One connection per request, or reuse.', words: ['close', 'keep-alive'] }),
  pool,
  honourHint: flag("Obey the server's Keep-Alive: timeout=, max=."),
  retry: choice({
    description:
      'reused-once: an idempotent request (not POST; RFC 9110, 9.2.2) whose reused connection died goes again, once; others of a mix do not. always-once: every failed request, whatever that does twice.',
    words: ['none', 'reused-once', 'always-once'],
  }),
  closeWith: choice({ description: 'How the client ends a connection.', words: ['fin', 'reset'] }),
  pipelining: count({
    description: 'Most requests under way on one connection; with h2 most streams.',
    min: 1,
    max: 10_000,
  }),
  tls,
  tcp: knobs({
    noDelay: flag('TCP_NODELAY: send small segments at once.'),
    keepAlive: duration({
      description: 'Idle time before the first TCP keepalive probe.',
      words: [['off']],
      min: 1000,
      max: 32_767_000,
      because: 'the kernel counts whole seconds up to 32767 (tcp(7), TCP_KEEPIDLE)',
    }),
    fastOpen: flag('TCP Fast Open.'),
    userTimeout: duration({
      description: "TCP_USER_TIMEOUT: how long sent data may stay unacknowledged; default: the system's own.",
      words: [['default']],
      min: 1,
      max: 2_147_483_647,
      because: 'the kernel counts milliseconds in 31 bits (tcp(7), TCP_USER_TIMEOUT)',
    }),
    sourceAddresses: count({
      description:
        "Local addresses that connections start from in turn: 127.0.0.1 and following ones, or the lab client's.",
      min: 1,
      max: 200,
    }),
  }),
  timeouts: knobs({
    connect: duration({ description: 'Longest time to open a connection.', min: 1, ...aDay }),
    response: duration({ description: 'Longest time from the request to the end of its response.', min: 1, ...aDay }),
  }),
});

/** What `base`, and every alternative of an axis, may hold. */
export const configSchema = knobs({
  client: clientSchema,
  strategy,
  via: viaSchema,
  server: serverSchema,
  network: networkSchema,
  load: loadSchema,
  attackers: attackersSchema,
});
/** A configuration as far as a file gives it: canonical text, no defaults. */
export type ConfigPatch = z.output<typeof configSchema>;
export type DelayMap = z.output<typeof delayMapSchema>;

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'must be a single value' });
const selector = z
  .union([z.string(), z.record(z.string(), scalar)], {
    error: 'must be the name of a variant, or a map from axis to alternative',
  })
  .describe('A variant: its name, or a map from axis to alternative that fits exactly one.');

const limit = z.union([z.number(), z.string()], { error: 'must be a number, or a quantity with its unit' });
const ratioLimit = real({ description: 'A ratio; 1 means equal.', min: 1e-9, max: 1e9 });

export const expectSchema = z.strictObject({
  claim: prose('The claim, in a sentence.', 300),
  metric: z.string({ error: 'must be a metric such as latency.response.p50' }).describe('Dotted path of a result.'),
  of: selector,
  against: z.exactOptional(selector),
  ratio: z.exactOptional(knobs({ below: ratioLimit, above: ratioLimit })),
  value: z.exactOptional(knobs({ below: limit, above: limit })),
  shows: z.exactOptional(
    z
      .array(
        word(
          'Id of a claim.',
          /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/,
          'letters, digits, ".", "_" and "-", at most 32 of them',
        ),
      )
      .max(20)
      .describe('Ids of the claims of a catalogue that this is evidence for, e.g. [C6, C9].'),
  ),
});
export type ExpectInput = z.output<typeof expectSchema>;

export const gateSchema = z.strictObject({
  metric: z
    .string({ error: 'must be a metric such as p99 or connections.openedPerRequest' })
    .describe('Dotted path of a result; p50, p99 and so on for the response time, throughput, errors.'),
  margin: percent({ description: 'By how much it may get worse than the baseline, e.g. 10%.' }),
});

export const explainSchema = z.strictObject({
  of: selector.describe('The variants: the name of one, or a map from axis to alternative that fits one or more.'),
  text: prose('Why their figures are as they are.', 1000),
});

/** The top of the file; `base` and `axes` are read on their own, so that each problem is found where it is written. */
export const topSchema = z.strictObject({
  name: word(
    'Name of the scenario; results are filed under it.',
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'letters, digits, ".", "_" and "-", at most 64 of them',
  ),
  question: z.exactOptional(prose('What the scenario finds out.')),
  look: z.exactOptional(
    z
      .union([prose(''), z.array(prose('')).max(20)], { error: 'must be text or a list of texts' })
      .describe('What to look at in the results.'),
  ),
  description: z.exactOptional(prose('Background.', 10_000)),
  base: z.exactOptional(z.unknown()),
  axes: z.exactOptional(z.unknown()),
  baseline: z.exactOptional(selector),
  blocks: z.exactOptional(
    count({ description: 'Passes over all variants; a single one gives figures and no verdict.', min: 1, max: 1000 }),
  ),
  expect: z.exactOptional(z.unknown()),
  gates: z.exactOptional(z.unknown()),
  explain: z.exactOptional(z.unknown()),
});
export type TopInput = z.output<typeof topSchema>;

/** The whole format, for its JSON Schema. */
export const scenarioSchema = topSchema.extend({
  base: z.exactOptional(configSchema.describe('What all variants share.')),
  axes: z.exactOptional(
    z
      .record(z.string(), z.union([z.array(scalar).min(1), z.record(z.string(), configSchema)]))
      .describe(
        'The cross product of all axes is the variants: a dotted path with a list of values, or a name with a map of patches.',
      ),
  ),
  expect: z.exactOptional(z.array(expectSchema).describe('Claims to be checked.')),
  gates: z.exactOptional(
    z.array(gateSchema).describe('Metrics that may not be worse than the baseline by more than a margin.'),
  ),
  explain: z.exactOptional(z.array(explainSchema).describe('What to say of variants beside their figures.')),
});
