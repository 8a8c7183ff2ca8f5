/** The part `load` of the scenario format: when requests are due, for whom, and which. */
import { z } from 'zod';
import { choice, count, duration, knobs, percent, rate, real, size, word } from './knobs.ts';
import { quote } from './problem.ts';

const aDay = { max: 24 * 3600 * 1000, because: 'a day is the longest time that connbench counts' } as const;
const fastest = { max: 10_000_000, because: 'no one machine sends more than 10 million requests a second' } as const;
const tenMinutes = {
  max: 600_000,
  because: 'what is not steady after ten minutes will not become it',
} as const;
const mostSteps = 1000;
const mostAlternatives = 100;
const mostFields = 50;

function inQuotes(input: unknown): string {
  return typeof input === 'number' || typeof input === 'boolean' ? ': put it in quotes, as it is to be sent' : '';
}

/** The first complaint of a knob about a value, for one that may also be a map. */
function complaint(knob: z.ZodType, input: unknown, map: string): string {
  const parsed = knob.safeParse(input);
  return parsed.success ? '' : `${parsed.error.issues[0]?.message ?? 'is not possible'}, or ${map}`;
}

const shapeMapSchema = knobs({
  ramp: knobs({
    to: rate({ description: 'Rate at the end of measure.', min: 0.001, ...fastest }),
  }).describe('From load.rate at the start of measure in a straight line; warm-up stays at load.rate.'),
  steps: z
    .array(
      z.strictObject({
        rate: rate({ description: 'Rate of the step; 0/s for none.', ...fastest }),
        for: duration({ description: 'Length of the step.', min: 1, ...aDay }),
      }),
    )
    .min(1, { error: 'needs at least one step, such as { rate: 100/s, for: 1s }' })
    .max(mostSteps, { error: `has more than ${mostSteps} steps` })
    .describe('Steps of constant rate, repeated from the start of measure until its end; warm-up is at load.rate.'),
  bursts: knobs({
    on: duration({ description: 'How long load.rate holds.', min: 1, ...aDay }),
    off: duration({ description: 'How long nothing arrives then.', min: 1, ...aDay }),
  }).describe('On and off in turn, from the start of warm-up and again from the start of measure.'),
});
export type ShapeMap = z.output<typeof shapeMapSchema>;

const shape = z
  .union([z.literal('steady'), shapeMapSchema], {
    error: ({ input }) =>
      `must be steady, or a map with ramp, steps or bursts, such as { ramp: { to: 1000/s } }, not ${quote(input)}`,
  })
  .describe('open: how the rate changes over measure.');

const traceFile = word(
  'open: file with the arrivals.',
  /^(?!~)[^\0]{1,4000}$/,
  'the path of a file, absolute or relative to the folder of the scenario, without ~',
);
const trace = z
  .union(
    [
      traceFile,
      knobs({
        file: traceFile,
        sha256: word(
          'SHA-256 of the file, which is then refused when it has changed; result files have it.',
          /^[0-9a-f]{64}$/,
          'a SHA-256 in 64 hexadecimal digits',
        ),
      }),
    ],
    { error: ({ input }) => complaint(traceFile, input, '{ file: ... }') },
  )
  .describe(
    'open: arrivals at recorded times in place of rate, arrivals and shape: a file with a time in seconds per line, or NDJSON {"t": seconds}, from the start of measure. Warm-up has none, and what comes at the end of measure or later is left out.',
  );

const thinking = (description: string): ReturnType<typeof duration> => duration({ description, ...aDay });
const thinkTimeMapSchema = knobs({
  distribution: choice({ description: 'Shape of the think time.', words: ['exponential', 'lognormal'] }),
  mean: thinking('exponential: the mean.'),
  median: thinking('lognormal: the median.'),
  sigma: real({ description: 'lognormal: standard deviation of the logarithm.', min: 0, max: 5 }),
});
export type ThinkTimeMap = z.output<typeof thinkTimeMapSchema>;

const thinkTime = z
  .union([thinking('The think time.'), thinkTimeMapSchema], {
    error: ({ input }) => complaint(thinking(''), input, '{ distribution: ... }'),
  })
  .describe('closed: pause of a user after each response, or after the last of a page.');

const headers = z
  .record(
    word(
      'A field.',
      /^(?!(?:connection|content-length|expect|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$)[!#$%&'*+.^_`|~0-9a-z-]{1,200}$/i,
      'the name of a header field, other than those of framing and connection, which the client sends itself (load.request.body, strategy.connection)',
    ),
    // YAML reads 1.0 as the number 1 and 0x10 as 16: what was written is sent only where it is in quotes.
    z
      .string({ error: ({ input }) => `must be text, not ${quote(input)}${inQuotes(input)}` })
      .regex(/^(?=[^]{0,4000}$)(?:[!-~](?:[\t -~]*[!-~])?)?$/, {
        error: ({ input }) =>
          `must be one line of at most 4000 printable ASCII characters, without spaces around them, not ${quote(input)}`,
      }),
  )
  .refine((fields) => Object.keys(fields).length <= mostFields, { error: `has more than ${mostFields} fields` })
  .describe('Header fields beside those of the client; Host and User-Agent replace them.');

const leak = knobs({
  share: percent({ description: 'Share of the requests, drawn by seed and by their place in the plan.', max: 1 }),
  collect: duration({
    description:
      'Whether the garbage collector can help. never: the program holds on to the responses. natural: it forgets them, and V8 collects when it likes. A time: it forgets them, and a full collection is forced so often.',
    min: 10,
    ...aDay,
    words: [['never'], ['natural']],
  }),
}).describe(
  'Responses whose head is read and whose body never is: the program forgets them, and what becomes of their connections is up to the client. Such a request counts as leaked; it has no response time.',
);

const requestKnobs = {
  method: choice({ description: 'Method of the request.', words: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'] }),
  path: word(
    'Target of the request.',
    /^\/[\x21\x22\x24-\x7e]{0,1999}$/,
    'a path that starts with / and holds printable ASCII without spaces and #, at most 2000 characters',
  ),
  body: size({
    description: 'POST and PUT: bytes of the body, zeros.',
    max: 100e6,
    because: 'the client keeps the body in memory',
  }),
  headers,
};

export const loadSchema = knobs({
  model: choice({
    description: 'open: arrivals at a rate, whatever the responses do. closed: users that wait, think and repeat.',
    words: ['open', 'closed'],
  }),
  rate: rate({ description: 'open: requests per second, over all workers.', min: 0.001, ...fastest }),
  arrivals: choice({ description: 'open: how arrivals are spaced.', words: ['constant', 'poisson'] }),
  shape,
  trace,
  users: count({ description: 'closed: virtual users, over all workers.', min: 1, max: 1_000_000 }),
  thinkTime,
  page: knobs({
    assets: count({ description: 'Requests that are due at once when the page is there.', min: 1, max: 1000 }),
  }).describe(
    'closed: sessions. A user opens a page, then its assets over connections of its own (pool.scope session), thinks, returns.',
  ),
  warmUp: duration({ description: 'Time before measuring starts.', ...aDay }),
  steady: duration({
    description:
      'Warm-up goes on until latency is steady, at most this long beyond warmUp: mean and p99 of each second no longer move. It takes at least 20 s to tell; of loads that are steady 85 % are found so within 30 s, 98 % within 40 s. Results say how long warm-up took, and a trial that never was steady gets a warning.',
    min: 1000,
    ...tenMinutes,
    words: [['off']],
  }),
  duration: duration({ description: 'Time that is measured.', min: 10, ...aDay }),
  workers: count({ description: 'Generator threads; rate, users and pool are split over them.', min: 1, max: 64 }),
  request: knobs(requestKnobs).describe('What every request asks.'),
  requests: z
    .array(
      knobs({
        weight: real({ description: 'Its share of the requests, over the sum of all weights.', min: 0.001, max: 1e6 }),
        ...requestKnobs,
      }),
    )
    .min(1, { error: 'needs at least one request, such as { weight: 3, path: /a }' })
    .max(mostAlternatives, { error: `has more than ${mostAlternatives} requests` })
    .describe('In place of request: a mix, from which each request is drawn by seed with these weights.'),
  leak,
});
