/**
 * The lines of a result file: header, trial and footer, as zod schemas and the types inferred from them.
 * Every name here is a public contract: names are added, never renamed or removed. All fields are always present. What does not
 * exist on a machine or in a trial is null, with the reason under its dotted path in the trial's `missing`; it is never 0.
 */
import { z } from 'zod';
import { attackerSchema } from './attacker-record.ts';
import { censoredSchema } from './censored-record.ts';
import { hopSchema } from './hop-record.ts';
import { hostSettingsSchema, linkSchema } from './network-record.ts';
import { failureSchema, requestsSchema, throughputSchema } from './request-record.ts';
import { environmentSchema, expectationSchema, explanationSchema, gateSchema, plannedTrialSchema, variantSchema } from './run-plan.ts';
import { selfCheckSchema } from './self-check-record.ts';
import { firstCloserSchema, requestsPerConnectionSchema, serverSchema } from './server-record.ts';
import { slowRequestSchema } from './slowest-record.ts';
import {
  amountSchema,
  axesSchema,
  countSchema,
  documentSchema,
  isoTimeSchema,
  reasonSchema,
  tallySchema,
  type DeepReadonly,
} from './values.ts';

/** Raised only by a change that an older reader could not survive. */
export const schemaVersion = 1;

/* ---- header ---- */

export const headerSchema = z.object({
  type: z.literal('header'),
  schemaVersion: z.literal(schemaVersion),
  runId: z.string().min(1),
  startedAt: isoTimeSchema,
  connbenchVersion: z.string(),
  scenario: z.object({
    name: z.string().min(1),
    question: z.string().nullable(),
    /** What to look at in the figures. */
    look: z.string().nullable(),
    /** The scenario with every default filled in, in the shape of the YAML file. */
    document: documentSchema,
    /** What relative paths in the document are relative to; absolute. */
    folder: z.exactOptional(z.string()),
  }),
  variants: z.array(variantSchema),
  /** Axis name -> alternative that the other variants are compared with; null without a baseline. */
  baseline: axesSchema.nullable(),
  expectations: z.array(expectationSchema),
  /** Absent without gates, and in files of earlier versions. */
  gates: z.exactOptional(z.array(gateSchema)),
  /** Absent without any, and in files of earlier versions. */
  explanations: z.exactOptional(z.array(explanationSchema)),
  environment: environmentSchema,
  seed: z.number(),
  blocks: countSchema,
  trials: z.array(plannedTrialSchema),
  /** Of a run whose figures come from another program's report: that program, and the path of its file. */
  imported: z.exactOptional(z.object({ tool: z.string().min(1), file: z.string() })),
});
export type HeaderRecord = DeepReadonly<z.infer<typeof headerSchema>>;

/* ---- trial ---- */

/**
 * Summary and full content of one latency histogram, of answered requests: those without an answer are in the trial's `censored`.
 * Only in an imported run and in a client's own figures may the histogram be null, and with it what the program did not report.
 */
export const latencySchema = z
  .object({
    unit: z.literal('ns'),
    count: z.int().positive(),
    min: amountSchema.nullable(),
    p50: amountSchema.nullable(),
    p90: amountSchema.nullable(),
    p99: amountSchema.nullable(),
    p999: amountSchema.nullable(),
    max: amountSchema.nullable(),
    mean: amountSchema.nullable(),
    /** HDR histogram, V2 compressed encoding, base64. */
    histogram: z.string().min(1).nullable(),
    /** Every quantile that was reported where there is no histogram, by name: `p75`, `p9999` is 99.99 %. */
    quantiles: z.exactOptional(z.record(z.string(), amountSchema)),
  })
  .refine(
    ({ histogram, min, p50, p90, p99, p999, max, mean }) =>
      histogram === null || ![min, p50, p90, p99, p999, max, mean].includes(null),
    { message: 'a histogram has every figure, so none may be null' },
  );
export type LatencyRecord = DeepReadonly<z.infer<typeof latencySchema>>;


/** Names of the latency series, in the order of a request's life after the two totals. */
export const latencyRecordNames = [
  'response',
  'service',
  'connectionWait',
  'connect',
  'tls',
  'firstByte',
  'download',
  'lag',
] as const;
export type LatencyRecordName = (typeof latencyRecordNames)[number];

/** Null where the series has no sample. */
const latencySetSchema = z.record(z.enum(latencyRecordNames), latencySchema.nullable());
export type LatencySet = DeepReadonly<z.infer<typeof latencySetSchema>>;

/** The client's own count over the whole trial. */
export const connectionsSchema = z.object({
  /** A SYN was sent. */
  attempted: countSchema,
  /** Refused by the client's own system before a SYN: no descriptor, no port. */
  notAttempted: countSchema,
  opened: countSchema,
  connectFailed: countSchema,
  peakOpen: countSchema,
  /** 1 - opened / answered; null where nothing was answered. Negative where connections were opened and never answered. */
  reuseRatio: z.number().max(1).nullable(),
  /** Connections opened per second. */
  churnPerSecond: amountSchema,
  requestsPerConnection: requestsPerConnectionSchema,
  firstCloser: firstCloserSchema,
  /** Still open after the drain and closed by the trial itself; not in `firstCloser`. */
  teardown: countSchema,
  resets: z.object({ received: countSchema, sent: countSchema }),
  closesByReason: tallySchema,
  /** Idle connections that a look before their reuse found ended or broken; they are in closesByReason, too. Absent where nobody looked. */
  foundDead: z.exactOptional(countSchema),
  /** Connections that unread responses held when the load was over. Absent where it leaks nothing. */
  leaked: z.exactOptional(countSchema),
  /** Handshakes; null without TLS. `failed`: established by TCP and never by TLS; then opened = full + resumed + failed. */
  tls: z
    .object({
      full: countSchema,
      resumed: countSchema,
      /** Resumed, and the server took the request that came with the first flight (0-RTT). */
      earlyData: countSchema,
      earlyDataRejected: z.exactOptional(countSchema),
      failed: z.exactOptional(countSchema),
    })
    .nullable(),
});
export type ConnectionsRecord = DeepReadonly<z.infer<typeof connectionsSchema>>;

/** `[ms from the start of measure, value]`, negative in warm-up. */
const seriesSchema = z.array(z.tuple([z.number(), amountSchema.nullable()]));
const gaugeSchema = z.object({
  start: amountSchema.nullable(),
  peak: amountSchema.nullable(),
  end: amountSchema.nullable(),
  series: seriesSchema,
});
export type GaugeRecord = DeepReadonly<z.infer<typeof gaugeSchema>>;

const timeWaitSideSchema = z.object({
  /** Sockets of this side that went into TIME_WAIT before teardown: in a lab by its own kernel, else by the client's tally. */
  entered: countSchema.nullable(),
  /** The same while the trial closed what was left. */
  teardown: countSchema.nullable(),
  peak: countSchema.nullable(),
  end: countSchema.nullable(),
  series: seriesSchema,
});
export type TimeWaitSide = DeepReadonly<z.infer<typeof timeWaitSideSchema>>;

/** Of a warm-up that ends when latency is steady. */
const steadySchema = z.object({
  /** The longest that warm-up might take. */
  atMostMs: amountSchema,
  /** Whether latency was steady before measure began. */
  reached: z.boolean(),
  /** How long warm-up took. */
  warmUpMs: amountSchema,
});

const cpuSideSchema = z.object({
  userUs: amountSchema.nullable(),
  systemUs: amountSchema.nullable(),
  /** User and system time over measure, per request completed in it. */
  perRequestUs: amountSchema.nullable(),
});
const memorySideSchema = z.object({
  rssStartBytes: amountSchema.nullable(),
  rssPeakBytes: amountSchema.nullable(),
  rssEndBytes: amountSchema.nullable(),
  series: seriesSchema,
});

/** One figure counted independently by several parties; null where a party cannot count it. `ok` is null where nothing could be compared. */
export const reconciliationSchema = z.object({
  name: z.string(),
  client: z.number().nullable(),
  server: z.number().nullable(),
  kernel: z.number().nullable(),
  wire: z.number().nullable(),
  ok: z.boolean().nullable(),
  note: z.string().nullable(),
});
export type ReconciliationRecord = DeepReadonly<z.infer<typeof reconciliationSchema>>;

/** One second of the trial. Histograms are HDR V2 base64; null where the second has no sample. */
export const intervalSchema = z.object({
  startMs: z.number(),
  started: countSchema,
  completed: countSchema,
  failed: countSchema,
  dropped: countSchema,
  opened: countSchema,
  response: z.string().nullable(),
  lag: z.string().nullable(),
});
export type IntervalRecord = DeepReadonly<z.infer<typeof intervalSchema>>;

/** Codes stay open strings in the file, so that an older reader accepts a newer writer's; warnings.ts holds those known here. */
export const warningSchema = z.object({ code: z.string(), message: z.string(), advice: z.string() });

export const trialSchema = z.object({
  type: z.literal('trial'),
  index: countSchema,
  variant: z.string(),
  config: documentSchema,
  block: countSchema,
  order: countSchema,
  startedAt: isoTimeSchema,
  /** Null only in an imported run. */
  measureSeconds: amountSchema.nullable(),
  valid: z.boolean(),
  /** `advice`: what to change; absent where nothing general can be said, and in files of earlier versions. */
  invalidReasons: z.array(z.object({ code: z.string(), message: z.string(), advice: z.exactOptional(z.string()) })),
  warnings: z.array(warningSchema),
  /** Dotted path of a null field, or of an object whose fields are null -> why. */
  missing: z.record(z.string(), reasonSchema),
  mode: z.enum(['host', 'lab']),
  client: z.object({
    name: z.string(),
    transport: z.enum(['epoll', 'net']).nullable(),
    /** Why not epoll; null with epoll. */
    transportReason: z.string().nullable(),
    /** As read from what ran: `node v20.20.2`. Absent of the reference client, and where there was no report. */
    version: z.exactOptional(z.string()),
    /** Version of the Node that ran the generator, as it says; absent where the one that runs connbench did. */
    runtime: z.exactOptional(z.string()),
    /** Options in force by name, defaults included. */
    settings: z.exactOptional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
    /**
     * Of a client that is a program in a process of its own: what it says of its load, by its own names. Nobody here counted these, and
     * `response` is by its own definition; the reconciliation compares its counts of requests with the server's. Absent of other clients.
     */
    ownFigures: z.exactOptional(z.object({ response: latencySchema.nullable(), counts: z.record(z.string(), countSchema) })),
  }),
  /** Null where the generator died before it could report; so are throughput and connections. */
  requests: requestsSchema.nullable(),
  errors: z.array(failureSchema),
  warmUpErrors: z.array(failureSchema),
  statuses: tallySchema,
  throughput: throughputSchema.nullable(),
  latency: latencySetSchema,
  latencyByConnection: z.object({ new: latencySetSchema, reused: latencySetSchema }),
  /** Requests that are not in `latency`, since their response time is only known to be longer than their age. Absent without any. */
  censored: z.exactOptional(censoredSchema),
  /** The slowest first, at most 20, answered or not. Absent where nothing was sent, in imported runs and in files of earlier versions. */
  slowest: z.exactOptional(z.array(slowRequestSchema)),
  /** How the warm-up ended. Absent unless the load asked to wait until it is steady, and in files of earlier versions. */
  steady: z.exactOptional(steadySchema),
  connections: connectionsSchema.nullable(),
  fds: z.object({ client: gaugeSchema, server: gaugeSchema }),
  timeWait: z.object({
    client: timeWaitSideSchema,
    server: timeWaitSideSchema,
    method: z.enum(['sockstat', 'sock_diag', 'proc-net-tcp']).nullable(),
    /** Sockets the kernel refused to keep in TIME_WAIT because its table was full. */
    overflow: countSchema.nullable(),
  }),
  /** Deltas by the kernel's own counter names. `shared`: both sides live in one namespace and show the same figures. */
  kernel: z.object({
    client: z.record(z.string(), z.number()).nullable(),
    server: z.record(z.string(), z.number()).nullable(),
    scope: z.enum(['shared', 'separate']),
  }),
  cpu: z.object({ generator: cpuSideSchema, server: cpuSideSchema }),
  memory: z.object({ generator: memorySideSchema, server: memorySideSchema }),
  link: linkSchema.nullable(),
  /** Null in host mode: the header has the machine's own settings. Absent in files of earlier versions. */
  network: z.exactOptional(z.object({ client: hostSettingsSchema, server: hostSettingsSchema }).nullable()),
  server: serverSchema,
  /** The programs on the way, from the client to the server. Absent without any. */
  hops: z.exactOptional(z.array(hopSchema)),
  /** Clients that misbehaved beside the load: none of their counts is in `connections`, `requests` or `latency`. Absent without any. */
  attackers: z.exactOptional(z.array(attackerSchema)),
  reconciliation: z.array(reconciliationSchema),
  series: z.object({ intervals: z.array(intervalSchema) }),
  /** How busy generator, server and machine were. Absent where measure never began, and in files of earlier versions. */
  selfCheck: z.exactOptional(selfCheckSchema),
  sampler: z
    .object({
      intervalMs: amountSchema,
      costUs: z.object({ median: amountSchema, max: amountSchema }),
      late: countSchema,
    })
    .nullable(),
});
export type TrialRecord = DeepReadonly<z.infer<typeof trialSchema>>;

/* ---- footer ---- */

export const footerSchema = z.object({
  type: z.literal('footer'),
  completedTrials: countSchema,
  interrupted: z.boolean(),
  endedAt: isoTimeSchema,
  /** Why the run ended early; null for a complete run. */
  reason: z.string().nullable(),
});
export type FooterRecord = DeepReadonly<z.infer<typeof footerSchema>>;

/** Any line of a result file. */
export const lineSchema = z.discriminatedUnion('type', [headerSchema, trialSchema, footerSchema]);
export type ResultLine = DeepReadonly<z.infer<typeof lineSchema>>;
