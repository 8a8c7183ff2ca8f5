/** What ends the connections of a trial, and whose FIN comes first: from the settings of both sides. */
import type { ServerConfig, TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';

/** Who sends the first FIN, and so holds TIME_WAIT (RFC 9293 section 3.6); `nobody` where a reset ends the connection. */
export type Closer = 'client' | 'server' | 'nobody';

export interface RequestLimit {
  readonly requests: number;
  /** Null where it depends on a program that connbench does not know. */
  readonly closer: Closer | null;
  readonly because: string;
}

export interface IdleLimit {
  /** Infinity where nobody closes. */
  readonly limitMs: number;
  readonly closer: Closer | null;
  readonly because: string;
}

/** After how many requests a connection is closed, and by whom; null where none of the settings limits it. */
export function requestLimit({ strategy, server, client }: TrialConfig): RequestLimit | null {
  const clientCloses: Closer = strategy.closeWith === 'reset' ? 'nobody' : 'client';
  if (strategy.connection === 'close') {
    // A client that closes by reset may be faster or slower than the server's FIN.
    // Over TLS both Node's server and its clients close once the response is through: whose FIN is first is a race.
    const isRace = strategy.tls !== undefined && server.kind === 'node' && client !== 'reference';
    const closer = strategy.closeWith === 'reset' || isRace ? null : closerAfterLast(server, false);
    return { requests: 1, closer, because: 'every request says `Connection: close`' };
  }
  const ofServer = isBundled(server) ? server.maxRequestsPerSocket : Infinity;
  const ofClient = strategy.pool.maxRequests;
  if (Math.min(ofServer, ofClient) === Infinity) return null;
  if (ofClient <= ofServer) {
    return { requests: ofClient, closer: clientCloses, because: `the client retires it after ${ofClient} requests` };
  }
  const closer = closerAfterLast(server, true);
  const because = `the server says \`Connection: close\` with response ${ofServer}`;
  return { requests: ofServer, closer: closer === 'client' ? clientCloses : closer, because };
}

type Bundled = Extract<ServerConfig, { kind: 'node' | 'reference' }>;

export function isBundled(server: ServerConfig): server is Bundled {
  return server.kind === 'node' || server.kind === 'reference';
}

/**
 * After a response that says `Connection: close`. Node closes at once where the request asked for it, and leaves the closing to the client
 * where its own maxRequestsPerSocket is reached (lib/_http_server.js, v20).
 */
function closerAfterLast(server: ServerConfig, ownLimit: boolean): Closer | null {
  if (!isBundled(server)) return null;
  if (server.kind === 'reference') return server.firstCloser;
  return ownLimit ? 'client' : 'server';
}

/** After how long an unused connection is closed, and by whom. */
export function idleLimit({ strategy, server, client }: TrialConfig, record: TrialRecord): IdleLimit {
  const announcedMs = keepAliveTimeoutOf(server, record);
  const bufferMs = record.server.settings?.keepAliveTimeoutBufferMs;
  const ofServerMs = announcedMs === null ? null : announcedMs + (typeof bufferMs === 'number' ? bufferMs : 0);
  const hintMs = strategy.honourHint && announcedMs !== null ? idleTimeForHintMs(announcedMs) : Infinity;
  const ofClientMs = Math.min(strategy.pool.idleTimeoutMs, hintMs);
  const clientCloses: Closer = strategy.closeWith === 'reset' ? 'nobody' : 'client';
  const hint = hintMs < strategy.pool.idleTimeoutMs ? ', as the hint asks' : '';
  const ofClient = `the client after ${timeText(ofClientMs)}${hint}`;
  // A hint is obeyed by a rule of each client's own.
  const knowsRule = client === 'reference' || !strategy.honourHint;
  if (ofServerMs === null) {
    return { limitMs: ofClientMs, closer: null, because: `${ofClient}; when the server would is not known` };
  }
  const because = `${ofClient}, the server after ${timeText(ofServerMs)}`;
  if (ofClientMs === Infinity && ofServerMs === Infinity) return { limitMs: Infinity, closer: null, because };
  const isClients = ofClientMs <= ofServerMs;
  return {
    limitMs: Math.min(ofClientMs, ofServerMs),
    closer: knowsRule ? (isClients ? clientCloses : 'server') : null,
    because,
  };
}

/** What the running server holds; null where it is a program that says nothing of it. */
function keepAliveTimeoutOf(server: ServerConfig, { server: { settings } }: TrialRecord): number | null {
  const live = settings?.keepAliveTimeoutMs ?? null;
  if (live === 'unlimited') return Infinity;
  return live ?? (isBundled(server) ? server.keepAliveTimeoutMs : null);
}

/** Servers announce whole seconds; the reference client gives back a second of that, or half of it (`strategy/pool.ts`). */
function idleTimeForHintMs(timeoutMs: number): number {
  if (timeoutMs === Infinity) return Infinity;
  const hintMs = Math.floor(timeoutMs / 1000) * 1000;
  return Math.max(hintMs - 1000, hintMs / 2);
}

function timeText(ms: number): string {
  return ms === Infinity ? 'never' : `${Number((ms / 1000).toPrecision(3))} s`;
}
