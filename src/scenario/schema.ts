/** The scenario format: every knob with its kind, bounds and meaning. The keys are a public contract: add, never rename. */
import { z } from 'zod';
import { clientNames } from './config.ts';
import { choice, count, countOr, duration, flag, knobs, only, percent, prose, real, word } from './knobs.ts';
import { loadSchema } from './load-schema.ts';
import { networkSchema } from './network-schema.ts';
import { serverSchema, type delayMapSchema } from './server-schema.ts';

const unlimited = [['unlimited', 'never']] as const;
const aDay = { max: 24 * 3600 * 1000, because: 'a day is the longest time that connbench counts' } as const;

const pool = knobs({
  size: countOr('unlimited', {
    description: 'Most connections open or opening at once; with scope session, per user.',
    min: 1,
    max: 1_000_000,
  }),
  scope: choice({ description: 'One pool for all, or one for each virtual user.', now: ['shared', 'session'] }),
  order: choice({ description: 'Which idle connection is used next.', now: ['lifo', 'fifo', 'random'] }),
  idleTimeout: duration({ description: 'How long an unused connection is kept.', words: unlimited, ...aDay }),
  maxRequests: countOr('unlimited', {
    description: 'Requests after which the client retires a connection.',
    min: 1,
    max: 1_000_000_000,
  }),
  maxLifetime: duration({
    description: 'Age after which the client retires a connection, once it is free.',
    words: unlimited,
    min: 1,
    ...aDay,
  }),
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

const strategy = knobs({
  protocol: choice({
    description: 'HTTP/1.0 is sent with an explicit Connection: keep-alive where connections are kept.',
    now: ['http/1.0', 'http/1.1'],
    later: ['h2'],
  }),
  connection: choice({ description: 'One connection per request, or reuse.', now: ['close', 'keep-alive'] }),
  pool,
  honourHint: flag("Obey the server's Keep-Alive: timeout=, max=."),
  retry: choice({
    description: 'Whether a failed request is sent again.',
    now: ['none'],
    later: ['reused-once', 'always-once'],
  }),
  closeWith: choice({ description: 'How the client ends a connection.', now: ['fin', 'reset'] }),
  pipelining: only({
    description: 'Requests on their way on one connection.',
    name: 'strategy.pipelining',
    value: 1,
  }),
  tls: only({ description: 'Encryption.', name: 'strategy.tls', value: 'off' }),
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
  }),
  timeouts: knobs({
    connect: duration({ description: 'Longest time to open a connection.', min: 1, ...aDay }),
    response: duration({ description: 'Longest time from the request to the end of its response.', min: 1, ...aDay }),
  }),
});

/** What `base`, and every alternative of an axis, may hold. */
export const configSchema = knobs({
  client: choice({
    description: 'What executes the strategy.',
    now: ['reference'],
    later: clientNames,
  }),
  strategy,
  server: serverSchema,
  network: networkSchema,
  load: loadSchema,
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
