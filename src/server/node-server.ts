/** Server kind `node`: what an ordinary server of Node's does, with every connection and request counted. */
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Server as NetServer, type AddressInfo } from 'node:net';
import { setImmediate as immediately } from 'node:timers/promises';
import { delaySampler } from '../load/delay.ts';
import { Random } from '../load/random.ts';
import type { BundledServerConfig } from '../scenario/config.ts';
import { ConnectionLedger } from './connection-ledger.ts';
import { EventLoopDelayMeter } from './event-loop-delay.ts';
import { createProbes } from './first-closer.ts';
import { LoopLog } from './loop-log.ts';
import type { LiveServerSettings, ServerReport, ServerTlsIdentity } from './messages.ts';
import { answerRequests, type NodeHandler } from './node-answers.ts';
import { NodeConnections } from './node-connections.ts';
import { NodeDrain } from './node-drain.ts';
import { NodeFaults } from './node-faults.ts';
import { NodePolicies, requireNodePolicies } from './node-policies.ts';
import { announcedStreams, answerStreams, createHttp2Server } from './node-http2.ts';
import { httpOptions, liveHttp2Settings, liveSettings, nodeLimit, secureOptions } from './node-settings.ts';
import { bindFailure, isNoDelay, serverReport, type RunningServer, type ServerOptions } from './running-server.ts';

/**
 * Starts a server in this thread: `node:http`, `node:https` or `node:http2` as the configuration has it. Delays are rounded to whole
 * milliseconds, the granularity of setTimeout, and 0 answers at once; a timer may still come up to about a millisecond late. Where exact
 * delays matter, take kind reference.
 *
 * Rejects with a ServerFailure where the configuration cannot be honoured or the address cannot be bound.
 */
export async function startNodeServer(options: ServerOptions): Promise<RunningServer> {
  const { config, host, port, seed, tls, countDuplicates = false } = options;
  requireNodePolicies(config);
  const { server, answer, settings } = createNodeServer(config, tls);
  if (config.maxConnections !== Infinity) server.maxConnections = config.maxConnections;
  const ledger = new ConnectionLedger(config, countDuplicates);
  const connections = new NodeConnections(server, ledger, createProbes(), config.tls !== undefined);
  // A drain goes by the requests under way, too.
  const hasPolicy = [config.shed, config.evictIdle, config.drain].some((policy) => policy !== undefined);
  const { drain: book } = ledger;
  const leaving =
    config.drain === undefined || book === null ? null : new NodeDrain(config.drain, { server, connections, book });
  const { delay } = config.response;
  answer({
    config,
    connections,
    ledger,
    sampleDelayMs: isNoDelay(delay) ? null : delaySampler(delay, new Random(seed)),
    faults: config.faults === undefined ? null : new NodeFaults(config.faults, seed),
    policies: hasPolicy ? new NodePolicies(config, { server, connections, ledger }) : null,
    drain: leaving,
  });
  const address = await listen(server, host, port, config.backlog);
  server.on('error', () => {
    ledger.failAccept(); // After a successful bind the only error a server emits is that of accept(2).
  });
  const meter = new EventLoopDelayMeter();
  const log = new LoopLog();
  return {
    host: address.address,
    port: address.port,
    settings: settings(),
    report: () => Promise.resolve(report(ledger, meter, log)),
    measure: (span) => {
      leaving?.schedule(span);
    },
    stop: (graceMs) => drain(server, connections, graceMs),
    broken: new Promise<never>(() => undefined),
  };
}

/** One of Node's servers, and what is done differently with each. */
interface NodeServer {
  readonly server: NetServer;
  readonly answer: (handler: NodeHandler) => void;
  readonly settings: () => LiveServerSettings;
}

function createNodeServer(config: BundledServerConfig, identity: ServerTlsIdentity | undefined): NodeServer {
  if (config.http2 !== undefined) {
    const server = createHttp2Server(config, identity);
    return {
      server,
      answer: (handler) => {
        answerStreams(server, handler);
      },
      settings: () => liveHttp2Settings(server, config, announcedStreams(server)),
    };
  }
  const plain = httpOptions(config);
  const server =
    config.tls === undefined
      ? createServer(plain)
      : createSecureServer({ ...plain, ...secureOptions(config, identity) });
  server.maxRequestsPerSocket = nodeLimit(config.maxRequestsPerSocket);
  return {
    server,
    answer: (handler) => {
      answerRequests(server, handler);
    },
    settings: () => liveSettings(server, config),
  };
}

function report(ledger: ConnectionLedger, meter: EventLoopDelayMeter, log: LoopLog): ServerReport {
  return { ...serverReport(ledger.counts(), meter.take()), seconds: log.seconds() };
}

function listen(server: NetServer, host: string, port: number, backlog: number | null): Promise<AddressInfo> {
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
async function drain(server: NetServer, connections: NodeConnections, graceMs: number): Promise<void> {
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
