/** Server kind `node`: what an ordinary `node:http` server does, with every connection and request counted. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type AddressInfo } from 'node:net';
import { setImmediate as immediately } from 'node:timers/promises';
import { delaySampler } from '../load/delay.ts';
import { Random } from '../load/random.ts';
import type { BundledServerConfig } from '../scenario/config.ts';
import { ConnectionLedger } from './connection-ledger.ts';
import { EventLoopDelayMeter } from './event-loop-delay.ts';
import { createFirstCloserProbe } from './first-closer.ts';
import { LoopLog } from './loop-log.ts';
import type { ServerReport } from './messages.ts';
import { NodeConnections } from './node-connections.ts';
import { httpOptions, liveSettings, nodeLimit } from './node-settings.ts';
import { bindFailure, isNoDelay, serverReport, type RunningServer, type ServerOptions } from './running-server.ts';

/**
 * Starts a server in this thread. A request without a body is answered from its handler, one with a body when the body is complete:
 * then it counts as executed. Delays are rounded to whole milliseconds, the granularity of setTimeout, and 0 answers at once; a
 * timer may still come up to about a millisecond late. Where exact delays matter, take kind reference.
 *
 * Rejects with a ServerFailure where the configuration cannot be honoured or the address cannot be bound.
 */
export async function startNodeServer({ config, host, port, seed }: ServerOptions): Promise<RunningServer> {
  const server = createServer(httpOptions(config));
  server.maxRequestsPerSocket = nodeLimit(config.maxRequestsPerSocket);
  if (config.maxConnections !== Infinity) server.maxConnections = config.maxConnections;
  const ledger = new ConnectionLedger();
  const connections = new NodeConnections(server, ledger, createFirstCloserProbe());
  answerRequests(server, connections, ledger, config, seed);
  const address = await listen(server, host, port, config.backlog);
  server.on('error', () => {
    ledger.failAccept(); // After a successful bind the only error a server emits is that of accept(2).
  });
  const meter = new EventLoopDelayMeter();
  const log = new LoopLog();
  return {
    host: address.address,
    port: address.port,
    settings: liveSettings(server, config.backlog),
    report: () => Promise.resolve(report(ledger, meter, log)),
    stop: (graceMs) => drain(server, connections, graceMs),
    broken: new Promise<never>(() => undefined),
  };
}

function report(ledger: ConnectionLedger, meter: EventLoopDelayMeter, log: LoopLog): ServerReport {
  return { ...serverReport(ledger.counts(), meter.take()), seconds: log.seconds() };
}

function listen(server: Server, host: string, port: number, backlog: number | null): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      reject(bindFailure(error.code ?? 'EUNKNOWN', host, port));
    };
    server.once('error', onError);
    server.listen({ host, port, ...(backlog === null ? {} : { backlog }) }, () => {
      server.off('error', onError);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** `http.Server.close` would destroy idle connections first; the plain close of `net.Server` only stops accepting. */
async function drain(server: Server, connections: NodeConnections, graceMs: number): Promise<void> {
  // One whole turn of the event loop accepts what the kernel has completed already; closing the listener would reset it, uncounted.
  await immediately();
  await immediately();
  NetServer.prototype.close.call(server);
  const grace = setTimeout(() => {
    connections.endAll();
  }, graceMs);
  await connections.allEnded();
  clearTimeout(grace);
}

/** Methods that are answered without waiting for a body. */
const bodyless: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

function answerRequests(
  server: Server,
  connections: NodeConnections,
  ledger: ConnectionLedger,
  config: BundledServerConfig,
  seed: number,
): void {
  const { response } = config;
  const respond = responder(config, connections);
  const sampleMs = isNoDelay(response.delay) ? null : delaySampler(response.delay, new Random(seed));
  const execute = (request: IncomingMessage, answer: ServerResponse): void => {
    const connection = connections.of(request.socket);
    if (connection === undefined) return; // The connection ended while the body came in.
    connection.requests++;
    ledger.execute();
    const delayMs = sampleMs === null ? 0 : Math.round(sampleMs());
    if (delayMs === 0) respond(request, answer);
    else setTimeout(respond, delayMs, request, answer);
  };
  server.on('request', (request, answer) => {
    const connection = connections.of(request.socket);
    if (connection === undefined) return;
    connection.lastRequest = request;
    if (request.headers.host === undefined && request.httpVersionMinor === 1) {
      // RFC 9112 section 3.2. Node would do the same, but without an event that could be counted.
      ledger.refuse();
      connection.ending = 'connectionClose';
      answer.writeHead(400, { Connection: 'close' }).end();
    } else if (bodyless.has(request.method)) {
      execute(request, answer);
    } else {
      request.once('end', () => {
        execute(request, answer);
      });
      request.resume();
    }
  });
}

function responder(
  { response, maxRequestsPerSocket }: BundledServerConfig,
  connections: NodeConnections,
): (request: IncomingMessage, answer: ServerResponse) => void {
  const body = Buffer.alloc(response.sizeBytes, 'x');
  const isChunked = response.framing === 'chunked';
  // Without an explicit length Node closes an HTTP/1.0 connection even if the client asked to keep it.
  const headers = isChunked
    ? { 'Content-Type': 'application/octet-stream' }
    : { 'Content-Type': 'application/octet-stream', 'Content-Length': response.sizeBytes };
  return (request, answer) => {
    if (answer.destroyed) return;
    const connection = connections.of(request.socket);
    if (connection === undefined) return;
    const isPersistent = answer.shouldKeepAlive && !(isChunked && request.httpVersionMinor === 0);
    if (!isPersistent) connection.ending = 'connectionClose';
    else if (connection.requests >= maxRequestsPerSocket) connection.ending = 'maxRequests';
    answer.writeHead(200, headers);
    if (isChunked) {
      answer.write(body);
      answer.end();
    } else {
      answer.end(body);
    }
  };
}
