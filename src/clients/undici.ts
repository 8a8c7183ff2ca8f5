/** The package undici: requests go to `dispatch` of a Pool, an Agent or a RoundRobinPool, one for each owner of connections. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Dispatcher } from 'undici';
import { requestNumberField } from '../http/request-number.ts';
import type { RequestConfig } from '../scenario/config.ts';
import type { Client } from './client.ts';
import type { Attempt, ClientFacts, NodeClient, NodeClientSetup } from './node/node-client.ts';
import { ForgottenResponses } from './node/forgotten-responses.ts';
import { nodeClient } from './node/runner.ts';
import { newerHandler, olderHandler, UndiciCall } from './undici-call.ts';
import { sourceAddresses } from './source-addresses.ts';
import { sendAndForget } from './undici-leak.ts';
import { ofCall, resultHandler, watchedTries } from './undici-retries.ts';
import { liveSettings } from './undici-defaults.ts';
import { UndiciConnections } from './undici-connections.ts';
import {
  assertSupported,
  connectSettings,
  createDispatcher,
  dispatcherKind,
  poolSettings,
  retrySettings,
  withoutNulls,
  type UndiciSettings,
} from './undici-dispatcher.ts';
import { loadUndici, type BuiltConnector, type UndiciPackage } from './undici-package.ts';

/**
 * Published right before a request is written, right after its handler was told, and once it is handed to the socket, which is in the same
 * step (docs/docs/api/DiagnosticsChannel.md; lib/dispatcher/client-h1.js, writeH1 and writeBuffer).
 */
const sendHeaders = 'undici:client:sendHeaders';
const bodySent = 'undici:request:bodySent';

export const undiciClient: Client = nodeClient('undici', createUndiciClient);

/** Makes the undici of one worker. Throws a UserError where the package is not there, not in that version, or has not what is asked for. */
export function createUndiciClient(setup: NodeClientSetup): NodeClient {
  const { clientSetup = {} } = setup.task.config;
  return new UndiciClient(setup, loadUndici(clientSetup));
}

class UndiciClient implements NodeClient {
  readonly facts: ClientFacts;
  readonly unmeasured = {};
  readonly #undici: UndiciPackage;
  readonly #origin: string;
  readonly #kind: string;
  readonly #settings: UndiciSettings;
  readonly #retries: UndiciSettings | null;
  readonly #connections: UndiciConnections;
  readonly #forgotten: ForgottenResponses;
  readonly #localAddresses: readonly string[];
  #opened = 0;
  readonly #connect: BuiltConnector;
  readonly #requests: readonly PlainRequest[];
  /** By owner. */
  readonly #dispatchers: (Dispatcher | undefined)[] = [];
  /** The call whose `dispatch` runs: connections that it opens are for it. */
  #starting: UndiciCall | null = null;
  /** The call that undici is about to write. */
  #writing: UndiciCall | null = null;

  constructor({ task, requests, connections, ledger }: NodeClientSetup, undici: UndiciPackage) {
    const { config, host, port, caPem } = task;
    const { strategy, clientSetup } = config;
    const options = clientSetup?.options ?? {};
    this.#undici = undici;
    this.#origin = `${strategy.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
    this.#kind = dispatcherKind(strategy, options);
    this.#settings = poolSettings(strategy, connections, options);
    this.#retries = retrySettings(options);
    assertSupported(undici, this.#kind, this.#settings, this.#retries);
    const { maxRequestsPerClient, clientTtl } = this.#settings;
    this.#connections = new UndiciConnections(ledger, {
      closes: strategy.connection === 'close',
      maxRequests: typeof maxRequestsPerClient === 'number' ? maxRequestsPerClient + 1 : Infinity,
      hasLifetime: typeof clientTtl === 'number',
    });
    this.#forgotten = new ForgottenResponses(config.load.leak);
    this.#localAddresses = sourceAddresses(task);
    const connecting = connectSettings(strategy);
    this.#connect = this.#trackedConnector({
      ...withoutNulls(connecting),
      ...(caPem === undefined ? {} : { ca: caPem }),
    });
    this.#requests = requests.map((request) => dispatchOptions(request, this.#origin, strategy.pipelining ?? 1));
    const settings = {
      dispatcher: this.#kind,
      ...this.#settings,
      ...this.#liveSettings(),
      ...prefixed('connect.', connecting),
      ...this.#retries,
    };
    this.facts = { version: `undici ${undici.version}, node ${process.version}`, settings };
    subscribe(sendHeaders, this.#onSendHeaders);
    subscribe(bodySent, this.#onBodySent);
  }

  start(attempt: Attempt): () => void {
    const options = numbered(this.#requests[attempt.alternative]!, attempt.number);
    const call = new UndiciCall(attempt, options.method === 'HEAD', this.#onBeforeWriting);
    this.#starting = call;
    const isOlder = this.#undici.major < 8;
    if (attempt.leaks) {
      sendAndForget(this.#undici, this.#dispatcherOf(attempt.owner), options, call, (response) => {
        this.#forgotten.forget(response);
      });
    } else if (this.#retries === null) {
      this.#dispatcherOf(attempt.owner).dispatch(options, isOlder ? olderHandler(call) : newerHandler(call));
    } else {
      this.#dispatcherOf(attempt.owner).dispatch(ofCall(options, call), resultHandler(call, isOlder));
    }
    this.#starting = null;
    return () => {
      call.abandon();
    };
  }

  async close(): Promise<void> {
    this.#forgotten.close();
    unsubscribe(sendHeaders, this.#onSendHeaders);
    unsubscribe(bodySent, this.#onBodySent);
    this.#connections.beginTearDown();
    await Promise.all(this.#dispatchers.map(async (dispatcher) => dispatcher?.destroy()));
  }

  /** As a client of such a pool has them. */
  #liveSettings(): UndiciSettings {
    const client = new this.#undici.Client(this.#origin, { ...withoutNulls(this.#settings), connect: this.#connect });
    const settings = liveSettings(client);
    void client.destroy();
    return settings;
  }

  #dispatcherOf(owner: number): Dispatcher {
    return (this.#dispatchers[owner] ??= this.#createDispatcher());
  }

  #createDispatcher(): Dispatcher {
    const undici = this.#undici;
    const dispatcher = createDispatcher({
      undici,
      origin: this.#origin,
      kind: this.#kind,
      settings: this.#settings,
      connect: this.#connect,
    });
    const { RetryAgent } = undici;
    if (this.#retries === null || RetryAgent === undefined) return dispatcher;
    return new RetryAgent(watchedTries(dispatcher, undici.major), withoutNulls(this.#retries));
  }

  readonly #onBeforeWriting = (call: UndiciCall): void => {
    this.#writing = call;
  };

  readonly #onSendHeaders = (message: unknown): void => {
    const { socket } = message as { readonly socket: Parameters<UndiciConnections['of']>[0] };
    const carrier = this.#connections.of(socket);
    if (carrier !== undefined) this.#writing?.isWrittenOn(carrier);
  };

  readonly #onBodySent = (): void => {
    this.#writing?.written();
    this.#writing = null;
  };

  /** Undici's own connector, whose sockets are shown to the ledger before they connect. */
  #trackedConnector(settings: Readonly<Record<string, unknown>>): BuiltConnector {
    const connect = this.#undici.buildConnector(settings);
    return (request, done) => {
      const localAddress = this.#localAddresses[this.#opened++ % this.#localAddresses.length];
      const socket = connect(localAddress === undefined ? request : { ...request, localAddress }, done);
      const { connection } = this.#connections.track(socket);
      this.#starting?.attempt.onConnection(connection);
      return socket;
    };
  }
}

type PlainRequest = Omit<Dispatcher.DispatchOptions, 'headers'> & {
  readonly headers: Readonly<Record<string, string>>;
};

/** With pipelining undici has to be told of each request that others may follow it (docs/docs/api/Dispatcher.md, `blocking`). */
function dispatchOptions(
  { method, path, bodyBytes, headers = {} }: RequestConfig,
  origin: string,
  pipelining: number,
): PlainRequest {
  const body = bodyBytes === undefined ? {} : { body: Buffer.alloc(bodyBytes) };
  return { origin, method, path, headers, ...body, ...(pipelining > 1 ? { blocking: false } : {}) };
}

function numbered(request: PlainRequest, number: string | null): Dispatcher.DispatchOptions {
  return number === null ? request : { ...request, headers: { ...request.headers, [requestNumberField]: number } };
}

function prefixed(prefix: string, settings: UndiciSettings): UndiciSettings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [prefix + name, value]));
}
