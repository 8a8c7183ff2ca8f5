/** The resolved configuration of one trial: every default filled in, every unit converted. Times are milliseconds, sizes are bytes. */
import type { AttackerConfig } from './attacker-config.ts';
import type { HopConfig } from './hop-config.ts';
import type { ServerPolicies } from './policy-config.ts';

/** Clients known to the format; which of them this version can run is the registry's answer (`clients/registry.ts`). */
export const clientNames = [
  'reference',
  'node-http',
  'fetch',
  'undici',
  'agentkeepalive',
  'http2',
  'autocannon',
] as const;
export type ClientName = (typeof clientNames)[number];

export interface PoolConfig {
  /** Most connections open or opening at once; `Infinity` for unlimited. With scope `session` it counts per user. */
  readonly size: number;
  readonly scope: 'shared' | 'session';
  readonly order: 'lifo' | 'fifo' | 'random';
  /** How long an unused connection is kept; `Infinity` for unlimited. */
  readonly idleTimeoutMs: number;
  /** Requests after which a connection is retired; `Infinity` for unlimited. Of a range: its mean. */
  readonly maxRequests: number;
  /** Drawn anew for each connection, both ends included; absent: always `maxRequests`. */
  readonly maxRequestsRange?: { readonly min: number; readonly max: number };
  /** Age after which a connection is retired at its next release; `Infinity` for unlimited. */
  readonly maxLifetimeMs: number;
  /** Each connection's lifetime is drawn uniformly from `maxLifetimeMs` x (1 - this) to (1 + this), 0..1; absent: 0. */
  readonly maxLifetimeJitter?: number;
  /** Look for the server's FIN on an idle connection before it is reused; absent: no. */
  readonly validate?: true;
  /** Open the whole pool before the first request. */
  readonly prefetch: boolean;
  /** Requests that may wait for a connection; one more is dropped. `Infinity` for unlimited. */
  readonly queueLimit: number;
  /** How long a request may wait for a connection before it fails; `Infinity` for unlimited. */
  readonly queueTimeoutMs: number;
}

export interface TcpConfig {
  readonly noDelay: boolean;
  /** TCP keepalive probes: idle time before the first probe, or null for none. */
  readonly keepAliveMs: number | null;
  readonly fastOpen: boolean;
  /** TCP_USER_TIMEOUT: how long sent data may stay unacknowledged; absent: the system's own. */
  readonly userTimeoutMs?: number;
  /** Connections start in turn from so many local addresses: 127.0.0.1 and following ones, or addresses of the lab's client. Absent: 1. */
  readonly sourceAddresses?: number;
}

/** How connections are encrypted. The server's certificate is always verified. */
export interface TlsConfig {
  readonly version: '1.2' | '1.3';
  /** `session`: later connections offer the session of an earlier one. `early-data`: and send their first request with it (0-RTT). */
  readonly resumption: 'none' | 'session' | 'early-data';
}

export interface StrategyConfig {
  readonly protocol: 'http/1.0' | 'http/1.1' | 'h2';
  readonly connection: 'close' | 'keep-alive';
  readonly pool: PoolConfig;
  /** Obey the server's `Keep-Alive: timeout=, max=`. */
  readonly honourHint: boolean;
  readonly closeWith: 'fin' | 'reset';
  /** Requests under way on one connection at most; of h2: streams. Absent: 1. */
  readonly pipelining?: number;
  /** `reused-once`: an idempotent request whose reused connection died goes again, once; `always-once`: every failed one. Absent: none. */
  readonly retry?: 'reused-once' | 'always-once';
  /** Absent: no encryption. */
  readonly tls?: TlsConfig;
  readonly tcp: TcpConfig;
  readonly timeouts: { readonly connectMs: number; readonly responseMs: number };
}

/** Time the server waits before it answers. Times are milliseconds and may be fractions. */
export type DelayConfig =
  | { readonly distribution: 'constant'; readonly valueMs: number }
  | { readonly distribution: 'uniform'; readonly minMs: number; readonly maxMs: number }
  | { readonly distribution: 'exponential'; readonly meanMs: number }
  | { readonly distribution: 'lognormal'; readonly medianMs: number; readonly sigma: number }
  /** Points of the inverse distribution function, `p` ascending in 0..1, linear between them. */
  | {
      readonly distribution: 'percentiles';
      readonly points: readonly { readonly p: number; readonly valueMs: number }[];
    };

export interface ResponseConfig {
  readonly sizeBytes: number;
  readonly framing: 'length' | 'chunked';
  readonly delay: DelayConfig;
}

export interface ServerTlsConfig {
  readonly sessionTickets: boolean;
  /** Bytes of early data that are taken; 0: none. */
  readonly earlyDataBytes: number;
  readonly certificate: 'ecdsa' | 'rsa';
}

/** Faults by name. Each request meets at most one: drawn by seed, in the order of the list. */
export const faultNames = [
  'close-without-answer', // FIN in place of a response
  'reset-before', // RST in place of a response
  'reset-during', // RST in the middle of the body
  'reset-after', // RST right after the response
  'wrong-length', // Content-Length says more than comes, then FIN
  'no-length', // neither length nor chunked, and no close
  'length-and-chunked', // both framings in one head
  'stall', // half of the response, then nothing
  'slow-drip', // the body byte by byte, over `durationMs`
  'half-close', // FIN after the response, though the connection goes on reading
  'late-fin', // says `Connection: close`, and closes `durationMs` later
  'close-unsaid', // closes after a response that said keep-alive
  'close-not-done', // says `Connection: close` and does not close
  'hint-lies', // `Keep-Alive: timeout=` longer than the server waits
] as const;
export type FaultName = (typeof faultNames)[number];

export interface FaultConfig {
  readonly fault: FaultName;
  /** Share of the requests, 0..1. */
  readonly probability: number;
  /** Of slow-drip: how long the body takes; of late-fin: how late the FIN is; of hint-lies: what the header says. Absent elsewhere. */
  readonly durationMs?: number;
}

/** A program of the user's, started on the server host. */
export interface CommandServerConfig {
  readonly kind: 'command';
  /** Program and arguments; no shell. `{port}` in an argument is replaced. */
  readonly command: readonly string[];
  /** Absolute, or relative to the scenario's folder (already resolved). */
  readonly cwd: string;
  /** Added to the environment; `PORT` is always set, and `HOST` to the address to listen on. */
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  /** Ready when a GET of this path answers below 500; null: when the port accepts. */
  readonly readyPath: string | null;
  readonly readyTimeoutMs: number;
  /** Absolute path of the certificates (PEM) that its certificate is verified by; absent: those of the system. */
  readonly ca?: string;
}

/** A server that runs already; host mode only. */
export interface ExternalServerConfig {
  readonly kind: 'external';
  /** Dotted IPv4. */
  readonly host: string;
  readonly port: number;
  /** As of `CommandServerConfig`. */
  readonly ca?: string;
}

/** The bundled servers. `null` means: leave the runtime's own default, which is read back and reported. */
export interface BundledServerConfig extends ServerPolicies {
  readonly kind: 'node' | 'reference';
  /** `Infinity` for never. */
  readonly keepAliveTimeoutMs: number | null;
  /** `Infinity` for unlimited. */
  readonly maxRequestsPerSocket: number;
  readonly headersTimeoutMs: number | null;
  readonly requestTimeoutMs: number | null;
  /** `Infinity` for unlimited. */
  readonly maxConnections: number;
  readonly backlog: number | null;
  readonly response: ResponseConfig;
  /** What the server does wrong, each for a share of the requests; absent: nothing. */
  readonly faults?: readonly FaultConfig[];
  /** Present exactly where the strategy has `tls`. */
  readonly tls?: ServerTlsConfig;
  /** Present exactly where the strategy's protocol is h2. */
  readonly http2?: { readonly maxConcurrentStreams: number };
  /** Who sends the first FIN after a response that ends its connection. `client` needs kind reference: it waits for the client's FIN. */
  readonly firstCloser: 'server' | 'client';
}

export type ServerConfig = BundledServerConfig | CommandServerConfig | ExternalServerConfig;

export interface RequestConfig {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Origin-form target, for example `/`. */
  readonly path: string;
  /** Bytes of the body, all of them zero; absent: none. Only POST and PUT have one. */
  readonly bodyBytes?: number;
  /** Fields beside those that the client sends anyway, in this order; `Host` and `User-Agent` replace the client's. Absent: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One alternative of a mix of requests. */
export interface WeightedRequestConfig extends RequestConfig {
  /** Above 0; its share of the requests is this over the sum of all weights. */
  readonly weight: number;
}

interface LoadShape {
  readonly warmUpMs: number;
  /** Warm-up goes on for up to this much longer, until latency is steady. Absent: it ends after `warmUpMs`. */
  readonly steadyMs?: number;
  readonly durationMs: number;
  /** Generator worker threads. */
  readonly workers: number;
  /** Every request; of a mix the first alternative. `load/request-mix.ts` reads both keys. */
  readonly request: RequestConfig;
  /** A mix, from which each request is drawn by seed; absent: every request is `request`. */
  readonly requests?: readonly WeightedRequestConfig[];
  /** Responses that are never read; absent: all are. */
  readonly leak?: LeakConfig;
}

/** The program has the heads of some responses and forgets their bodies. */
export interface LeakConfig {
  /** Of the requests, above 0 and at most 1. */
  readonly share: number;
  /** `never`: it holds on to the responses. `natural`: V8 may collect them. `forced`: a full collection every `everyMs`. */
  readonly collect: 'never' | 'natural' | 'forced';
  /** Of `forced` only. */
  readonly everyMs?: number;
}

/** How the rate changes over measure. A shape that repeats begins anew with warm-up and with measure. */
export type ArrivalShape =
  | { readonly kind: 'steady' }
  /** Linear from `ratePerSecond` at the start of measure to this at its end; warm-up stays at `ratePerSecond`. */
  | { readonly kind: 'ramp'; readonly toPerSecond: number }
  /** Repeated from the start of measure until its end; warm-up is at `ratePerSecond`. A rate may be 0, but not all. */
  | { readonly kind: 'steps'; readonly steps: readonly RateStep[] }
  /** `ratePerSecond` while on, nothing while off; in warm-up too. */
  | { readonly kind: 'bursts'; readonly onMs: number; readonly offMs: number };

export interface RateStep {
  readonly ratePerSecond: number;
  readonly forMs: number;
}

/** A file with the times of arrivals. The times themselves are read again by the generator, which compares the hash. */
export interface TraceConfig {
  /** Absolute. */
  readonly path: string;
  /** Of the file's bytes, hexadecimal: two results compare where it is the same. */
  readonly sha256: string;
  /** How many of its times lie within measure. */
  readonly arrivals: number;
}

export interface OpenLoadConfig extends LoadShape {
  readonly model: 'open';
  /** Of a trace: its mean over measure. */
  readonly ratePerSecond: number;
  readonly arrivals: 'constant' | 'poisson';
  /** Absent: steady. */
  readonly shape?: ArrivalShape;
  /** Arrivals at recorded times in place of rate, arrivals and shape; none in warm-up. */
  readonly trace?: TraceConfig;
}

/** A think time that is drawn anew each time. */
export type RandomThinkTime =
  | { readonly distribution: 'exponential'; readonly meanMs: number }
  | { readonly distribution: 'lognormal'; readonly medianMs: number; readonly sigma: number };

export interface ClosedLoadConfig extends LoadShape {
  readonly model: 'closed';
  readonly users: number;
  /** Mean of the think time; the think time itself where `thinkTime` is absent. */
  readonly thinkTimeMs: number;
  readonly thinkTime?: RandomThinkTime;
  /** Sessions: a user opens a page, then at once so many assets, and thinks when all are settled. Absent: single requests. */
  readonly page?: { readonly assets: number };
}
export type LoadConfig = OpenLoadConfig | ClosedLoadConfig;

/** What becomes of packets of a flow that a middlebox has forgotten. */
export type ForgottenFlow =
  /** They vanish. */
  | 'drop'
  /** The sender gets a RST. */
  | 'reset'
  /** Like a NAT: nothing passes in either direction until the client opens anew; the client gets a RST, the server silence. */
  | 'refuse';

/** The emulated wire between the two hosts. Times are milliseconds and may be fractions; shares are 0..1. */
export interface LinkConfig {
  /** Split evenly over both directions. */
  readonly rttMs: number;
  /** Each packet is late by up to this much more, uniformly, without overtaking. */
  readonly jitterMs: number;
  /** Bits per second in each direction; `Infinity` for unlimited. */
  readonly bandwidthBitsPerSecond: number;
  /** Bytes that may wait for the bandwidth in each direction; more is dropped. */
  readonly queueBytes: number;
  readonly loss: number;
  readonly reorder: number;
  readonly duplicate: number;
  /** A firewall or NAT on the way, or null. */
  readonly middlebox: { readonly idleTimeoutMs: number; readonly then: ForgottenFlow } | null;
}

/** Sysctls under net.ipv4 or net.core by their full name, e.g. `net.ipv4.tcp_tw_reuse` -> `0`. */
export type Sysctls = Readonly<Record<string, string>>;

export interface NetworkConfig {
  /** `auto`: a lab where the machine allows one, else host mode. */
  readonly mode: 'lab' | 'host' | 'auto';
  readonly link: LinkConfig;
  /** Of both hosts; `cubic` unless the scenario says otherwise. `default`: leave what the system has, as host mode always does. */
  readonly congestionControl: string;
  readonly sysctls: { readonly client: Sysctls; readonly server: Sysctls };
}

/** What a client may be told beside the strategy. */
export interface ClientSetup {
  /** Version that the package must have, exact; absent: whichever is found. */
  readonly version?: string;
  /** Absolute folder that the package is resolved from; absent: connbench's own packages. */
  readonly modules?: string;
  /** Absolute path of the Node binary that runs the generator; absent: the one that runs connbench. */
  readonly runtime?: string;
  /** The client's own options by name, validated for the client (`scenario/clients`). */
  readonly options?: Readonly<Record<string, ClientOption>>;
}
export type ClientOption = string | number | boolean | null;

export interface TrialConfig {
  readonly client: ClientName;
  /** Absent: the client as it comes. */
  readonly clientSetup?: ClientSetup;
  readonly strategy: StrategyConfig;
  /** The programs on the way, from the client to the server; absent: none. */
  readonly via?: readonly HopConfig[];
  readonly server: ServerConfig;
  readonly network: NetworkConfig;
  readonly load: LoadConfig;
  /** Clients that misbehave beside the load; absent: none. */
  readonly attackers?: readonly AttackerConfig[];
}
