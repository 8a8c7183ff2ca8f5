/** A Node server over any of its protocols that counts connections and requests by itself, for comparison with what a client reports. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createSecureServer, createServer as createH2cServer, type Http2ServerRequest } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createCertificates, type Certificates } from '../../../src/lab/certificates.ts';

export interface ServerSetup {
  readonly tls?: boolean;
  readonly h2?: boolean;
  /** Of HTTP/1 servers. */
  readonly options?: ServerOptions;
  readonly keepAliveTimeoutMs?: number;
  /** Of sessions of HTTP/2. */
  readonly maxConcurrentStreams?: number;
  /** Default: 200 with a body of 5 bytes. */
  readonly answer?: RequestListener;
}

export class CountingServer {
  readonly server: NetServer;
  readonly caPem: string | undefined;
  /** Stays after the end. */
  port = 0;
  /** What TLS agreed on. */
  readonly versions = new Set<string | null>();
  opened = 0;
  requests = 0;
  /** Most requests that were under way on one connection at once. */
  mostAtOnce = 0;
  /** Handshakes that took up an earlier session. */
  resumed = 0;
  readonly fields: IncomingMessage['headers'][] = [];
  readonly localAddresses = new Set<string>();
  readonly #requestsOf = new Map<Socket, number>();
  readonly #atOnce = new Map<Socket, number>();
  readonly sockets = new Set<Socket>();

  constructor(setup: ServerSetup, certificates: Certificates | null) {
    this.caPem = certificates?.caPem;
    this.server = this.#create(setup, certificates);
    this.server.on('connection', (socket: Socket) => {
      this.opened++;
      this.sockets.add(socket);
      this.localAddresses.add(socket.remoteAddress!);
      socket.on('error', () => undefined);
    });
    this.server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.isSessionReused()) this.resumed++;
      this.versions.add(socket.getProtocol());
    });
  }

  #create(
    { tls, h2, options = {}, keepAliveTimeoutMs, maxConcurrentStreams, answer }: ServerSetup,
    certificates: Certificates | null,
  ): NetServer {
    const listener: RequestListener = (request, response) => {
      this.#count(request, response);
      (answer ?? answerShortly)(request, response);
    };
    const secrets = certificates === null ? {} : { key: certificates.keyPem, cert: certificates.certPem };
    const settings = maxConcurrentStreams === undefined ? {} : { settings: { maxConcurrentStreams } };
    if (h2 === true) {
      const forH2 = listener as unknown as (request: Http2ServerRequest) => void;
      return tls === true ? createSecureServer({ ...secrets, ...settings }, forH2) : createH2cServer(settings, forH2);
    }
    const server: Server =
      tls === true ? createHttpsServer({ ...options, ...secrets }, listener) : createServer(options, listener);
    if (keepAliveTimeoutMs !== undefined) server.keepAliveTimeout = keepAliveTimeoutMs;
    return server;
  }

  #count(request: IncomingMessage, response: { once(name: 'close', listener: () => void): unknown }): void {
    const { socket } =
      'stream' in request
        ? (request as unknown as { stream: { session: { socket: Socket } } }).stream.session
        : request;
    // Sessions of HTTP/2 hand out one proxy of their socket.
    this.requests++;
    this.fields.push(request.headers);
    this.#requestsOf.set(socket, (this.#requestsOf.get(socket) ?? 0) + 1);
    const atOnce = (this.#atOnce.get(socket) ?? 0) + 1;
    this.#atOnce.set(socket, atOnce);
    this.mostAtOnce = Math.max(this.mostAtOnce, atOnce);
    response.once('close', () => {
      this.#atOnce.set(socket, this.#atOnce.get(socket)! - 1);
    });
  }

  /** Connections by requests, as a report has them: those that carried none are counted under 0. */
  get requestsPerConnection(): Readonly<Record<number, number>> {
    const counts: Record<number, number> = {};
    const add = (uses: number): void => {
      counts[uses] = (counts[uses] ?? 0) + 1;
    };
    for (const uses of this.#requestsOf.values()) add(uses);
    for (let index = this.#requestsOf.size; index < this.opened; index++) add(0);
    return counts;
  }

  /** Harmless when it has stopped. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

const answerShortly: RequestListener = (_request, response) => {
  response.end('hello');
};

export async function startCountingServer(setup: ServerSetup = {}): Promise<CountingServer> {
  const certificates = setup.tls === true ? await createCertificates('ecdsa') : null;
  const counting = new CountingServer(setup, certificates);
  counting.server.listen(0, '127.0.0.1');
  await once(counting.server, 'listening');
  counting.port = (counting.server.address() as AddressInfo).port;
  return counting;
}
