/** Drives `http.request` and `https.request` through Agents, one for each owner of connections: what node-http and agentkeepalive share. */
import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { requestNumberField } from '../../http/request-number.ts';
import type { RequestConfig, StrategyConfig } from '../../scenario/config.ts';
import type { ClientFacts, ClientCloseReason } from '../observations.ts';
import type { Attempt, NodeClient, NodeClientSetup } from './node-client.ts';
import { ForgottenResponses } from './forgotten-responses.ts';
import type { NodeConnection } from './node-connection.ts';
import { sourceAddresses } from '../source-addresses.ts';

/** Which Agents, and what is special about them. */
export interface AgentKind {
  /** Called once for each owner, when it is first needed. */
  make(): Agent;
  readonly facts: (agent: Agent) => ClientFacts;
  /**
   * Why the Agent ended a connection that was free, where it is not one of Node's own reasons; null where it is. `idle`: its timer ran out,
   * else it was not kept in the first place.
   */
  readonly retireReason?: (connection: NodeConnection, idle: boolean) => ClientCloseReason | null;
}

/** One connection, and what it carries. */
interface Carrier {
  readonly connection: NodeConnection;
  attempt: Attempt | null;
  /** The request whose response nobody reads; null: none. */
  leak: Attempt | null;
  /** The seconds of the last `Keep-Alive: timeout=`; null without one. */
  hintSeconds: number | null;
}

/** Headers and body of each alternative, made once. */
interface Prepared {
  readonly options: { readonly host: string; readonly port: number; readonly method: string; readonly path: string };
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array | null;
}

export class AgentClient implements NodeClient {
  readonly facts: ClientFacts;
  readonly unmeasured = {};
  readonly #setup: NodeClientSetup;
  readonly #strategy: StrategyConfig;
  readonly #kind: AgentKind;
  readonly #request: typeof httpRequest;
  readonly #prepared: readonly Prepared[];
  readonly #agents: (Agent | undefined)[] = [];
  readonly #carriers = new WeakMap<Duplex, Carrier>();
  readonly #forgotten: ForgottenResponses;
  readonly #sources: readonly string[];
  #opened = 0;

  constructor(setup: NodeClientSetup, kind: AgentKind) {
    const { config, host, port } = setup.task;
    this.#setup = setup;
    this.#strategy = config.strategy;
    this.#kind = kind;
    this.#request = config.strategy.tls === undefined ? httpRequest : httpsRequest;
    this.#prepared = setup.requests.map((one) => prepare(one, host, port, config.strategy.connection));
    this.#forgotten = new ForgottenResponses(config.load.leak);
    this.#sources = sourceAddresses(setup.task);
    this.facts = kind.facts(this.#agentOf(0));
  }

  start(attempt: Attempt): () => void {
    const { options, headers, body } = this.#prepared[attempt.alternative]!;
    const numbered = attempt.number === null ? headers : { ...headers, [requestNumberField]: attempt.number };
    const agent = this.#agentOf(attempt.owner);
    const request = this.#request({ ...options, headers: numbered, agent });
    request.on('socket', (socket) => {
      this.#carry(socket, attempt);
    });
    request.on('finish', () => {
      attempt.written();
    });
    request.on('response', (response) => {
      this.#receive(request, response, attempt);
    });
    request.on('error', (error) => {
      failed(attempt, error);
    });
    if (body === null) request.end();
    else request.end(body);
    return () => {
      attempt.connection?.endsFor('timeout');
      request.destroy();
    };
  }

  close(): void {
    this.#forgotten.close();
    for (const agent of this.#agents) agent?.destroy();
  }

  #carry(socket: Socket, attempt: Attempt): void {
    const carrier = this.#carriers.get(socket);
    if (carrier === undefined) throw new Error('a socket that the Agent did not open through createConnection');
    carrier.attempt = attempt;
    attempt.onConnection(carrier.connection);
  }

  #receive(request: ClientRequest, response: IncomingMessage, attempt: Attempt): void {
    const carrier = this.#carriers.get(response.socket);
    if (carrier !== undefined) carrier.hintSeconds = hintOf(response);
    response.on('error', (error) => {
      failed(attempt, error);
    });
    response.on('end', () => {
      // Node has said by now whether it keeps the connection (lib/_http_client.js, responseOnEnd): its listener came first.
      if (!request.shouldKeepAlive) attempt.connection?.endsFor('connectionClose');
      if (carrier !== undefined) carrier.attempt = null;
      attempt.answered(response.statusCode ?? 0);
    });
    if (attempt.leaks) this.#forget(response, carrier, attempt);
    else response.resume();
  }

  /** A listener that does not read: without any, Node would read the response to its end (lib/_http_client.js, `_dump`). */
  #forget(response: IncomingMessage, carrier: Carrier | undefined, attempt: Attempt): void {
    if (carrier !== undefined) {
      carrier.attempt = null;
      carrier.leak = attempt;
    }
    this.#forgotten.forget(response);
    attempt.leaked();
  }

  #agentOf(owner: number): Agent {
    return (this.#agents[owner] ??= this.#makeAgent());
  }

  #makeAgent(): Agent {
    const agent = this.#kind.make();
    const open = agent.createConnection.bind(agent);
    agent.createConnection = (options, onCreate) => {
      const localAddress = this.#sources[this.#opened++ % this.#sources.length];
      const socket = open(localAddress === undefined ? options : { ...options, localAddress }, onCreate);
      // Node's own Agents give the socket at once; the types allow for others.
      if (!(socket instanceof Socket)) throw new Error('an Agent whose createConnection gives no socket');
      this.#watch(socket);
      return socket;
    };
    // Before and after the Agent's own listener, which keeps the socket or destroys it: a request may end after its socket did.
    let wasDestroyed = false;
    agent.prependListener('free', (socket: Duplex) => {
      wasDestroyed = socket.destroyed;
    });
    agent.on('free', (socket: Duplex) => {
      const carrier = this.#carriers.get(socket);
      if (carrier === undefined) return;
      carrier.leak?.released();
      carrier.leak = null;
      if (socket.destroyed && !wasDestroyed) this.#retired(carrier);
    });
    return agent;
  }

  #watch(socket: Socket): void {
    const { tcp } = this.#strategy;
    const carrier: Carrier = {
      connection: this.#setup.ledger.track(socket),
      attempt: null,
      leak: null,
      hintSeconds: null,
    };
    this.#carriers.set(socket, carrier);
    // tls.connect does not pass these on (Node 20.20.2), and a keepalive is the Agent's own affair only where it keeps connections.
    if (socket instanceof TLSSocket) socket.setNoDelay(tcp.noDelay);
    if (tcp.keepAliveMs !== null) socket.setKeepAlive(true, tcp.keepAliveMs);
    socket.prependListener('data', () => {
      carrier.attempt?.firstByte();
    });
    socket.prependListener('timeout', () => {
      if (carrier.attempt !== null || carrier.leak !== null) return;
      carrier.connection.endsFor(this.#kind.retireReason?.(carrier.connection, true) ?? 'idleTimeout');
    });
  }

  /** The Agent destroyed a connection that was free. */
  #retired({ connection, hintSeconds }: Carrier): void {
    if (connection.endSeen) return;
    // Seconds less one are left of a hint (lib/_http_agent.js, keepSocketAlive).
    if (hintSeconds !== null && hintSeconds <= 1) connection.endsFor('idleTimeout');
    else connection.endsFor(this.#kind.retireReason?.(connection, false) ?? 'surplus');
  }
}

function prepare(one: RequestConfig, host: string, port: number, connection: 'close' | 'keep-alive'): Prepared {
  const { method, path, bodyBytes = 0, headers = {} } = one;
  return {
    options: { host, port, method, path },
    headers: {
      ...headers,
      ...(connection === 'close' ? { Connection: 'close' } : {}),
      ...(bodyBytes > 0 ? { 'Content-Length': bodyBytes } : {}),
    },
    body: bodyBytes > 0 ? new Uint8Array(bodyBytes) : null,
  };
}

function hintOf({ headers }: IncomingMessage): number | null {
  const seconds = /^timeout=(\d+)/.exec(String(headers['keep-alive'] ?? ''))?.[1];
  return seconds === undefined ? null : Number(seconds);
}

function failed(attempt: Attempt, error: NodeJS.ErrnoException): void {
  const code = error.code ?? error.name;
  if (code.startsWith('HPE_')) attempt.connection?.endsFor('badResponse');
  if (code === 'ERR_SOCKET_TIMEOUT') attempt.connection?.endsFor('timeout');
  attempt.failed(code);
}
