/** The sockets below sessions of node:http2: made here, so that each is counted before it connects and starts from the address it should. */
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { TlsConfig } from '../scenario/config.ts';
import type { ClientTask } from './client.ts';
import type { NodeConnection } from './node/node-connection.ts';
import type { SocketLedger } from './node/socket-ledger.ts';
import { sourceAddresses } from './source-addresses.ts';

export class Http2Sockets {
  /** What sessions are for: `https://127.0.0.1:8443`. */
  readonly authority: string;
  readonly #ledger: SocketLedger;
  readonly #tls: ConnectionOptions | null;
  readonly #keepsSession: boolean;
  readonly #host: string;
  readonly #port: number;
  readonly #keepAliveMs: number | null;
  readonly #localAddresses: readonly string[];
  #opened = 0;
  /** The TLS session that the next connection offers. */
  #session: Buffer | undefined;

  constructor(task: ClientTask, ledger: SocketLedger) {
    const { config, host, port, caPem } = task;
    const { tls, tcp } = config.strategy;
    this.authority = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
    this.#ledger = ledger;
    this.#host = host;
    this.#port = port;
    this.#keepAliveMs = tcp.keepAliveMs;
    this.#tls = tls === undefined ? null : tlsOptions(tls, caPem);
    this.#keepsSession = tls?.resumption === 'session';
    this.#localAddresses = sourceAddresses(task);
  }

  /** Begins to connect. */
  open(): NodeConnection {
    const localAddress = this.#localAddresses[this.#opened++ % this.#localAddresses.length];
    const socket = this.#connect({
      host: this.#host,
      port: this.#port,
      noDelay: true,
      keepAlive: this.#keepAliveMs !== null,
      keepAliveInitialDelay: this.#keepAliveMs ?? 0,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    return this.#ledger.track(socket);
  }

  #connect(options: TcpNetConnectOpts): Socket {
    if (this.#tls === null) return connectTcp(options);
    const session = this.#session;
    const socket = connectTls({ ...options, ...this.#tls, ...(session === undefined ? {} : { session }) });
    if (this.#keepsSession) {
      socket.on('session', (ticket) => {
        this.#session = ticket;
      });
    }
    return socket;
  }
}

function tlsOptions({ version }: TlsConfig, caPem: string | undefined): ConnectionOptions {
  return {
    minVersion: `TLSv${version}`,
    maxVersion: `TLSv${version}`,
    ALPNProtocols: ['h2'],
    ...(caPem === undefined ? {} : { ca: caPem }),
  };
}
