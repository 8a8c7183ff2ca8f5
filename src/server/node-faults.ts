/** The faults of a `node:http` or `node:https` server: their bytes past Node's own encoder, and their ends on the socket. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResponseShape } from '../http/response.ts';
import { Random } from '../load/random.ts';
import type { BundledServerConfig, FaultConfig } from '../scenario/config.ts';
import type { ConnectionLedger } from './connection-ledger.ts';
import { FaultDraw, faultStream, faultyResponse, type FaultyResponse } from './faults.ts';
import type { NodeConnection, NodeConnections } from './node-connections.ts';

/** Draws the fault of each request. */
export class NodeFaults {
  readonly #faults: readonly FaultConfig[];
  readonly #draw: FaultDraw;

  constructor(faults: readonly FaultConfig[], seed: number) {
    this.#faults = faults;
    this.#draw = new FaultDraw(faults, new Random(seed).fork(faultStream));
  }

  /** Of the next request; null: none. */
  next(): FaultConfig | null {
    return this.#faults[this.#draw.next()] ?? null;
  }
}

interface FaultyExchange {
  readonly config: BundledServerConfig;
  /** Node's own, 0 for never. */
  readonly keepAliveTimeoutMs: number;
  readonly connections: NodeConnections;
  readonly ledger: ConnectionLedger;
  readonly connection: NodeConnection;
  readonly request: IncomingMessage;
  readonly answer: ServerResponse;
}

/** What Node keeps of a response whose head is made (lib/_http_outgoing.js): so that it sends ours, in turn, and goes on as after its own. */
interface OutgoingParts {
  _header: string;
  _hasBody: boolean;
  /** The connection ends after the response. */
  _last: boolean;
}

/** False where the fault could not show, and nothing was done. */
export function answerWithFault(fault: FaultConfig, exchange: FaultyExchange): boolean {
  const response = faultyResponse(fault, shapeOf(exchange));
  if (response === null) return false;
  exchange.ledger.fault(fault.fault);
  const { answer } = exchange;
  const begin = (): void => {
    if (exchange.connection.isOver || answer.destroyed) return;
    if (response.end === 'as-usual' || response.end === 'stay' || response.end === 'stay-open') {
      goOn(response, exchange);
    } else {
      breakOff(response, exchange);
    }
  };
  // Of pipelined requests each has the socket when it is its turn.
  if (answer.socket === null) answer.once('socket', begin);
  else begin();
  return true;
}

/** As the server's answer would be, without a date: HTTP/1.1 whatever the request's version is, as Node says. */
function shapeOf({ config, keepAliveTimeoutMs, connection, request, answer }: FaultyExchange): ResponseShape {
  const { response, maxRequestsPerSocket } = config;
  const isLast = !answer.shouldKeepAlive || connection.requests >= maxRequestsPerSocket;
  return {
    status: 200,
    bodyBytes: response.sizeBytes,
    framing: request.httpVersionMinor === 0 ? 'length' : response.framing,
    connection: isLast ? 'close' : 'keep-alive',
    keepAliveTimeoutSeconds: keepAliveTimeoutMs === 0 ? null : Math.floor(keepAliveTimeoutMs / 1000),
    keepAliveMax: maxRequestsPerSocket === Infinity ? null : maxRequestsPerSocket,
    versionMinor: 1,
    headRequest: request.method === 'HEAD',
  };
}

/** The connection stays in Node's hands. */
function goOn(response: FaultyResponse, { config, connection, answer }: FaultyExchange): void {
  const { bytes, bodyStart, dripMs, end } = response;
  const asUsual = end === 'as-usual';
  const parts = answer as unknown as OutgoingParts;
  parts._header = Buffer.from(bytes.subarray(0, bodyStart)).toString('latin1');
  parts._hasBody = bodyStart < bytes.length;
  parts._last = asUsual && !answer.shouldKeepAlive;
  if (asUsual && !answer.shouldKeepAlive) connection.ending = 'connectionClose';
  else if (asUsual && connection.requests >= config.maxRequestsPerSocket) connection.ending = 'maxRequests';
  if (end === 'stay-open') {
    answer.once('finish', () => {
      connection.socket.setTimeout(0);
    });
  }
  const body = Buffer.from(bytes.subarray(bodyStart));
  if (dripMs > 0) drip(answer, body, dripMs);
  else answer.end(body.length === 0 ? undefined : body);
}

/** One byte after another, evenly over `dripMs`; where that is more than one a millisecond, as many as are due. */
function drip(answer: ServerResponse, body: Buffer, dripMs: number): void {
  const startMs = performance.now();
  let sent = 0;
  answer.flushHeaders();
  const timer = setInterval(
    () => {
      if (answer.destroyed) {
        clearInterval(timer);
        return;
      }
      const due = Math.min(body.length, Math.floor(((performance.now() - startMs) / dripMs) * body.length));
      if (due === sent) return;
      answer.write(body.subarray(sent, due));
      sent = due;
      if (sent < body.length) return;
      clearInterval(timer);
      answer.end();
    },
    Math.max(1, Math.floor(dripMs / body.length)),
  );
}

/** Whatever the client sends from now on is thrown away: the answer never ends, so that no later one gets its turn. */
function breakOff(response: FaultyResponse, { connections, connection }: FaultyExchange): void {
  const { socket } = connection;
  connection.isOver = true;
  connection.reason ??= 'fault';
  const end = (): void => {
    if (!socket.destroyed) endBroken(response, connections, connection);
  };
  // The kernel has taken the bytes when the callback comes; a reset earlier would leave none of them.
  if (response.bytes.length === 0) end();
  else socket.write(response.bytes, end);
}

function endBroken({ end, lateMs }: FaultyResponse, connections: NodeConnections, connection: NodeConnection): void {
  const { socket, raw } = connection;
  switch (end) {
    case 'fin':
      socket.destroySoon();
      return;
    case 'fin-late': {
      const timer = setTimeout(() => {
        socket.destroySoon();
      }, lateMs);
      raw.once('close', () => {
        clearTimeout(timer);
      });
      return;
    }
    case 'half-close':
      socket.allowHalfOpen = true;
      socket.end();
      return;
    case 'reset':
      connections.noteFin(connection);
      connection.first ??= 'reset';
      raw.resetAndDestroy();
      return;
    default:
      return;
  }
}
