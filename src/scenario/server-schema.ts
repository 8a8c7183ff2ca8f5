/** The part `server` of the scenario format: the bundled servers, a program of the user's, and a server elsewhere. */
import { z } from 'zod';
import { splitCommand } from './command-line.ts';
import { faultNames } from './config.ts';
import { choice, count, countOr, duration, flag, knobs, percent, real, size, textKnob, word } from './knobs.ts';
import { quote } from './problem.ts';
import { policyKnobs } from './server-policies.ts';
import { formatServerUrl, parseServerUrl } from './server-url.ts';
import type { Parsed } from './units.ts';

const never = [['never', 'unlimited'], ['default']] as const;
const runtimeDefault = [['default']] as const;
const aDay = { max: 24 * 3600 * 1000, because: 'a day is the longest time that connbench counts' } as const;

const delayTime = (description: string): ReturnType<typeof duration> =>
  duration({ description, max: 3_600_000, because: 'the server holds every waiting response in memory' });

export const delayMapSchema = knobs({
  distribution: choice({
    description: 'Shape of the delay.',
    words: ['constant', 'uniform', 'exponential', 'lognormal', 'percentiles'],
  }),
  value: delayTime('constant: the delay.'),
  min: delayTime('uniform: the shortest delay.'),
  max: delayTime('uniform: the longest delay.'),
  mean: delayTime('exponential: the mean.'),
  median: delayTime('lognormal: the median.'),
  sigma: real({ description: 'lognormal: standard deviation of the logarithm.', min: 0, max: 10 }),
  points: z
    .record(
      word(
        'A percentile.',
        /^p\d{1,2}(\.\d{1,4})?$|^p100$|^p999{1,3}$/,
        'a percentile such as p50, p99, p99.9 or p999',
      ),
      delayTime('The delay at this percentile.'),
    )
    .describe('percentiles: delay by percentile, for example { p50: 1ms, p99: 20ms }; linear between them.'),
});

const delay = z.union([delayTime('A constant delay.'), delayMapSchema], {
  error: (issue) => {
    const asDuration = delayTime('').safeParse(issue.input);
    return asDuration.success ? '' : `${asDuration.error.issues[0]?.message ?? ''}, or { distribution: ... }`;
  },
});

const maximumWords = 1000;
const maximumWordChars = 10_000;

/** Program and arguments as a list of words, from such a list or from one line. */
function readCommand(input: unknown): Parsed<readonly string[]> {
  if (typeof input !== 'string' && !Array.isArray(input)) {
    return { ok: false, message: `must be a list of words, or one line, not ${quote(input)}` };
  }
  const split: Parsed<readonly unknown[]> =
    typeof input === 'string' ? splitCommand(input) : { ok: true, value: input };
  if (!split.ok) return split;
  const words = split.value.map((item) => (typeof item === 'number' ? String(item) : item));
  const odd = words.find((item) => typeof item !== 'string');
  if (odd !== undefined) return { ok: false, message: `must be a list of words, and ${quote(odd)} is none` };
  const texts = words as readonly string[];
  if ((texts[0] ?? '') === '') return { ok: false, message: 'needs the program to start' };
  const tooMuch = texts.length > maximumWords || texts.some((text) => text.length > maximumWordChars);
  if (tooMuch) {
    return { ok: false, message: `may have at most ${maximumWords} words of ${maximumWordChars} characters` };
  }
  if (texts.some((text) => text.includes('\0'))) return { ok: false, message: 'may not contain NUL' };
  return { ok: true, value: texts };
}

const command = z
  .union([z.string(), z.array(z.union([z.string(), z.number()]))], {
    error: ({ input }) => complaint(readCommand(input)),
  })
  .transform((input, context) => {
    const read = readCommand(input);
    if (read.ok) return read.value;
    context.issues.push({ code: 'custom', message: read.message, input });
    return z.NEVER;
  })
  .describe(
    'command: the program and its arguments, as a list or in one line; no shell. {port} is replaced by the port.',
  );

function complaint(parsed: Parsed<unknown>): string {
  return parsed.ok ? 'must be a list of words' : parsed.message;
}

const environment = z
  .record(
    word(
      'A variable.',
      /^(?!(?:PORT|HOST)$)[A-Za-z_][A-Za-z0-9_]{0,199}$/,
      'the name of an environment variable, other than PORT and HOST, which connbench sets',
    ),
    z
      .union([z.string(), z.number(), z.boolean()], { error: ({ input }) => `must be text, not ${quote(input)}` })
      .transform(String)
      .refine((text) => text.length <= 32_000 && !text.includes('\0'), {
        error: 'must be at most 32000 characters, without NUL',
      }),
  )
  .describe('command: environment variables, added to those of connbench.');

const fault = z.strictObject({
  fault: choice({ description: 'What goes wrong.', words: faultNames }),
  probability: percent({ description: 'Share of the requests that it meets.' }),
  duration: z.exactOptional(
    duration({
      description:
        'slow-drip: how long the body takes. late-fin: how late the FIN is. hint-lies: what the header promises.',
      min: 1,
      max: 3_600_000,
      because: 'the server keeps every such connection',
    }),
  ),
});
export type FaultItem = z.output<typeof fault>;
const mostFaults = 100;

export const serverSchema = knobs({
  kind: choice({
    description:
      'node: node:http. reference: an epoll server with exact timers. command: a program of yours. external: a server that runs already.',
    words: ['node', 'reference', 'command', 'external'],
  }),
  keepAliveTimeout: duration({
    description: "How long the server keeps an idle connection; default: the runtime's own value.",
    words: never,
    min: 1,
    ...aDay,
  }),
  maxRequestsPerSocket: countOr('unlimited', {
    description: 'Requests after which the server ends a connection.',
    min: 1,
    max: 1_000_000_000,
  }),
  headersTimeout: duration({
    description: 'Longest time for the head of a request.',
    words: runtimeDefault,
    min: 1,
    ...aDay,
  }),
  requestTimeout: duration({
    description: 'Longest time for a whole request.',
    words: runtimeDefault,
    min: 1,
    ...aDay,
  }),
  maxConnections: countOr('unlimited', {
    description: 'Connections the server holds at once; more are turned away.',
    min: 1,
    max: 1_000_000,
  }),
  backlog: countOr('default', {
    description: 'Length of the queue of connections not yet accepted; the kernel caps it at somaxconn.',
    min: 1,
    max: 65_535,
  }),
  firstCloser: choice({
    description: 'Who sends the first FIN after a response that ends its connection; client needs kind reference.',
    words: ['server', 'client'],
  }),
  response: knobs({
    size: size({
      description: 'Bytes of every response body.',
      max: 1e9,
      because: 'the server keeps the body in memory',
    }),
    framing: choice({ description: 'Content-Length, or chunks.', words: ['length', 'chunked'] }),
    delay,
  }),
  faults: z
    .array(fault)
    .max(mostFaults, { error: `has more than ${mostFaults} faults` })
    .describe('node, reference: what the server does wrong. A request meets at most one, drawn by seed.'),
  ...policyKnobs,
  tls: knobs({
    sessionTickets: flag('Give tickets, so that clients can resume.'),
    earlyData: size({
      description: 'reference: bytes of early data (0-RTT) that are taken; off: none.',
      words: [['off']],
      min: 1,
      max: 1e6,
      because: 'the server keeps early data in memory',
    }),
    certificate: choice({ description: 'Key of the certificate: P-256, or 2048 bits.', words: ['ecdsa', 'rsa'] }),
  }).describe('node, reference: details of encryption. Whether there is any is up to strategy.tls.'),
  http2: knobs({
    maxConcurrentStreams: count({
      description: 'SETTINGS_MAX_CONCURRENT_STREAMS that the server announces.',
      min: 1,
      max: 1_000_000,
    }),
  }).describe('node: details of HTTP/2. Whether it is spoken is up to strategy.protocol.'),
  ca: word(
    'command, external: file with the certificates (PEM) that its certificate is verified by; with strategy.tls.',
    /^(?!~)[^\0]{1,4000}$/,
    'the path of a file, absolute or relative to the folder of the scenario, without ~',
  ),
  command,
  cwd: word(
    'command: folder to start the program in, absolute or relative to the folder of the scenario.',
    /^(?!~)[^\0]{1,4000}$/,
    'the path of a folder, absolute or relative to the folder of the scenario, without ~',
  ),
  env: environment,
  port: count({ description: 'command: port that the program listens on; it gets it as PORT.', min: 1, max: 65_535 }),
  readyPath: word(
    'command: the program is ready when a GET of this path answers below 500; none: when the port accepts.',
    /^(none|\/[\x21\x22\x24-\x7e]{0,1999})$/,
    'none, or a path that starts with / and holds printable ASCII without spaces and #, at most 2000 characters',
  ),
  readyTimeout: duration({
    description: 'command: longest time until the program is ready.',
    min: 1,
    max: 3_600_000,
    because: 'nobody waits longer for a program to start',
  }),
  url: textKnob(
    (input) => {
      const parsed = parseServerUrl(input);
      return parsed.ok ? { ok: true, value: formatServerUrl(parsed.value) } : parsed;
    },
    {
      description:
        'external: where the server listens, http://address:port/, or with strategy.tls https://address:port/.',
      pattern: '^https?://',
    },
  ),
});
