/** Node's global fetch as it comes: no dispatcher, no agent, only what a plain user can say. */
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { requestNumberField } from '../http/request-number.ts';
import type { RequestConfig, StrategyConfig, TlsConfig } from '../scenario/config.ts';
import type { Client } from './client.ts';
import type { Attempt, ClientFacts, NodeClient, NodeClientSetup } from './node/node-client.ts';
import { ForgottenResponses } from './node/forgotten-responses.ts';
import { nodeClient } from './node/runner.ts';
import { loadFetch } from './fetch-defaults.ts';
import { watchFetch, type FetchEvents, type FetchRequest } from './fetch-watch.ts';
import { saysClose, undiciErrorCode, UndiciConnections, type UndiciConnection } from './undici-connections.ts';

export const fetchClient: Client = { ...nodeClient('fetch', createFetchClient), environment: fetchEnvironment };

/** Makes the fetch of one worker. Throws an Error where TLS is asked for and the process was not started with the authority. */
export function createFetchClient(setup: NodeClientSetup): NodeClient {
  const { caPem } = setup.task;
  if (caPem !== undefined && !startedWith(caPem)) {
    throw new Error('the process of the client fetch was started without the authority in NODE_EXTRA_CA_CERTS');
  }
  return new FetchClient(setup);
}

/** What the process has to be started with: Node reads it once (doc/api/cli.md), and fetch can be told of an authority in no other way. */
export function fetchEnvironment(caFile: string): Readonly<Record<string, string>> {
  return { NODE_EXTRA_CA_CERTS: caFile };
}

function startedWith(caPem: string): boolean {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  return file !== undefined && file !== '' && readFileSync(file, 'utf8').includes(caPem.trim());
}

class FetchCall {
  readonly attempt: Attempt;
  readonly key: string;
  readonly isHead: boolean;
  readonly aborter = new AbortController();
  carrier: UndiciConnection | null = null;
  isOver = false;
  /** Undici has taken in the whole response, read or not. */
  hasEnded = false;

  constructor(attempt: Attempt, key: string, isHead: boolean) {
    this.attempt = attempt;
    this.key = key;
    this.isHead = isHead;
  }
}

interface FetchArguments {
  readonly url: string;
  readonly init: Omit<RequestInit, 'headers'> & { readonly headers: Readonly<Record<string, string>> };
  /** What tells undici's requests of this alternative from the others. */
  readonly key: string;
}

class FetchClient implements NodeClient, FetchEvents {
  readonly facts: ClientFacts;
  readonly unmeasured = {};
  readonly #requests: readonly FetchArguments[];
  readonly #connections: UndiciConnections;
  readonly #forgotten: ForgottenResponses;
  /** Only of a load that leaks: else it would cost every request a message. */
  readonly ended: FetchEvents['ended'];
  readonly #unwatch: () => void;
  readonly #restoreTls: () => void;
  /** Called and not taken up by undici yet, by key, in the order of the calls: alike ones take the same way and stay in order. */
  readonly #called = new Map<string, FetchCall[]>();
  readonly #calls = new WeakMap<FetchRequest, FetchCall>();
  /** The call that undici takes up in this very step: a connection that it opens is for it. */
  #taking: FetchCall | null = null;

  readonly #onEnded = (request: FetchRequest): void => {
    const call = this.#calls.get(request);
    if (call === undefined) return;
    call.hasEnded = true;
    call.attempt.released();
  };

  constructor({ task, requests, ledger }: NodeClientSetup) {
    const { strategy } = task.config;
    const origin = `${strategy.tls === undefined ? 'http' : 'https'}://${task.host}:${task.port}`;
    const closes = strategy.connection === 'close';
    this.#requests = requests.map((request) => fetchArguments(request, origin, strategy));
    this.#connections = new UndiciConnections(ledger, { closes, maxRequests: Infinity, hasLifetime: false });
    this.#forgotten = new ForgottenResponses(task.config.load.leak);
    this.facts = {
      version: `node ${process.version} (undici ${process.versions['undici'] ?? 'unknown'})`,
      settings: loadFetch(),
    };
    this.#restoreTls = strategy.tls === undefined ? () => undefined : limitTls(strategy.tls);
    this.ended = task.config.load.leak === undefined ? undefined : this.#onEnded;
    this.#unwatch = watchFetch(this);
  }

  start(attempt: Attempt): () => void {
    const { url, init, key } = this.#requests[attempt.alternative]!;
    const call = new FetchCall(attempt, key, init.method === 'HEAD');
    const waiting = this.#called.get(key);
    if (waiting === undefined) this.#called.set(key, [call]);
    else waiting.push(call);
    const { number } = attempt;
    void this.#fetch(
      call,
      url,
      number === null ? init : { ...init, headers: { ...init.headers, [requestNumberField]: number } },
    );
    return () => {
      call.isOver = true;
      call.aborter.abort();
    };
  }

  async #fetch(call: FetchCall, url: string, init: RequestInit): Promise<void> {
    try {
      const response = await fetch(url, { ...init, signal: call.aborter.signal });
      if (call.attempt.leaks) {
        this.#forgotten.forget(response);
        if (!call.isOver) call.attempt.leaked();
        if (call.hasEnded) call.attempt.released();
      } else {
        await response.arrayBuffer();
        if (!call.isOver) call.attempt.answered(response.status);
      }
    } catch (error) {
      if (!call.isOver) call.attempt.failed(fetchErrorCode(error));
    }
    call.isOver = true;
    // Of a call that undici never took up.
    const waiting = this.#called.get(call.key)!;
    const place = waiting.indexOf(call);
    if (place >= 0) waiting.splice(place, 1);
  }

  close(): void {
    this.#forgotten.close();
    this.#connections.beginTearDown();
    this.#unwatch();
    this.#restoreTls();
  }

  created(request: FetchRequest): void {
    const call = this.#called.get(keyOf(request.method, request.path))?.shift();
    if (call === undefined) return;
    this.#calls.set(request, call);
    this.#taking = call;
    queueMicrotask(() => {
      this.#taking = null;
    });
  }

  opening(socket: Parameters<FetchEvents['opening']>[0]): void {
    const { connection } = this.#connections.track(socket);
    this.#taking?.attempt.onConnection(connection);
  }

  connected(socket: Parameters<FetchEvents['connected']>[0]): void {
    const carrier = this.#connections.of(socket);
    // Before undici reads: `prependListener` of an emitter does not start the stream, as `on` of a stream would.
    socket.prependListener('readable', () => {
      if (socket.readableLength > 0) carrier?.attempt?.firstByte(); // Not for the end, which is readable too.
    });
  }

  writing(request: FetchRequest, socket: Parameters<FetchEvents['writing']>[1]): void {
    const call = this.#calls.get(request);
    const carrier = this.#connections.of(socket);
    if (call === undefined || carrier === undefined) return;
    call.carrier = carrier;
    carrier.isGiven(call.attempt, call.isHead);
  }

  written(request: FetchRequest): void {
    this.#calls.get(request)?.attempt.written();
  }

  head(request: FetchRequest, headers: readonly (Buffer | string)[]): void {
    const call = this.#calls.get(request);
    if (call?.carrier) call.carrier.saidClose = saysClose(headers);
  }
}

function fetchArguments(
  { method, path, bodyBytes, headers }: RequestConfig,
  origin: string,
  strategy: StrategyConfig,
): FetchArguments {
  const url = new URL(path, origin);
  const closing = strategy.connection === 'close' ? { connection: 'close' } : {};
  const init = {
    method,
    headers: { ...headers, ...closing },
    // One request of the load is one request on the wire.
    redirect: 'manual' as const,
    ...(bodyBytes === undefined ? {} : { body: new Uint8Array(bodyBytes) }),
  };
  return { url: url.href, init, key: keyOf(method, url.pathname + url.search) };
}

function keyOf(method: string, path: string): string {
  return `${method} ${path}`;
}

/** The code of what is behind a fetch that failed: that itself is always a TypeError `fetch failed` or `terminated`. */
function fetchErrorCode(error: unknown): string {
  const { cause = error } = error as Error;
  return undiciErrorCode(cause as NodeJS.ErrnoException);
}

/** Limits TLS to one version, in this thread: a plain fetch can be told so by Node's defaults only. Gives what takes it back. */
function limitTls({ version }: TlsConfig): () => void {
  const { DEFAULT_MIN_VERSION: min, DEFAULT_MAX_VERSION: max } = tls;
  tls.DEFAULT_MIN_VERSION = `TLSv${version}`;
  tls.DEFAULT_MAX_VERSION = `TLSv${version}`;
  return () => {
    tls.DEFAULT_MIN_VERSION = min;
    tls.DEFAULT_MAX_VERSION = max;
  };
}
