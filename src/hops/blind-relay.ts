/**
 * A proxy of the time before persistent connections, which understands no Connection field and passes it on like any other (RFC 2068 §19.7.1,
 * RFC 9112 §C.2.2). It takes the end of the next program's connection for the end of the response: where Connection was meant for one hop
 * and both ends of the chain obey it, all three wait until a timer of the server's runs out.
 */
import { connect, type Socket } from 'node:net';
import { RequestParser } from '../http/request-parser.ts';
import type { HopFailure, RelayHopConfig } from '../scenario/hop-config.ts';
import type { Endpoint } from './messages.ts';
import { endHop, listen, type HopOptions, type RunningHop } from './running-hop.ts';
import { HopTally } from './tally.ts';
import { socketTimeout } from './upstream-pool.ts';
import { WatchedSocket } from './watched-socket.ts';

/** How long relays wait for a connection to the next program. */
export const relayConnectMs = 10_000;
/** What the next program may take to close after the relay did. */
const lingerMs = 5_000;

/** Starts one in this thread. Rejects with a HopFailed where the address cannot be bound. */
export async function startBlindRelay(options: HopOptions<RelayHopConfig>): Promise<RunningHop> {
  const tally = new HopTally();
  const pairs = new Set<RelayedPair>();
  const { server, address } = await listen(options, (socket) => {
    const pair = new RelayedPair(socket, options.upstream, tally);
    pairs.add(pair);
    socket.once('close', () => pairs.delete(pair));
  });
  return {
    ...address,
    settings: relaySettings('connbench blind relay'),
    report: () => tally.report(),
    stop: (graceMs) => {
      const endAll = (): void => {
        for (const pair of pairs) pair.destroy();
      };
      const open = (): number => tally.downstream.open + tally.upstream.open;
      const upstream = { closeUpstream: () => undefined, destroyUpstream: endAll };
      return endHop({ server, endClients: endAll, ...upstream, open }, graceMs);
    },
  };
}

/** A relay has no timers and no limits of its own. */
export function relaySettings(name: string): RunningHop['settings'] {
  return {
    runtime: `${name}, node ${process.version}`,
    keepAliveTimeoutMs: null,
    maxRequests: null,
    upstream: {
      poolSize: null,
      idleTimeoutMs: null,
      maxRequests: null,
      connectTimeoutMs: relayConnectMs,
      responseTimeoutMs: null,
    },
    text: null,
  };
}

/** A client's connection and the one to the next program that was opened for it. */
class RelayedPair {
  readonly #client: WatchedSocket;
  readonly #next: Socket;
  readonly #tally: HopTally;
  readonly #parser = new RequestParser();
  /** Null until it is established. */
  #upstream: WatchedSocket | null = null;
  /** The one request that is passed on; its answer lasts until the end of the connection. */
  #request: 'awaited' | 'here' | 'sent' | 'over' = 'awaited';
  #isWhole = false;
  #countedHead = false;
  #answerBytes = 0;

  constructor(socket: Socket, next: Endpoint, tally: HopTally) {
    this.#tally = tally;
    this.#client = new WatchedSocket(socket, tally.downstream);
    this.#parser.reset();
    tally.attempt();
    this.#next = connect({ ...next, allowHalfOpen: true, noDelay: true });
    this.#listenToClient(socket);
    this.#listenToNext(socket);
  }

  destroy(): void {
    this.#client.destroy();
    if (this.#upstream === null) this.#next.destroy();
    else this.#upstream.destroy();
  }

  #listenToClient(socket: Socket): void {
    socket.on('data', (octets: Buffer) => {
      this.#read(octets);
    });
    socket.on('drain', () => this.#next.resume());
    socket.on('end', () => this.#next.end());
    socket.on('error', () => undefined); // 'close' comes next.
    socket.on('close', () => {
      this.#settle('abandoned');
      if (this.#upstream === null) this.#next.destroy();
      else if (!this.#next.writableEnded) this.#upstream.destroy();
      else this.#next.setTimeout(lingerMs);
    });
  }

  #listenToNext(client: Socket): void {
    const next = this.#next;
    next.setTimeout(socketTimeout(relayConnectMs));
    next.once('connect', () => {
      next.setTimeout(0);
      this.#upstream = new WatchedSocket(next, this.#tally.upstream);
      this.#noteSent();
    });
    next.on('data', (octets: Buffer) => {
      this.#answerBytes += octets.length;
      if (!client.write(octets)) next.pause();
    });
    next.on('drain', () => client.resume());
    next.on('timeout', () => {
      if (this.#upstream === null) this.#fail('connectTimeout');
      this.#upstream?.destroy();
    });
    next.on('end', () => {
      if (this.#answerBytes === 0) this.#fail('endedOnNew');
      else if (this.#upstream?.isReset === true) this.#fail('cutShort');
      else this.#settle('answered');
      this.#end();
    });
    next.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#upstream === null) this.#fail(error.code === 'ECONNREFUSED' ? 'refused' : 'connectFailed');
      else this.#fail(this.#answerBytes > 0 ? 'cutShort' : 'endedOnNew');
    });
    next.on('close', () => {
      if (this.#upstream === null) this.#tally.failConnect();
      this.#end();
    });
  }

  /** The first request goes on; those after it are not expected, and nobody reads them. */
  #read(octets: Buffer): void {
    let offset = 0;
    if (!this.#isWhole) {
      offset = this.#parser.feed(octets, 0, octets.length);
      // What is no acceptable HTTP goes on all the same: a blind relay does not look.
      if (this.#parser.error !== 0) offset = octets.length;
      this.#isWhole = this.#parser.done;
      if (this.#request === 'awaited') this.#noteHead();
      if (!this.#next.write(octets.subarray(0, offset))) this.#client.socket.pause();
    }
    while (this.#isWhole && offset < octets.length) {
      if (this.#parser.done) {
        this.#parser.reset();
        this.#countedHead = false;
      }
      offset = this.#parser.feed(octets, offset, octets.length);
      if (this.#parser.error !== 0) return;
      this.#noteIgnored();
    }
  }

  #noteHead(): void {
    if (!this.#parser.headDone && this.#parser.error === 0) return;
    this.#request = 'here';
    this.#tally.count('received');
    this.#client.requests++;
    this.#noteSent();
  }

  #noteIgnored(): void {
    if (this.#countedHead || !this.#parser.headDone) return;
    this.#countedHead = true;
    this.#tally.count('received');
    this.#tally.count('ignored');
    this.#client.requests++;
  }

  #noteSent(): void {
    if (this.#request !== 'here' || this.#upstream === null) return;
    this.#request = 'sent';
    this.#tally.count('sent');
    this.#upstream.requests++;
  }

  #settle(how: 'answered' | 'abandoned'): void {
    if (this.#request === 'here' || this.#request === 'sent') this.#tally.count(how);
    this.#request = 'over';
  }

  /** Tells a client that has nothing yet. */
  #fail(failure: HopFailure): void {
    const { socket } = this.#client;
    if (this.#request === 'here' || this.#request === 'sent') {
      this.#tally.fail(failure);
      if (failure === 'cutShort') this.#client.reset();
      else if (!socket.destroyed) socket.write(failure === 'connectTimeout' ? gatewayTimeout : badGateway);
    }
    this.#request = 'over';
    this.#end();
    if (this.#upstream === null) this.#next.destroy();
  }

  /** No more comes from the next program. */
  #end(): void {
    const { socket } = this.#client;
    if (!socket.destroyed) {
      socket.setTimeout(lingerMs, () => {
        this.#client.destroy();
      });
      socket.end();
      socket.resume();
    }
    this.#next.end();
  }
}

const errorHead = (status: string): string => `HTTP/1.0 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
const badGateway = errorHead('502 Bad Gateway');
const gatewayTimeout = errorHead('504 Gateway Timeout');
