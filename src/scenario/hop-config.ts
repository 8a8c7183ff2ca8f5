/** The resolved configuration of the programs on the way from the client to the server. Times are milliseconds. */

export const hopKinds = ['reverse-proxy', 'blind-relay', 'proxy-aware-relay', 'nginx', 'haproxy'] as const;
export type HopKind = (typeof hopKinds)[number];

/** Why a request got no answer of the server's. */
export const hopFailures = [
  'refused', // the next program's host refused the connection
  'connectFailed', // it could not be opened for another reason: no port, no descriptor, no route
  'connectTimeout',
  'endedOnReuse', // a connection that had been used before ended before the answer began
  'endedOnNew', // a new one did
  'badResponse', // the answer is no acceptable HTTP
  'responseTimeout', // silence while the answer was due
  'cutShort', // the answer ended in its middle, after its head was on the way to the client
] as const;
export type HopFailure = (typeof hopFailures)[number];

/** How a proxy uses connections to the next program on the way. */
export interface HopUpstreamConfig {
  readonly connection: 'close' | 'keep-alive';
  readonly pool: {
    /** Most idle connections kept; busy ones are as many as there are requests. */
    readonly size: number;
    /** How long an unused connection is kept; `Infinity` for unlimited. */
    readonly idleTimeoutMs: number;
    /** Requests after which a connection is closed; `Infinity` for unlimited. */
    readonly maxRequests: number;
  };
  /** `reused-once`: an idempotent request whose reused connection ended before an answer goes again; `always-once`: every failed one. */
  readonly retry: 'none' | 'reused-once' | 'always-once';
  /** `responseMs`: the longest silence while an answer is due. */
  readonly timeouts: { readonly connectMs: number; readonly responseMs: number };
}

interface HopIdentity {
  /** What metrics call it, unique on the way; absent where it was given none. */
  readonly name?: string;
}

/** A proxy with connections of its own on both sides. */
export interface ProxyHopConfig extends HopIdentity {
  readonly kind: 'reverse-proxy' | 'nginx' | 'haproxy';
  /** In a lab, the host that it runs on. */
  readonly host: 'client' | 'server';
  /** How long an idle connection of a client is kept; `Infinity` for never closed. */
  readonly keepAliveTimeoutMs: number;
  /** Requests after which a client's connection is closed; `Infinity` for unlimited. */
  readonly maxRequests: number;
  readonly upstream: HopUpstreamConfig;
}

/** A relay of old, with a connection to the next program for each of its clients'. */
export interface RelayHopConfig extends HopIdentity {
  readonly kind: 'blind-relay' | 'proxy-aware-relay';
  readonly host: 'client' | 'server';
}

export type HopConfig = ProxyHopConfig | RelayHopConfig;
