/** What a bundled server does when it has many connections or few descriptors, resolved: each absent where nothing was asked for. */
import type { DrainConfig } from './drain.ts';

export interface ShedConfig {
  /** Relief begins with one more than this. */
  readonly above: number;
  /** What is counted: connections that are open, or descriptors of the server's process. */
  readonly of: 'connections' | 'fds';
  /** `close`: a response ends its connection. Else a connection that becomes idle is kept, and told to be kept, for so long at most. */
  readonly then: 'close' | { readonly keepAliveTimeoutMs: number };
}

export interface ServerPolicies {
  readonly shed?: ShedConfig;
  /** A new connection beyond this number makes the server close the one that has been idle for longest. */
  readonly evictIdle?: { readonly above: number };
  /** With so many connections open nothing is accepted: further ones wait in the kernel's backlog. Kind reference only. */
  readonly acceptPause?: { readonly above: number };
  /** RLIMIT_NOFILE of the server's process (soft). Kind reference only. */
  readonly nofile?: number;
  /** The server leaves and a successor takes over its listening socket. */
  readonly drain?: DrainConfig;
  /** How often Node looks for heads and requests that are overdue. Kind node only. */
  readonly connectionsCheckingIntervalMs?: number;
}
