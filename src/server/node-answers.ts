/** The handler of a `node:http` or `node:https` server: executes requests, counts them, and answers after the delay, or as a fault has it. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { requestNumberField } from '../http/request-number.ts';
import type { BundledServerConfig } from '../scenario/config.ts';
import type { ConnectionLedger } from './connection-ledger.ts';
import { parseRequestNumber } from './executed-numbers.ts';
import type { NodeConnection, NodeConnections } from './node-connections.ts';
import type { NodeDrain } from './node-drain.ts';
import { answerWithFault, type NodeFaults } from './node-faults.ts';
import type { NodePolicies } from './node-policies.ts';

/** Methods that are answered without waiting for a body. */
const bodyless: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

export interface NodeHandler {
  readonly config: BundledServerConfig;
  readonly connections: NodeConnections;
  readonly ledger: ConnectionLedger;
  /** Of the next request, whole ms; null where there is never a delay. */
  readonly sampleDelayMs: (() => number) | null;
  /** Null where none is configured. */
  readonly faults: NodeFaults | null;
  /** Null where none is configured. */
  readonly policies: NodePolicies | null;
  /** Null where the server does not leave. */
  readonly drain: NodeDrain | null;
}

type Answer = (connection: NodeConnection, request: IncomingMessage, answer: ServerResponse) => void;
type Respond = (connection: NodeConnection, request: IncomingMessage, answer: ServerResponse, isShed: boolean) => void;

/** A request without a body is executed from its handler, one with a body when the body is complete. */
export function answerRequests(server: Server, handler: NodeHandler): void {
  const { connections, ledger, policies } = handler;
  const execute = executor(handler, server);
  server.on('request', (request, answer) => {
    const connection = connections.of(request.socket);
    if (connection === undefined || connection.isOver) return;
    connection.lastRequest = request;
    policies?.noteRequest(connection, answer);
    if (request.headers.host === undefined && request.httpVersionMinor === 1) {
      // RFC 9112 section 3.2. Node would do the same, but without an event that could be counted.
      ledger.refuse();
      connection.ending = 'connectionClose';
      answer.writeHead(400, { Connection: 'close' }).end();
    } else if (bodyless.has(request.method)) {
      execute(connection, request, answer);
    } else {
      request.once('end', () => {
        execute(connection, request, answer);
      });
      request.resume();
    }
  });
}

function executor(handler: NodeHandler, server: Server): Answer {
  const { config, connections, ledger, sampleDelayMs, faults, policies } = handler;
  const respond = responder(handler);
  return (connection, request, answer) => {
    // It may have ended while the body came in.
    if (connections.of(connection.raw) === undefined || connection.isOver) return;
    connection.requests++;
    ledger.execute();
    const number = parseRequestNumber(request.headers[requestNumberField]);
    if (number !== null) ledger.number(number.worker, number.sequence);
    const delayMs = sampleDelayMs === null ? 0 : Math.round(sampleDelayMs());
    const fault = faults?.next() ?? null;
    const isShed = policies?.isShedding() === true;
    const go = (): void => {
      if (answer.destroyed || connection.isOver || connections.of(connection.raw) === undefined) return;
      const keepAliveTimeoutMs = server.keepAliveTimeout;
      const isFaulty =
        fault !== null &&
        answerWithFault(fault, { config, keepAliveTimeoutMs, connections, ledger, connection, request, answer });
      if (!isFaulty) respond(connection, request, answer, isShed);
    };
    if (delayMs === 0) go();
    else setTimeout(go, delayMs);
  };
}

function responder({ config: { response, maxRequestsPerSocket }, policies, drain }: NodeHandler): Respond {
  const body = Buffer.alloc(response.sizeBytes, 'x');
  const isChunked = response.framing === 'chunked';
  // Without an explicit length Node closes an HTTP/1.0 connection even if the client asked to keep it.
  const headers = isChunked
    ? { 'Content-Type': 'application/octet-stream' }
    : { 'Content-Type': 'application/octet-stream', 'Content-Length': response.sizeBytes };
  return (connection, request, answer, isShed) => {
    let more: Readonly<Record<string, string>> | null = null;
    const isPersistent = answer.shouldKeepAlive && !(isChunked && request.httpVersionMinor === 0);
    if (!isPersistent) connection.ending = 'connectionClose';
    else if (connection.requests >= maxRequestsPerSocket) connection.ending = 'maxRequests';
    else if (drain?.isLast(connection) === true) {
      connection.ending = 'drainAnswered';
      more = { Connection: 'close' };
    } else if (isShed && policies !== null) more = policies.shed(connection, answer);
    answer.writeHead(200, more === null ? headers : { ...headers, ...more });
    if (isChunked) {
      answer.write(body);
      answer.end();
    } else {
      answer.end(body);
    }
  };
}
